// The addon's surface, as bindings/ offers it, and how it is found. Nothing else in lib/ touches the addon's file.
// Every promise rejects with an Error that carries `code` (native/error.h); lib/errors.ts makes it an AlfaError.
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { AlfaError } from "../errors.js";
import type { NativeSettings } from "./settings.js";

declare const engineBrand: unique symbol;
declare const categoryBrand: unique symbol;
declare const cancelBrand: unique symbol;
declare const pixelScoresBrand: unique symbol;
declare const builderBrand: unique symbol;
declare const bankBrand: unique symbol;
declare const setBrand: unique symbol;
export type EngineHandle = { readonly [engineBrand]: true };
export type CategoryHandle = { readonly [categoryBrand]: true };
export type CancelHandle = { readonly [cancelBrand]: true };
export type BankBuilderHandle = { readonly [builderBrand]: true };
export type BankHandle = { readonly [bankBrand]: true };
export type SetHandle = { readonly [setBrand]: true };
export type PixelScoresHandle = { readonly [pixelScoresBrand]: true };

export interface NativeOpenOptions {
	directory: string;
	runtime: string; // absolute path of libonnxruntime
	threads: number; // 0 = all
	imageSize?: number; // px that images are brought to; undefined = the checkpoint's own
	device?: string; // 'cpu' | 'cuda:0'; undefined = the CPU
	preload?: string[]; // libraries to open before the runtime, absolute paths
	gpuMemory?: number; // bytes for forwards; 0 = all
	precision: "auto" | "fp32" | "int8" | "fp16";
	maxBatch: number; // images per forward, at most
	batchWait?: number; // microseconds that a detection waits for others to fill its batch, at most
	queue: number; // jobs waiting, at most; one more rejects with ERR_ALFA_QUEUE_FULL
	log?: (level: "debug" | "info" | "warn" | "error", message: string) => void;
}

export interface NativeInfo {
	layout: string;
	hash: string;
	device: string;
	deviceName: string;
	precision: string;
	ortVersion: string;
	threads: number;
	embedDim: number;
	imageSize: number;
	patch: number;
	grid: number;
	layers: number; // 0 without an image tower
	context: number;
	vocabulary: number; // 0 without a text tower
	weightBytes: number;
	deviceBytes: number; // of a GPU's memory, beside what forwards take; 0 on the CPU
}

/** 8-bit rows without padding; the addon holds a reference until the job is done and reads it off the event loop. */
export interface NativeImage {
	data: Uint8Array;
	width: number;
	height: number;
	channels: 1 | 3 | 4;
}

/** A connected part of the map above the pixel threshold; box and peak in the map's pixels. */
export interface NativeRegion {
	left: number;
	top: number;
	width: number;
	height: number;
	area: number; // pixels
	peak: number;
	peakX: number;
	peakY: number;
	similarity: Float32Array; // [descriptors], to the window that covers the region best
}

export interface NativeResult {
	score: number;
	globalScore: number; // NaN without prompts
	localScore: number; // max M; NaN without a map
	ambiguous: boolean;
	kept: [number, number];
	of: [number, number]; // normal, abnormal
	keptMask: Uint8Array; // [of[0] + of[1]], normal first
	similarity: Float32Array; // [of[0] + of[1]]
	embedding: Float32Array; // [E], unit
	map: Float32Array;
	mapWidth: number;
	mapHeight: number; // empty without windows
	regions: NativeRegion[]; // highest peak first, at most 64
	timings: { queue: number; resize: number; forward: number; score: number }; // ms
}

/** References as they are kept: rows per level (layers, then scales). */
export interface NativeBank {
	images: number;
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
	steps: number;
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
	pro: number; // NaN of images
	roc: NativeCurve;
	pr: NativeCurve;
	proCurve: NativeCurve; // empty unless asked for
}

