// The functions of the native addon with their types, and how it is loaded. bindings/exports.h has the same functions.
// Every promise rejects with an Error that has a `code` (native/error.h); lib/errors.ts makes an AlfaError of it.
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { AlfaError } from "../errors.js";
import type { ModelInfo } from "./model-info.js";
import type { NativeSettings } from "./settings.js";

declare const kind: unique symbol;
/** A native object. It is freed after JavaScript has dropped the handle. */
export interface Handle<Kind extends string> {
	readonly [kind]: Kind;
}
export type EngineHandle = Handle<"engine">;
export type CategoryHandle = Handle<"category">;
export type CancelHandle = Handle<"cancel">;
export type BankBuilderHandle = Handle<"bank builder">;
export type BankHandle = Handle<"bank">;
export type SetHandle = Handle<"mutual set">;
export type PixelScoresHandle = Handle<"pixel scores">;

export interface NativeOpenOptions {
	/** The checkpoint's directory. */
	directory: string;
	/** Absolute path of libonnxruntime. */
	runtime: string;
	/** Absolute paths of libraries to open before ONNX Runtime. */
	preload?: string[];
	/** 'cpu' or 'cuda:0'. Default: the CPU. */
	device?: string;
	precision: "auto" | "fp32" | "int8" | "fp16";
	/** CPU threads; 0: all. */
	threads: number;
	/** Side in pixels to which images are resized. Default: as the checkpoint says. */
	imageSize?: number;
	/** Maximum images per forward. */
	maxBatch: number;
	/** Maximum microseconds that a detection waits for others to fill its batch. Default: it does not wait. */
	batchWait?: number;
	/** Maximum waiting tasks; one more rejects with ERR_ALFA_QUEUE_FULL. */
	queue: number;
	/** Bytes of GPU memory for forwards; 0 or undefined: no limit. */
	gpuMemory?: number;
	log?: (level: "debug" | "info" | "warn" | "error", message: string) => void;
}

/** 8-bit rows without padding. The addon reads them off the event loop and keeps a reference until the task is done. */
export interface NativeImage {
	data: Uint8Array;
	width: number;
	height: number;
	channels: 1 | 3 | 4;
}

/** A connected part of the map above the pixel threshold. Box and peak are in the map's pixels. */
export interface NativeRegion {
	left: number;
	top: number;
	width: number;
	height: number;
	/** In pixels. */
	area: number;
	peak: number;
	peakX: number;
	peakY: number;
	/** [descriptors], to the window that covers the region best. */
	similarity: Float32Array;
}

export interface NativeResult {
	score: number;
	/** NaN without prompts. */
	globalScore: number;
	/** The map's maximum; NaN without a map. */
	localScore: number;
	ambiguous: boolean;
	/** Normal and abnormal prompts that were kept. */
	kept: [number, number];
	/** Normal and abnormal prompts. */
	of: [number, number];
	/** [of[0] + of[1]], normal prompts first. */
	keptMask: Uint8Array;
	/** [of[0] + of[1]], normal prompts first. */
	similarity: Float32Array;
	/** [E], unit. */
	embedding: Float32Array;
	/** [mapHeight * mapWidth]; empty without a map. */
	map: Float32Array;
	mapWidth: number;
	mapHeight: number;
	/** At most 64, the highest peak first. */
	regions: NativeRegion[];
	/** Milliseconds. */
	timings: { queue: number; resize: number; forward: number; score: number };
}

export interface NativeBank {
	/** Number of reference images. */
	images: number;
	/** Rows per level: the layers, then the scales. */
	entries: number[];
	bank: BankHandle;
}

export interface NativeStored extends Partial<NativeBank> {
	header: string;
	normal: Float32Array;
	abnormal: Float32Array;
	descriptors: Float32Array;
}

export interface NativePixelOptions {
	maxFpr: number;
	/** Thresholds of PRO; 0: every distinct score. */
	steps: number;
	/** 0: all. */
	threads: number;
	curves: boolean;
}

export interface NativeCurve {
	x: Float64Array;
	y: Float64Array;
}

