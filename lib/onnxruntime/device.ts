// Which device an engine opens on, and what it takes there: the runtime's library and what must be loaded before it.
import { AlfaError } from "../errors.js";
import { findCpuRuntime } from "./cpu-runtime.js";
import { gpuStatus, refusal, whyCpu } from "./gpu-status.js";

export interface ChosenDevice {
	device: "cpu" | `cuda:${number}`;
	/** Absolute path of libonnxruntime. */
	runtime: string;
	/** Libraries of CUDA that the loader would not find by their names. */
	preload: string[];
	/** Why, where 'auto' chose. */
	reason?: string;
}

/** Throws ERR_ALFA_DEVICE, ERR_ALFA_RUNTIME. */
export function chooseDevice(asked: string): ChosenDevice {
	if (!asked.startsWith("cuda"))
		return {
			device: "cpu",
			runtime: findCpuRuntime(),
			preload: [],
			...(asked === "auto" && { reason: whyCpu() }),
		};
	const status = gpuStatus(),
		{ core } = status.runtime;
	if (status.lacks.length > 0 || core === undefined) {
		throw new AlfaError(
			"ERR_ALFA_DEVICE",
			`device '${asked}' cannot be had: ${refusal(status)}. ` +
				"Take 'cpu', or 'auto', which says in engine.info.deviceReason what kept it on the CPU; `alfa gpu status` shows the same",
		);
	}
	return {
		device: `cuda:${asked === "cuda" ? 0 : Number(asked.slice(5))}`,
		runtime: core,
		preload: status.libraries.flatMap(({ foundBy, path }) =>
			foundBy === "path" && path !== undefined ? [path] : [],
		),
	};
}
