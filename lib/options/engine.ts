// The options of Engine.open: their types and the door.

import { AlfaError, rangeError } from "../errors.js";
import {
	type Check,
	checkOptions,
	func,
	isPlain,
	number,
	oneOf,
	signal,
	text,
	wrongType,
} from "./validate.js";

/** Called with what the engine has to say; the library itself prints nothing. `console` fits. */
export interface Logger {
	debug?: (message: string) => void;
	info?: (message: string) => void;
	warn?: (message: string) => void;
	error?: (message: string) => void;
}

export interface EngineOptions {
	/** 'demo' (in the package), the name of a model that `pullModel` or `alfa models pull` brought, or a checkpoint's folder. Default 'demo'. */
	model?: string;
	/**
	 * Of the image tower and the scoring: 'auto' | 'cpu' | 'cuda' | 'cuda:1'. Default 'auto', which is 'cpu' in this version, whose
	 * CUDA session has been run on no GPU yet, and says why in `engine.info.deviceReason`. 'cuda' rejects with ERR_ALFA_DEVICE
	 * where it cannot be had; the message lists what this machine has and lacks for it. Texts are encoded on the CPU in fp32.
	 */
	device?: "auto" | "cpu" | "cuda" | `cuda:${number}`;
	/**
	 * Of the image tower. 'auto' (default): 'int8' where the CPU multiplies 8-bit numbers in one step (VNNI, AMX) and the model
	 * is at least 384 wide, else 'fp32'; 'fp16' on a GPU. `engine.info.precision` says which. What int8 costs: docs/method.md.
	 * 'fp16' on the CPU and 'int8' on a GPU reject with ERR_ALFA_UNSUPPORTED.
	 */
	precision?: "auto" | "fp32" | "fp16" | "int8";
	/**
	 * Side of the square that images are brought to, in pixels: a multiple of the model's patch, at most 64 patches. The
	 * position embeddings are resampled to it. Default: the checkpoint's own; `engine.info.imageSize` says which. The work
	 * grows with the square of it, that of attention with the fourth power.
	 */
	imageSize?: number;
	/** CPU threads of the forward pass, at most one per core; 0 = one per core. Default 0. `engine.info.threads` says how many. */
	threads?: number;
	/** Images per forward, at most, 1 to 256: more share one pass through the weights, each adds memory. Default 8. */
	maxBatch?: number;
	/**
	 * Milliseconds that a detection waits for others to share its forward while fewer than `maxBatch` wait: throughput for
	 * latency, where callers come one by one and the device is faster in batches, as GPUs are. 0 to 1000. Default 0: what waits
	 * already is taken, nothing is waited for.
	 */
	batchWait?: number;
	/** Bytes of a GPU's memory that forwards may take, weights included; 0 = all there is. Default 0. Past it: ERR_ALFA_MEMORY. */
	gpuMemory?: number;
	/** Jobs that may wait, 1 to 65536; one more rejects with ERR_ALFA_QUEUE_FULL. Default 64. */
	queue?: number;
	/** Whether text embeddings are kept between runs, or the folder that keeps them. Default true: ALFA_CACHE, else the user's cache folder. */
	cache?: boolean | string;
	/** Cancels the opening. */
	signal?: AbortSignal;
	logger?: Logger;
	/** Not called: opening downloads nothing, `pullModel` does and has its own. */
	onProgress?: (progress: { done: number; total?: number }) => void;
}

const device: Check = (value, name) => {
	if (typeof value !== "string")
		throw wrongType("'auto', 'cpu', 'cuda' or 'cuda:<number>'", name, value);
	if (!/^cuda(:\d{1,3})?$/.test(value))
		oneOf(["auto", "cpu", "cuda", "cuda:<number>"])(value, name);
};

const logger: Check = (value, name) => {
	if (!isPlain(value))
		throw wrongType("an object with debug, info, warn and error", name, value);
	for (const level of ["debug", "info", "warn", "error"])
		if (value[level] !== undefined) func(value[level], `${name}.${level}`);
};

const cache: Check = (value, name) => {
	if (typeof value === "boolean") return;
	if (typeof value !== "string")
		throw wrongType("a boolean or a folder", name, value);
	text(value, name);
};

const shape: Record<string, Check> = {
	model: text,
	cache,
	device,
	precision: oneOf(["auto", "fp32", "fp16", "int8"]),
	signal,
	logger,
	onProgress: func,
	threads: number({ integer: true, min: 0, max: 1024 }),
	imageSize: number({ integer: true, min: 1, max: 65536 }),
	maxBatch: number({ integer: true, min: 1, max: 256 }),
	batchWait: number({ min: 0, max: 1000 }),
	gpuMemory: number({ integer: true, min: 0, max: 2 ** 48 }),
	queue: number({ integer: true, min: 1, max: 65536 }),
};

/** Checks the options; throws a TypeError, a RangeError or what the option's doc names. */
export function checkEngineOptions(given: unknown): EngineOptions {
	checkOptions(given, "options", shape);
	const checked = given as EngineOptions;
	const onGpu = checked.device?.startsWith("cuda") ?? false;
	if (checked.precision === (onGpu ? "int8" : "fp16")) {
		throw new AlfaError(
			"ERR_ALFA_UNSUPPORTED",
			onGpu
				? "precision 'int8' is not available on a GPU, which runs fp16 and fp32. Take one of them, or 'auto'"
				: "precision 'fp16' is not available on the CPU, which runs fp32 and int8. Take one of them, or 'auto'",
		);
	}
	if (checked.model?.includes("\0"))
		throw rangeError(
			"Expected a path or name for model but received a NUL character in it",
		);
	return checked;
}