export interface NativeMetrics {
	auroc: number;
	averagePrecision: number;
	aupr: number;
	f1: number;
	threshold: number;
	/** NaN for image metrics. */
	pro: number;
	/** Curves are empty unless requested. */
	roc: NativeCurve;
	pr: NativeCurve;
	proCurve: NativeCurve;
}

/** Sizes of a map and its mask, and how the map is upsampled to the mask. */
export interface NativeMapSizes {
	mapWidth: number;
	mapHeight: number;
	width: number;
	height: number;
	alignCorners: boolean;
}

type Fit = NativeSettings["fit"];

interface EngineFunctions {
	openEngine(options: NativeOpenOptions): Promise<EngineHandle>;
	info(engine: EngineHandle): ModelInfo;
	/** `ids`: the tokens of n texts, each with its end token. `lengths`: [n]. Resolves to [n * E], unit rows. */
	encodeText(
		engine: EngineHandle,
		ids: Int32Array,
		lengths: Int32Array,
		cancel?: CancelHandle,
	): Promise<Float32Array>;
	/** Resolves to [E], unit. */
	embedImage(
		engine: EngineHandle,
		image: NativeImage,
		fit: Fit,
		cancel?: CancelHandle,
	): Promise<Float32Array>;
	/** Writes the towers as ONNX files. */
	exportOnnx(engine: EngineHandle, directory: string): Promise<void>;
	/** Waiting tasks reject with ERR_ALFA_CLOSED; the running task ends first. Idempotent. */
	closeEngine(engine: EngineHandle): Promise<void>;
	createCancel(): CancelHandle;
	/**
	 * Rejects the task with ERR_ALFA_ABORTED: at once if it waits. If it runs, its forward stops when all tasks of the
	 * forward are cancelled. Idempotent.
	 */
	cancel(handle: CancelHandle): void;
	/** The NVIDIA GPUs that this process can use; if there are none, `whyNone` is the reason. */
	cudaDevices(): { devices: string[]; whyNone: string };
	/** Stops the threads of all engines, at the end of the process. No promise settles afterwards. */
	shutDown(): void;
}

interface CategoryFunctions {
	/**
	 * Copies the embeddings, each [n * E]; `descriptors` may be empty. Checks every setting against the model.
	 * Synchronous; throws.
	 */
	createCategory(
		engine: EngineHandle,
		settings: NativeSettings,
		normal: Float32Array,
		abnormal: Float32Array,
		descriptors: Float32Array,
		bank?: BankHandle,
	): CategoryHandle;
	/** An empty bank for categories with these settings. Add references in order, then finish it. */
	createBank(engine: EngineHandle, settings: NativeSettings): BankBuilderHandle;
	addReference(
		engine: EngineHandle,
		builder: BankBuilderHandle,
		image: NativeImage,
		cancel?: CancelHandle,
	): Promise<void>;
	finishBank(
		engine: EngineHandle,
		builder: BankBuilderHandle,
		cancel?: CancelHandle,
	): Promise<NativeBank>;
	saveCategory(
		engine: EngineHandle,
		category: CategoryHandle,
		header: string,
		file: string,
	): Promise<void>;
	loadCategory(
		engine: EngineHandle,
		file: string,
		cancel?: CancelHandle,
	): Promise<NativeStored>;
}

interface DetectFunctions {
	/** One result per category. Regions lie above the pixel threshold; Infinity: no regions. */
	detect(
		engine: EngineHandle,
		categories: CategoryHandle[],
		image: NativeImage,
		pixelThresholds: number[],
		cancel?: CancelHandle,
	): Promise<NativeResult[]>;
	warmUp(
		engine: EngineHandle,
		category: CategoryHandle,
		cancel?: CancelHandle,
	): Promise<void>;
	/** An empty set of images that are compared with each other: add all, compare, then read the results. */
	createSet(engine: EngineHandle, category: CategoryHandle): SetHandle;
	addToSet(
		engine: EngineHandle,
		set: SetHandle,
		image: NativeImage,
		cancel?: CancelHandle,
	): Promise<void>;
	/** Compares one image with all others in one level of features. Resolves to false if no comparisons are left. */
	compareInSet(
		engine: EngineHandle,
		set: SetHandle,
		cancel?: CancelHandle,
	): Promise<boolean>;
	/** `image`: its index in the order in which images were added. */
	resultInSet(
		engine: EngineHandle,
		set: SetHandle,
		image: number,
		pixelThreshold: number,
		cancel?: CancelHandle,
	): Promise<NativeResult>;
	/** Frees the set's memory now. Garbage collection would do it late: it does not know the set's size. */
	clearSet(engine: EngineHandle, set: SetHandle): Promise<void>;
}

