// The options of Engine.open: their types, defaults and checks.
import { AlfaError, rangeError } from "../errors.js";
import { visibleLines } from "../util/escape.js";
import { readProperty } from "../util/read-once.js";
import { defaultReading, type ImageReading, readingChecks } from "./reading.js";
import {
	type Check,
	checkOptions,
	func,
	isPlain,
	number,
	oneOf,
	path,
	signal,
	text,
	wrongType,
} from "./validate.js";

/** Receives the engine's messages. The library itself prints nothing. `console` is a logger. */
export interface Logger {
	debug?: (message: string) => void;
	info?: (message: string) => void;
	warn?: (message: string) => void;
	error?: (message: string) => void;
}

export interface EngineOptions {
	/**
	 * 'demo' (in the package), the name of a model that `pullModel` or `alfa models pull` has downloaded, or the path of
	 * a checkpoint's directory. Default 'demo'.
	 */
	model?: string;
	/**
	 * The device of the image tower and of scoring. 'auto' (default) is 'cpu' in this version, because CUDA support has
	 * only been tested on an emulator, not on a real GPU; `engine.info.deviceReason` says why. 'cuda' rejects with
	 * ERR_ALFA_DEVICE if it is not available; the message lists what is missing. Texts are always encoded on the CPU in
	 * fp32.
	 */
	device?: "auto" | "cpu" | "cuda" | `cuda:${number}`;
	/**
	 * The number format of the image tower. 'auto' (default): on the CPU 'int8' if the processor multiplies 8-bit numbers
	 * in one step (VNNI, AMX) and the model is at least 384 wide, otherwise 'fp32'; on a GPU 'fp16'.
	 * `engine.info.precision` says which. The cost of int8 is in docs/int8.md. 'fp16' on the CPU and 'int8' on a GPU
	 * reject with ERR_ALFA_UNSUPPORTED.
	 */
	precision?: "auto" | "fp32" | "fp16" | "int8";
	/**
	 * Side in pixels of the square to which images are resized: a multiple of the model's patch, at most 64 patches. The
	 * position embeddings are resampled. Default: the checkpoint's size; `engine.info.imageSize` says which. The work
	 * grows with the square of the size, the work of attention with its fourth power.
	 */
	imageSize?: number;
	/** CPU threads of the forward, at most one per core. 0 (default): one per core. See `engine.info.threads`. */
	threads?: number;
	/**
	 * Maximum images per forward, 1 to 256. Images of one forward share a pass through the weights; each adds memory.
	 * Default 8.
	 */
	maxBatch?: number;
	/**
	 * Milliseconds that a detection waits for others to share its forward, if fewer than `maxBatch` are waiting. 0 to
	 * 1000. It trades latency for throughput where calls come one by one and batches are faster, as on GPUs. Default 0:
	 * the forward takes the detections that are already waiting.
	 */
	batchWait?: number;
	/** Bytes of GPU memory for forwards, with weights; 0 (default): no limit. Beyond it: ERR_ALFA_MEMORY. */
	gpuMemory?: number;
	/**
	 * Maximum waiting calls, 1 to 65536, in addition to the `maxBatch` calls that may run. One more call rejects with
	 * ERR_ALFA_QUEUE_FULL before its image is opened. Streams have their own limit. Default 64.
	 */
	queue?: number;
	/**
	 * Maximum pixels of an image, width * height, 64 to 2^28. A larger image rejects with ERR_ALFA_IMAGE_SIZE before it
	 * is decoded. Default 2^28.
	 */
	maxPixels?: number;
	/**
	 * What happens to an image file that the decoder warns about, for example because a part of it is missing. 'refuse'
	 * (default): ERR_ALFA_IMAGE. 'accept': it is scored, and `warnings` of the result lists the problems.
	 */
	damaged?: ImageReading["damaged"];
	/**
	 * 'srgb' (default): colours are converted from the ICC profile of the file to sRGB. 'as-is': the profile is ignored,
	 * as the published preprocessing of CLIP does.
	 */
	colour?: ImageReading["colour"];
	/**
	 * Whether text embeddings are kept in files between runs, or the directory for these files. Default true: ALFA_CACHE,
	 * otherwise the user's cache directory.
	 */
	cache?: boolean | string;
	/** Cancels the opening. */
	signal?: AbortSignal;
	logger?: Logger;
}

