// Metrics of anomaly maps against ground-truth masks. The pixels of all images count together.
import { callNative, fromNative, rangeError } from "../errors.js";
import {
	type Addon,
	loadAddon,
	type NativeMetrics,
	type NativePixelOptions,
	type PixelScoresHandle,
} from "../native/addon.js";
import {
	boolean,
	type Check,
	checkOptions,
	number,
	wrongType,
	wrongValue,
} from "../options/validate.js";
import { unshared } from "../util/typed-arrays.js";
import { copyArray } from "./copy.js";
import type { Curve, ImageMetrics } from "./image.js";
import { type PerImage, perImage } from "./per-image.js";

/** Row-major maps of one size: one array of images * height * width, or one array per image. */
export type Maps = Float32Array | readonly Float32Array[];
/** The same for masks. A pixel that is not 0 is anomalous; a normal image has a mask of zeros. */
export type Masks = Uint8Array | readonly Uint8Array[];

export interface PixelOptions {
	/** Of every map and mask, in pixels. */
	width: number;
	/** Of every map and mask, in pixels. */
	height: number;
	/** The false positive rate at which PRO's area ends, above 0 and at most 1. Default 0.3. */
	maxFpr?: number;
	/**
	 * The thresholds of PRO. 'all' (default): every distinct score, which is exact. 200: as in common Python
	 * implementations, to compare with their values. They use the thresholds min + i (max - min) / 200 for i = 0 to 199,
	 * call a pixel anomalous if its score is above the threshold, keep the points with a false positive rate below
	 * maxFpr, and stretch these rates to [0, 1]. The result changes under monotone transforms of the scores.
	 */
	thresholds?: "all" | 200;
	/** Whether the result has curves. Default false. */
	curves?: boolean;
	/** Threads for sorting; 0 (default): all. The result does not depend on it. */
	threads?: number;
}

export interface PixelMetrics extends ImageMetrics {
	/**
	 * Per-region overlap: the area under the curve of (false positive rate over all normal pixels, mean fraction of each
	 * ground-truth region that is anomalous) up to maxFpr, divided by maxFpr. Regions are 8-connected and have equal
	 * weights.
	 */
	pro: number;
	/** pro: false positive rate up to maxFpr and mean overlap, over every threshold. */
	curves?: { roc: Curve; pr: Curve; pro: Curve };
}

/**
 * All pixel metrics, from one sort. Takes 4 bytes for every normal pixel and 8 for every anomalous pixel, beside the
 * maps. Throws a RangeError if there are no normal or no anomalous pixels, or if a score is not finite.
 */
export function pixelMetrics(
	maps: Maps,
	masks: Masks,
	options: PixelOptions,
): PixelMetrics {
	const job = new PixelJob(maps, masks, options);
	const { addon, scores } = job;
	try {
		for (let i = 0; i < job.images; i++)
			addon.addPixels(
				scores,
				unshared(job.map(i)),
				unshared(job.mask(i)),
				job.width,
			);
		return job.toMetrics(addon.pixelMetrics(scores, job.native));
	} catch (error) {
		throw fromNative(error);
	} finally {
		addon.freePixelScores(scores);
	}
}

/** The same on threads of its own. */
export async function pixelMetricsAsync(
	maps: Maps,
	masks: Masks,
	options: PixelOptions,
): Promise<PixelMetrics> {
	const job = new PixelJob(maps, masks, options);
	const { addon, scores } = job;
	try {
		for (let i = 0; i < job.images; i++) {
			const [map, mask] = await Promise.all([
				copyArray(job.map(i), `map ${i}`),
				copyArray(job.mask(i), `mask ${i}`),
			]);
			await addon.addPixels(scores, map, mask, job.width, true);
		}
		return job.toMetrics(await addon.pixelMetrics(scores, job.native, true));
	} catch (error) {
		throw fromNative(error);
	} finally {
		await addon.freePixelScores(scores, true);
	}
}

const thresholdsCheck: Check<"all" | 200> = (value, name) => {
	if (value === "all" || value === 200) return value;
	const rightType = typeof value === "number" || typeof value === "string";
	const error = rightType ? wrongValue : wrongType;
	throw error("'all' or 200", name, value);
};

const side = number({ integer: true, min: 1, max: 2 ** 20 });
const optionChecks = {
	width: side,
	height: side,
	maxFpr: number({ above: 0, max: 1 }),
	thresholds: thresholdsCheck,
	curves: boolean,
	threads: number({ integer: true, min: 0, max: 1024 }),
};

/** The checked arguments, and the addon's scores, which the caller must free. */
class PixelJob {
	readonly images: number;
	readonly width: number;
	readonly native: NativePixelOptions;
	readonly addon: Addon = loadAddon();
	readonly scores: PixelScoresHandle;
	readonly map: PerImage<Float32Array>["of"];
	readonly mask: PerImage<Uint8Array>["of"];

	constructor(maps: Maps, masks: Masks, options: PixelOptions) {
		const checked = checkOptions(options, "options", optionChecks);
		const width = side(checked.width, "width");
		const height = side(checked.height, "height");
		const pixels = width * height;
		if (pixels > 2 ** 28)
			throw rangeError(
				`Expected at most 2^28 pixels per map but received ${width} x ${height}`,
			);
		const mapOf = perImage(maps, "maps", "Float32Array", pixels);
		const maskOf = perImage(masks, "masks", "Uint8Array", pixels);
		if (mapOf.images !== maskOf.images)
			throw rangeError(
				`Expected as many masks as maps but received ${maskOf.images} masks and ${mapOf.images} maps`,
			);
		this.width = width;
		this.images = mapOf.images;
		this.map = mapOf.of;
		this.mask = maskOf.of;
		this.native = nativeOptions(checked);
		this.scores = callNative(() =>
			this.addon.createPixelScores(this.images * pixels),
		);
	}

	toMetrics(native: NativeMetrics): PixelMetrics {
		const { auroc, averagePrecision, aupr, f1, threshold, pro } = native;
		const curves = { roc: native.roc, pr: native.pr, pro: native.proCurve };
		return {
			auroc,
			averagePrecision,
			aupr,
			f1,
			threshold,
			pro,
			...(this.native.curves && { curves }),
		};
	}
}

function nativeOptions(
	options: Omit<PixelOptions, "width" | "height">,
): NativePixelOptions {
	const {
		maxFpr = 0.3,
		thresholds = "all",
		threads = 0,
		curves = false,
	} = options;
	return {
		maxFpr,
		steps: thresholds === "all" ? 0 : thresholds,
		threads,
		curves,
	};
}