export interface Addon {
	openEngine(options: NativeOpenOptions): Promise<EngineHandle>;
	info(engine: EngineHandle): NativeInfo;
	/** ids of n texts one after another, lengths [n] -> [n*E], unit rows. Each text ends in its end token. */
	encodeText(
		engine: EngineHandle,
		ids: Int32Array,
		lengths: Int32Array,
		cancel?: CancelHandle,
	): Promise<Float32Array>;
	embedImage(
		engine: EngineHandle,
		image: NativeImage,
		fit: "squash" | "crop",
		cancel?: CancelHandle,
	): Promise<Float32Array>;
	/**
	 * For tests and benchmarks. The whole image, then every window of every scale, row by row: embedding
	 * [(1 + windows)*E], value [T*E]; unit rows.
	 */
	embedWindows(
		engine: EngineHandle,
		image: NativeImage,
		fit: "squash" | "crop",
		scales: number[],
		cancel?: CancelHandle,
	): Promise<{ embedding: Float32Array; value: Float32Array }>;
	/** Copies the embeddings, each [n*E], descriptors perhaps none; checks every setting against the model. Synchronous, throws. */
	createCategory(
		engine: EngineHandle,
		settings: NativeSettings,
		normal: Float32Array,
		abnormal: Float32Array,
		descriptors: Float32Array,
		bank?: BankHandle,
	): CategoryHandle;
	/** An empty bank for categories of these settings; references are added in order, then it is finished. */
	createBank(engine: EngineHandle, settings: NativeSettings): BankBuilderHandle;
	addReference(
		engine: EngineHandle,
		bank: BankBuilderHandle,
		image: NativeImage,
		cancel?: CancelHandle,
	): Promise<void>;
	finishBank(
		engine: EngineHandle,
		bank: BankBuilderHandle,
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
	/** One result per category. pixelThresholds: regions are what lies above them; Infinity: none are looked for. */
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
	/** Images that judge each other: added in order, each judged against all others, then every result is there. */
	createSet(engine: EngineHandle, category: CategoryHandle): SetHandle;
	addToSet(
		engine: EngineHandle,
		set: SetHandle,
		image: NativeImage,
		cancel?: CancelHandle,
	): Promise<void>;
	/** Compares one image with all others in one level of features. False when no comparisons are left. */
	compareInSet(
		engine: EngineHandle,
		set: SetHandle,
		cancel?: CancelHandle,
	): Promise<boolean>;
	resultInSet(
		engine: EngineHandle,
		set: SetHandle,
		image: number,
		pixelThreshold: number,
		cancel?: CancelHandle,
	): Promise<NativeResult>;
	/** Frees a set's memory at once; garbage collection would, but knows nothing of its size. */
	clearSet(engine: EngineHandle, set: SetHandle): Promise<void>;
	createCancel(): CancelHandle;
	/** The job rejects with ERR_ALFA_ABORTED: at once where it waits; where it runs, when all that share its forward are cancelled, or it ends. Idempotent. */
	cancel(handle: CancelHandle): void;
	exportOnnx(engine: EngineHandle, directory: string): Promise<void>;
	/** Waiting jobs reject with ERR_ALFA_CLOSED, the running one ends first. Idempotent. */
	closeEngine(engine: EngineHandle): Promise<void>;
	/** The resize kernel alone -> RGB [height*width*3] (crop: [width*width*3]). Synchronous: for tests and benchmarks. */
	resize(
		image: NativeImage,
		width: number,
		height: number,
		fit: "squash" | "crop",
	): Uint8Array;
	/** Stops the threads of every engine; for the end of the process, after which nothing settles any more. */
	shutDown(): void;
	/** NVIDIA GPUs that this process sees; `whyNone` is a sentence where there are none. */
	cudaDevices(): { devices: string[]; whyNone: string };

	// MetricValues of merit. `later`: on a thread of its own; the arrays must then be nobody else's, for they are read there.
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
	/** Room for the pixels of all images together. */
	createPixelScores(pixels: number): PixelScoresHandle;
	/** One image, rows of `width`; nothing of the arrays is kept. Throws or rejects where a score is not finite. */
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
	/** A map of any size, upsampled to the mask's as detection does. */
	addMap(
		scores: PixelScoresHandle,
		map: Float32Array,
		mask: Uint8Array,
		sizes: {
			mapWidth: number;
			mapHeight: number;
			width: number;
			height: number;
			alignCorners: boolean;
		},
	): Promise<void>;
	/** steps: 0 = PRO over every threshold. */
	pixelMetrics(
		scores: PixelScoresHandle,
		options: NativePixelOptions,
	): NativeMetrics;
	pixelMetrics(
		scores: PixelScoresHandle,
		options: NativePixelOptions,
		later: true,
	): Promise<NativeMetrics>;
	/** Gives the memory back. Idempotent. */
	freePixelScores(scores: PixelScoresHandle): void;
	freePixelScores(scores: PixelScoresHandle, later: true): Promise<void>;
}

const root = join(dirname(fileURLToPath(import.meta.url)), "..", "..");

let addon: Addon | undefined;

export function loadAddon(): Addon {
	if (addon) return addon;
	const require = createRequire(import.meta.url);
	try {
		const loaded = (addon = (
			require("node-gyp-build") as (dir: string) => Addon
		)(root));
		// process.exit() ends the process under threads that still compute; Node runs no clean-up hooks of addons on it.
		process.once("exit", () => loaded.shutDown());
	} catch (cause) {
		throw new AlfaError(
			"ERR_ALFA_ADDON",
			`The native addon of alfa-vad could not be loaded for ${process.platform}-${process.arch}, Node ${process.versions.node}: ` +
				`${(cause as Error).message.replace(/\s+/g, " ").trim()}. In a clone, build it with \`npm run build\` (needs CMake >= 3.22 and a C++20 compiler); ` +
				"in an application, reinstall alfa-vad on a platform that it ships binaries for. " +
				'"Failed to map segment" means too little memory (ulimit -v), or a folder mounted noexec.',
			{ cause },
		);
	}
	return addon;
}
