import { byHighest, type Reason, similarities } from "./category/reasons.js";
import { type Region, toRegion } from "./category/regions.js";
import type { ImageInput } from "./images/input.js";
import { type PngOptions, mapToPng } from "./images/map-png.js";
import type { NativeResult } from "./native/addon.js";
import type { PromptSet } from "./prompts/prompt-set.js";
import type { RecipeSettings } from "./recipes.js";

/** Milliseconds. total: from the call to the result, with waiting (queue). */
export interface Timings {
	decode: number;
	queue: number;
	resize: number;
	forward: number;
	score: number;
	total: number;
}

export interface JudgedPrompt {
	text: string;
	label: "normal" | "abnormal";
	similarity: number;
	kept: boolean;
}

/** What a result needs to know of how it was made. The image is the caller's own input, not its pixels. */
export interface Origin extends Pick<RecipeSettings, "fit" | "resolution"> {
	image: ImageInput;
	threshold: number | undefined;
	prompts: Pick<PromptSet, "normal" | "abnormal" | "descriptors">;
	descriptors: Float32Array; // [descriptors, E], unit rows
}

/** One image's result. */
export class Detection {
	/** S, in [0, 1]: the higher, the more anomalous. */
	readonly score: number;
	/** score > threshold; undefined while the category had no threshold. */
	readonly anomalous: boolean | undefined;
	/** S_G, in [0, 1]: the whole image against the prompts; undefined for recipes without prompts. */
	readonly globalScore: number | undefined;
	/** max M, in [0, 1]: the worst place of the map, on the patch grid; undefined for recipes without a map. */
	readonly localScore: number | undefined;
	/** [mapHeight * mapWidth], row-major, in [0, 1]; empty for recipes without a map. */
	readonly map: Float32Array;
	readonly mapWidth: number;
	readonly mapHeight: number;
	/** [normal, abnormal] prompts that counted for this image, of how many; ambiguous: a side kept none and counted whole. */
	readonly prompts: {
		readonly kept: readonly [number, number];
		readonly of: readonly [number, number];
		readonly ambiguous: boolean;
	};
	/** The prompt set's descriptors by similarity to the image (cosine), highest first; empty without descriptors. */
	readonly reasons: readonly Reason[];
	/** Connected parts of the map above the pixel threshold, highest peak first, at most 64; empty while there is no such threshold. */
	readonly regions: readonly Region[];
	readonly timings: Readonly<Timings>;
	readonly #judged: () => JudgedPrompt[];
	readonly #origin: Origin;

	/** @internal */
	constructor(native: NativeResult, timings: Timings, origin: Origin) {
		const { normal, abnormal, descriptors = [] } = origin.prompts;
		this.score = native.score;
		this.anomalous =
			origin.threshold === undefined
				? undefined
				: native.score > origin.threshold;
		this.globalScore = Number.isNaN(native.globalScore)
			? undefined
			: native.globalScore;
		this.localScore = Number.isNaN(native.localScore)
			? undefined
			: native.localScore;
		this.map = native.map;
		this.mapWidth = native.mapWidth;
		this.mapHeight = native.mapHeight;
		this.#judged = () =>
			[...normal, ...abnormal].map((text, i) => ({
				text,
				label: i < normal.length ? "normal" : "abnormal",
				similarity: native.similarity[i]!,
				kept: native.keptMask[i] === 1,
			}));
		this.prompts = {
			kept: native.kept,
			of: native.of,
			ambiguous: native.ambiguous,
		};
		this.reasons = byHighest(
			descriptors,
			similarities(origin.descriptors, native.embedding),
		);
		this.regions = native.regions.map((region) =>
			toRegion(region, descriptors),
		);
		this.timings = timings;
		this.#origin = origin;
	}

	/** Every prompt with its similarity to this image and whether the contextual score kept it: what the decision rests on. */
	judgedPrompts(): JudgedPrompt[] {
		return this.#judged();
	}

	/**
	 * A PNG of the map. 'overlay' (default): over the picture, in the picture's size; the input given to detect is decoded
	 * again, so it must still be there (`image` names another). 'heatmap' and 'mask' (map > threshold): in the map's size.
	 * Rejects with ERR_ALFA_NO_MAP for recipes without a map.
	 */
	toPng(options: PngOptions = {}): Promise<Buffer> {
		return mapToPng(this, options, this.#origin);
	}
}
