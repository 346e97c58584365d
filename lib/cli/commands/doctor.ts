// alfa doctor: checks each part that the package needs on this machine.
import type { Command } from "commander";
import sharp from "sharp";
import { Engine } from "../../engine.js";
import { codeOf } from "../../errors.js";
import { loadAddon } from "../../native/addon.js";
import { findCpuRuntime } from "../../onnxruntime/cpu-runtime.js";
import {
	cudaNotice,
	describeAvailable,
	type GpuStatus,
	gpuStatus,
} from "../../onnxruntime/gpu-status.js";
import { printMissing } from "../gpu-requirements.js";
import { jsonOption } from "../options.js";
import { colour, print, printable, printJson } from "../terminal.js";

/** The keys are those of the JSON output. */
interface Finding {
	part: string;
	ok: boolean;
	/** What was found, or the error message. */
	is: string;
	code?: string;
	gpu?: GpuStatus;
}

export function addDoctor(program: Command): void {
	program
		.command("doctor")
		.description("check what works on this machine and what is missing")
		.addOption(jsonOption())
		.action(doctor);
}

async function doctor({ json }: { json?: boolean }): Promise<void> {
	const findings = [
		await check(
			"platform",
			() =>
				`${process.platform}-${process.arch}, Node ${process.versions.node}`,
		),
		await check(
			"sharp",
			() => `${sharp.versions.sharp}, libvips ${sharp.versions.vips}`,
		),
		await check("addon", () => {
			loadAddon();
			return "loads";
		}),
		await check("ONNX Runtime", () => findCpuRuntime()),
		await check("demo model", checkDemoModel),
		checkCuda(),
	];
	if (!findings.every(({ ok }) => ok)) process.exitCode = 1;
	if (json) {
		printJson(findings);
		return;
	}
	for (const { part, ok, is } of findings) {
		const mark = ok ? colour("green", "ok") : colour("red", "no");
		print(`${mark}  ${part.padEnd(13)} ${printable(is)}`);
	}
	for (const { gpu } of findings) {
		if (gpu) printMissing(gpu);
	}
}

async function check(
	part: string,
	describe: () => string | Promise<string>,
): Promise<Finding> {
	try {
		return { part, ok: true, is: await describe() };
	} catch (error) {
		const code = codeOf(error);
		return {
			part,
			ok: false,
			is: (error as Error).message,
			...(code && { code }),
		};
	}
}

async function checkDemoModel(): Promise<string> {
	await using engine = await Engine.open();
	const {
		layout,
		imageSize,
		embedDim,
		deviceName,
		precision,
		threads,
		ortVersion,
	} = engine.info;
	const runtime = `ONNX Runtime ${ortVersion}, ${deviceName}, ${precision}, ${threads} threads`;
	return `${layout}, ${imageSize} px, embedding dimension ${embedDim}; ${runtime}`;
}

/** Missing CUDA is not a failure, because everything runs on the CPU too. */
function checkCuda(): Finding {
	const gpu = gpuStatus();
	const state =
		gpu.lacks.length > 0
			? "not available, so everything runs on the CPU"
			: cudaNotice;
	return {
		part: "CUDA",
		ok: true,
		is: `${state}; ${describeAvailable(gpu)}`,
		gpu,
	};
}
