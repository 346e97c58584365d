// Measured speed as lines of text, for `alfa bench` and bench/run.mjs.
import { cpus } from "node:os";
import type { EngineInfo } from "../engine.js";
import { batchSizes, type Speed, stages } from "./measure.js";

export function machineDescription(): string {
	const processors = cpus();
	const name = processors[0]?.model.trim() ?? "unknown processor";
	const platform = `${process.platform}-${process.arch}`;
	return `${name}, ${processors.length} logical cores, ${platform}, Node ${process.versions.node}`;
}

export function modelDescription(info: EngineInfo): string {
	const { model, imageSize, grid, ortVersion, deviceName, precision, threads } =
		info;
	const runtime = `ONNX Runtime ${ortVersion}, ${deviceName}, ${precision}, ${threads} threads`;
	return `${model}: ${imageSize} px, ${grid} x ${grid} patches; ${runtime}`;
}

/** Three significant digits; more only before the decimal point. */
export function formatNumber(value: number): string {
	if (value >= 100) return value.toFixed(0);
	if (value >= 10) return value.toFixed(1);
	return value.toFixed(value >= 1 ? 2 : 3);
}

function tableLine(name: string, values: readonly (number | string)[]): string {
	const cells = values.map((value) =>
		(typeof value === "number" ? formatNumber(value) : value).padStart(10),
	);
	return `${name.padEnd(20)}${cells.join("")}`.trimEnd();
}

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
		tableLine("ms, once", []),
		tableLine("open", [open]),
		tableLine("category", [category]),
		tableLine("first detection", [first]),
		"",
		tableLine(`ms, ${warm.total.count} runs`, ["p50", "p90", "p99"]),
		...stages.map((stage) =>
			tableLine(stage, [warm[stage].p50, warm[stage].p90, warm[stage].p99]),
		),
		"",
		tableLine("concurrent images", batchSizes.map(String)),
		tableLine(
			"images per second",
			batchSizes.map((size) => throughput[size]),
		),
		"",
		tableLine("event-loop gap, ms", [eventLoopGap]),
		tableLine("memory, MB", [memory.rss]),
		tableLine("peak memory, MB", [memory.peak]),
	];
}