/** With `later: true`, the work runs on a thread of its own. It reads the arrays there, so pass copies. */
interface MetricFunctions {
	imageMetrics(
		labels: Uint8Array,
		scores: Float32Array | Float64Array,
		curves: boolean,
	): NativeMetrics;
	imageMetrics(
		labels: Uint8Array,
		scores: Float32Array | Float64Array,
		curves: boolean,
		later: true,
	): Promise<NativeMetrics>;
	/** `pixels`: of all images together. */
	createPixelScores(pixels: number): PixelScoresHandle;
	/** Adds one image; rows of `width` pixels. Throws or rejects if a score is not finite. */
	addPixels(
		scores: PixelScoresHandle,
		map: Float32Array,
		mask: Uint8Array,
		width: number,
	): void;
	addPixels(
		scores: PixelScoresHandle,
		map: Float32Array,
		mask: Uint8Array,
		width: number,
		later: true,
	): Promise<void>;
	/** Adds a map of any size, upsampled to the mask's size as in detection. */
	addMap(
		scores: PixelScoresHandle,
		map: Float32Array,
		mask: Uint8Array,
		sizes: NativeMapSizes,
	): Promise<void>;
	pixelMetrics(
		scores: PixelScoresHandle,
		options: NativePixelOptions,
	): NativeMetrics;
	pixelMetrics(
		scores: PixelScoresHandle,
		options: NativePixelOptions,
		later: true,
	): Promise<NativeMetrics>;
	/** Frees the memory. Idempotent. */
	freePixelScores(scores: PixelScoresHandle): void;
	freePixelScores(scores: PixelScoresHandle, later: true): Promise<void>;
}

/** For tests and benchmarks. lib/ does not call these functions, and prebuilt addons do not have them. */
interface TestFunctions {
	/** The embeddings [(1 + windows) * E] of the image and of every window, and the values [T * E]; unit rows. */
	embedWindows(
		engine: EngineHandle,
		image: NativeImage,
		fit: Fit,
		scales: number[],
		cancel?: CancelHandle,
	): Promise<{ embedding: Float32Array; value: Float32Array }>;
	/** The resize kernel. Returns RGB, [height * width * 3] ('crop': [width * width * 3]). Synchronous. */
	resize(
		image: NativeImage,
		width: number,
		height: number,
		fit: Fit,
	): Uint8Array;
}

export interface Addon
	extends EngineFunctions,
		CategoryFunctions,
		DetectFunctions,
		MetricFunctions,
		TestFunctions {}

const root = join(dirname(fileURLToPath(import.meta.url)), "..", "..");

let addon: Addon | undefined;

/** The addon, loaded at the first call. Throws ERR_ALFA_ADDON. */
export function loadAddon(): Addon {
	addon ??= load();
	return addon;
}

function load(): Addon {
	const require = createRequire(import.meta.url);
	try {
		const find = require("node-gyp-build") as (directory: string) => Addon;
		const loaded = find(root);
		// process.exit() does not wait for threads that still compute, and Node calls no clean-up hooks of addons then.
		process.once("exit", () => loaded.shutDown());
		return loaded;
	} catch (cause) {
		const reason = (cause as Error).message.replace(/\s+/g, " ").trim();
		throw new AlfaError(
			"ERR_ALFA_ADDON",
			`The native addon of alfa-vad cannot be loaded for ${process.platform}-${process.arch}, ` +
				`Node ${process.versions.node}: ${reason}. ` +
				"In a clone, build it with `npm run build` (needs CMake >= 3.22 and a C++20 compiler). " +
				"In an application, reinstall alfa-vad on a platform that it has binaries for. " +
				'"Failed to map segment" means too little memory (ulimit -v) or a directory that is mounted noexec.',
			{ cause },
		);
	}
}
