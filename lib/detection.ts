import type { ImageResult } from "./detection/image-result.js";
import { type Reason, rankReasons, similarities } from "./detection/reasons.js";
import { type Region, toRegion } from "./detection/regions.js";
import { type MapOrigin, mapToPng, type PngOptions } from "./images/map-png.js";
import type { NativeResult } from "./native/addon.js";
import type { ImageReading } from "./options/reading.js";
import type { PromptSet } from "./prompts/prompt-set.js";

/** Durations in milliseconds. */
export interface Timings {
	/** Reading and decoding the image. */
	decode: number;
	/** Waiting for other images. */
	queue: number;
	/** Resizing to the model's input. */
	resize: number;
	/** The forward through the image tower. */
	forward: number;
	/** Prompts, scores and map. */
	score: number;
	/** From the call to the result. */
	total: number;
}

export interface JudgedPrompt {
	text: string;
	label: "normal" | "abnormal";
	/** Cosine similarity of the prompt to the image. */
	similarity: number;
	/** Whether the contextual score kept the prompt for this image. */
	kept: boolean;
}

/** @internal What a detection takes over from its category. */
export interface DetectionOrigin {
	settings: Pick<MapOrigin, "fit" | "resolution">;
	reading: ImageReading;
	threshold: number | undefined;
	prompts: Pick<PromptSet, "normal" | "abnormal" | "descriptors"> | undefined;
	/** Embeddings of the prompt set's descriptors, [descriptors * E], unit rows. */
	descriptors: Float32Array;
}

/** @internal Makes a detection: set by the class, whose constructor is private. */
export let createDetection: (
	origin: DetectionOrigin,
	result: ImageResult,
) => Detection;

/** The result for one image. */
export class Detection {
	/** S, in [0, 1]: the higher, the more anomalous. */
	readonly score: number;
	/** Whether the score is above the category's threshold; undefined if the category had no threshold. */
	readonly anomalous: boolean | undefined;
	/** S_G, in [0, 1]: the whole image against the prompts; undefined for recipes without prompts. */
	readonly globalScore: number | undefined;
	/** The highest value of the map on the patch grid, in [0, 1]; undefined for recipes without a map. */
	readonly localScore: number | undefined;
	/** The anomaly map, [mapHeight * mapWidth], row-major, in [0, 1]; empty for recipes without a map. */
	readonly map: Float32Array;
	readonly mapWidth: number;
	readonly mapHeight: number;
	/**
	 * How many prompts the contextual score kept for this image, and of how many: [normal, abnormal]. `ambiguous`: it
	 * kept no prompt of one label, and all prompts of that label were used.
	 */
	readonly prompts: {
		readonly kept: readonly [number, number];
		readonly of: readonly [number, number];
		readonly ambiguous: boolean;
	};
	/** The prompt set's descriptors by cosine similarity to the image, the highest first; empty without descriptors. */
	readonly reasons: readonly Reason[];
	/**
	 * Connected parts of the map above the pixel threshold, the highest peak first, at most 64; empty if the category
	 * had no pixel threshold.
	 */
	readonly regions: readonly Region[];
	/** What the decoder warned about; empty unless the option `damaged` is 'accept' and the image file is damaged. */
	readonly warnings: readonly string[];
	readonly timings: Readonly<Timings>;
	readonly #promptTexts: Pick<PromptSet, "normal" | "abnormal">;
	readonly #native: Pick<NativeResult, "similarity" | "keptMask">;
	readonly #origin: MapOrigin;

	static {
		createDetection = (origin, result) => new Detection(origin, result);
	}

	private constructor(
		{ settings, reading, threshold, prompts, descriptors }: DetectionOrigin,
		{ image, native, warnings, decode, start }: ImageResult,
	) {
		const texts = prompts?.descriptors ?? [];
		this.score = native.score;
		this.anomalous =
			threshold === undefined ? undefined : native.score > threshold;
		this.globalScore = numberOrUndefined(native.globalScore);
		this.localScore = numberOrUndefined(native.localScore);
		this.map = native.map;
		this.mapWidth = native.mapWidth;
		this.mapHeight = native.mapHeight;
		this.prompts = {
			kept: native.kept,
			of: native.of,
			ambiguous: native.ambiguous,
		};
		this.reasons = rankReasons(
			texts,
			similarities(descriptors, native.embedding),
		);
		this.regions = native.regions.map((region) => toRegion(region, texts));
		this.warnings = warnings;
		const total = performance.now() - start;
		this.timings = { decode, ...native.timings, total };
		this.#promptTexts = prompts ?? { normal: [], abnormal: [] };
		this.#native = {
			similarity: native.similarity,
			keptMask: native.keptMask,
		};
		this.#origin = {
			image,
			reading,
			fit: settings.fit,
			resolution: settings.resolution,
		};
	}

	/** Every prompt with its similarity to this image, and whether the contextual score kept it. Normal prompts first. */
	judgedPrompts(): JudgedPrompt[] {
		const { normal, abnormal } = this.#promptTexts;
		const { similarity, keptMask } = this.#native;
		return [...normal, ...abnormal].map((text, i) => ({
			text,
			label: i < normal.length ? "normal" : "abnormal",
			similarity: similarity[i]!,
			kept: keptMask[i] === 1,
		}));
	}

	/**
	 * A PNG of the anomaly map. 'overlay' (default) has the size of the image. It decodes the input of the detection
	 * again, so a file must still exist; the option `image` replaces it. 'heatmap' and 'mask' have the size of the map.
	 * Rejects with ERR_ALFA_NO_MAP for recipes without a map.
	 */
	toPng(options: PngOptions = {}): Promise<Buffer> {
		return mapToPng(this, options, this.#origin);
	}
}

/** The engine uses NaN for a score that the recipe does not have. */
function numberOrUndefined(value: number): number | undefined {
	return Number.isNaN(value) ? undefined : value;
}
