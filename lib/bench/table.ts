// A machine's figures as lines of text: the command's and bench/run.mjs's.
import { cpus } from "node:os";
import type { EngineInfo } from "../engine.js";
import { batches, steps, type Speed } from "./measure.js";

export function machine(): string {
	const all = cpus();
	return `${all[0]?.model.trim() ?? "unknown processor"}, ${all.length} logical cores, ${process.platform}-${process.arch}, Node ${process.versions.node}`;
}

export function modelLine({
	model,
	imageSize,
	grid,
	ortVersion,
	deviceName,
	precision,
	threads,
}: EngineInfo): string {
	return `${model}: ${imageSize} px, ${grid} x ${grid} patches; ONNX Runtime ${ortVersion}, ${deviceName}, ${precision}, ${threads} threads`;
}

/** Three figures that count. */
export function figure(value: number): string {
	return value >= 100
		? value.toFixed(0)
		: value >= 10
			? value.toFixed(1)
			: value >= 1
				? value.toFixed(2)
				: value.toFixed(3);
}

const cells = (name: string, values: readonly (number | string)[]) =>
	name.padEnd(20) +
	values
		.map((each) =>
			(typeof each === "number" ? figure(each) : each).padStart(10),
		)
		.join("");

export function speedLines({
	open,
	category,
	first,
	warm,
	throughput,
	eventLoopGap,
	memory,
}: Speed): string[] {
	return [
		cells("ms, once", [""]),
		cells("open", [open]),
		cells("category", [category]),
		cells("first detection", [first]),
		"",
		cells(`ms, ${warm.total.count} runs`, ["p50", "p90", "p99"]),
		...steps.map((step) =>
			cells(step, [warm[step].p50, warm[step].p90, warm[step].p99]),
		),
		"",
		cells("images at once", batches.map(String)),
		cells(
			"images a second",
			batches.map((batch) => throughput[batch]),
		),
		"",
		cells("event-loop gap, ms", [eventLoopGap]),
		cells("memory, MB", [memory.rss]),
		cells("at most, MB", [memory.peak]),
	].map((line) => line.trimEnd());
}
