// alfa doctor: what this machine can do, each part with what it is or why it is missing.
import sharp from "sharp";
import { loadAddon } from "../native/addon.js";
import { findCpuRuntime } from "../onnxruntime/cpu-runtime.js";
import { Engine } from "../engine.js";
import {
	cudaNotice,
	describeAvailable,
	gpuStatus,
	type GpuStatus,
} from "../onnxruntime/gpu-status.js";
import { printLacks } from "./gpu.js";
import { colour, print, printJson, safe } from "./terminal.js";

interface Finding {
	part: string;
	ok: boolean;
	is: string;
	code?: string;
	gpu?: GpuStatus;
}

/** Resolves to the exit status: 1 where a part is missing. */
export async function doctor({ json }: { json?: boolean }): Promise<number> {
	const findings = [
		await look(
			"platform",
			() =>
				`${process.platform}-${process.arch}, Node ${process.versions.node}`,
		),
		await look(
			"sharp",
			() => `${sharp.versions.sharp}, libvips ${sharp.versions.vips}`,
		),
		await look("addon", () => {
			loadAddon();
			return "loads";
		}),
		await look("ONNX Runtime", () => findCpuRuntime()),
		await look("demo model", async () => {
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
			return `${layout}, ${imageSize} px, ${embedDim} wide; ONNX Runtime ${ortVersion}, ${deviceName}, ${precision}, ${threads} threads`;
		}),
		cuda(),
	];
	if (json) printJson(findings);
	else
		for (const { part, ok, is } of findings)
			print(
				`${ok ? colour("green", "ok") : colour("red", "no")}  ${part.padEnd(13)} ${safe(is)}`,
			);
	if (!json) for (const { gpu } of findings) if (gpu) printLacks(gpu);
	return findings.every(({ ok }) => ok) ? 0 : 1;
}

/** Never a failure: the CPU does everything. */
function cuda(): Finding {
	const gpu = gpuStatus();
	return {
		part: "CUDA",
		ok: true,
		is: `${gpu.lacks.length > 0 ? "cannot be had, everything runs on the CPU" : cudaNotice}; ${describeAvailable(gpu)}`,
		gpu,
	};
}

async function look(
	part: string,
	at: () => string | Promise<string>,
): Promise<Finding> {
	try {
		return { part, ok: true, is: await at() };
	} catch (error) {
		const { code, message } = error as Error & {
			code?: string;
			gpu?: GpuStatus;
		};
		return { part, ok: false, is: message, ...(code && { code }) };
	}
}