/** Options with a default are filled in. */
export type ResolvedEngineOptions = Required<
	Omit<EngineOptions, "imageSize" | "signal" | "logger">
> &
	Pick<EngineOptions, "imageSize" | "signal" | "logger">;

const defaults = {
	model: "demo",
	device: "auto",
	precision: "auto",
	threads: 0,
	maxBatch: 8,
	batchWait: 0,
	gpuMemory: 0,
	queue: 64,
	cache: true,
	...defaultReading,
} as const satisfies EngineOptions;

type Device = NonNullable<EngineOptions["device"]>;
const device: Check<Device> = (value, name) => {
	if (typeof value !== "string")
		throw wrongType("'auto', 'cpu', 'cuda' or 'cuda:<number>'", name, value);
	if (/^cuda:\d{1,3}$/.test(value)) return value as Device;
	return oneOf(["auto", "cpu", "cuda", "cuda:<number>"])(value, name) as Device;
};

const levels = ["debug", "info", "warn", "error"] as const;

/**
 * The logger's methods, read once and bound to the logger. Everything else in it is ignored. Messages contain names of
 * files and texts of libraries, so control characters are made visible.
 */
const logger: Check<Logger> = (value, name) => {
	if (!isPlain(value))
		throw wrongType("an object with debug, info, warn and error", name, value);
	const methods: Logger = {};
	for (const level of levels) {
		const method = readProperty(value, level, `${name}.${level}`);
		if (method === undefined) continue;
		const write = func(method, `${name}.${level}`);
		methods[level] = (message) =>
			Reflect.apply(write, value, [visibleLines(message)]);
	}
	return methods;
};

const cache: Check<boolean | string> = (value, name) => {
	if (typeof value === "boolean") return value;
	if (typeof value !== "string")
		throw wrongType("a boolean or the path of a directory", name, value);
	return path(value, name);
};

const optionChecks = {
	model: text,
	device,
	precision: oneOf(["auto", "fp32", "fp16", "int8"]),
	imageSize: number({ integer: true, min: 1, max: 65536 }),
	threads: number({ integer: true, min: 0, max: 1024 }),
	maxBatch: number({ integer: true, min: 1, max: 256 }),
	batchWait: number({ min: 0, max: 1000 }),
	gpuMemory: number({ integer: true, min: 0, max: 2 ** 48 }),
	queue: number({ integer: true, min: 1, max: 65536 }),
	cache,
	...readingChecks,
	signal,
	logger,
} satisfies Record<keyof EngineOptions, Check>;

/** Checks the options and fills in the defaults. Throws a TypeError, a RangeError or ERR_ALFA_UNSUPPORTED. */
export function resolveEngineOptions(options: unknown): ResolvedEngineOptions {
	const resolved: ResolvedEngineOptions = {
		...defaults,
		...checkOptions(options, "options", optionChecks),
	};
	checkPrecision(resolved);
	if (resolved.model.includes("\0"))
		throw rangeError(
			"Expected a path or a name for model but received a string with a NUL character",
		);
	return resolved;
}

function checkPrecision({ device, precision }: ResolvedEngineOptions): void {
	const gpu = device.startsWith("cuda");
	if (gpu && precision === "int8")
		throw new AlfaError(
			"ERR_ALFA_UNSUPPORTED",
			"precision 'int8' is not available on a GPU; use 'fp16', 'fp32' or 'auto'",
		);
	if (!gpu && precision === "fp16")
		throw new AlfaError(
			"ERR_ALFA_UNSUPPORTED",
			"precision 'fp16' is not available on the CPU; use 'fp32', 'int8' or 'auto'",
		);
}
