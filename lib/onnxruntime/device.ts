// Chooses the device of an engine, and the libraries that it opens.
import { AlfaError } from "../errors.js";
import { findCpuRuntime } from "./cpu-runtime.js";
import {
	describeAvailable,
	describeMissing,
	gpuStatus,
	reasonForCpu,
} from "./gpu-status.js";

export interface ChosenDevice {
	device: "cpu" | `cuda:${number}`;
	/** Absolute path of libonnxruntime. */
	runtime: string;
	/** Libraries of CUDA to open first, because the loader does not find them by their names. */
	preload: string[];
	/** Why 'auto' chose this device. */
	reason?: string;
}

/** `requested` is 'auto', 'cpu', 'cuda' or 'cuda:N'. Throws ERR_ALFA_DEVICE or ERR_ALFA_RUNTIME. */
export function chooseDevice(requested: string): ChosenDevice {
	if (requested.startsWith("cuda")) return chooseCuda(requested);
	return {
		device: "cpu",
		runtime: findCpuRuntime(),
		preload: [],
		...(requested === "auto" && { reason: reasonForCpu() }),
	};
}

function chooseCuda(requested: string): ChosenDevice {
	const status = gpuStatus();
	const { core } = status.runtime;
	if (status.lacks.length > 0 || core === undefined) {
		throw new AlfaError(
			"ERR_ALFA_DEVICE",
			`device '${requested}' is not available: ${describeAvailable(status)}. ` +
				`Missing: ${describeMissing(status)}. ` +
				"Use 'cpu', or 'auto', which states in engine.info.deviceReason why it uses the CPU. " +
				"`alfa gpu status` shows the same list",
		);
	}
	const index = requested === "cuda" ? 0 : Number(requested.slice(5));
	return {
		device: `cuda:${index}`,
		runtime: core,
		preload: status.libraries.flatMap(({ foundBy, path }) =>
			foundBy === "path" && path !== undefined ? [path] : [],
		),
	};
}
