// MetricValues of merit, computed in the addon: docs/method.md, section 11. Of images, each a label and a score; of pixels,
// each image a mask and a map.
import { loadAddon, type NativeMetrics } from "./native/addon.js";
import { boolean, checkOptions, wrongType } from "./options/validate.js";
import { fromNative, rangeError } from "./errors.js";
import {
	copyOf,
	pixel,
	pixelAsync,
	type Maps,
	type Masks,
	type PixelMetrics,
	type PixelOptions,
} from "./metrics/pixel.js";

/** 0 normal, any other value anomalous. */
export type Labels = Uint8Array;
export type Scores = Float32Array | Float64Array;

/** A curve for a plot: at most about 1000 of its points, the first and the last among them. */
export interface Curve {
	x: Float64Array;
	y: Float64Array;
}

/** Exact over every distinct score. */
export interface ImageMetrics {
	/** Area under the ROC curve: the share of (anomalous, normal) pairs in which the anomalous one scores higher, ties a half. */
	auroc: number;
	/** Area under the precision-recall curve by steps, scikit-learn's `average_precision_score`. */
	averagePrecision: number;
	/** The same area by trapezoids. It flatters: a detector that says the same of everything gets more than a half. */
	aupr: number;
	/** The best F1 over all thresholds, and the highest threshold that gives it; `score >= threshold` is called anomalous. */
	f1: number;
	threshold: number;
	/** Where asked for. roc: false over true positive rate; pr: recall and precision. */
	curves?: { roc: Curve; pr: Curve };
}

export interface ImageOptions {
	/** Whether to give curves too. Default false. */
	curves?: boolean;
}

/**
 * All metrics of scored images (or anything else with a label and a score). Throws a RangeError where there are no
 * normal or no anomalous ones, or a score is not finite.
 */
function image(
	labels: Labels,
	scores: Scores,
	options: ImageOptions = {},
): ImageMetrics {
	check(labels, scores, options);
	try {
		return imageResult(
			loadAddon().imageMetrics(labels, scores, options.curves ?? false),
			options,
		);
	} catch (error) {
		throw fromNative(error);
	}
}

async function imageAsync(
	labels: Labels,
	scores: Scores,
	options: ImageOptions = {},
): Promise<ImageMetrics> {
	check(labels, scores, options);
	const [ownLabels, ownScores] = await Promise.all([
		copyOf(labels, "labels"),
		copyOf(scores, "scores"),
	]);
	try {
		return imageResult(
			await loadAddon().imageMetrics(
				ownLabels,
				ownScores,
				options.curves ?? false,
				true,
			),
			options,
		);
	} catch (error) {
		throw fromNative(error);
	}
}

function check(labels: Labels, scores: Scores, options: ImageOptions): void {
	if (!(labels instanceof Uint8Array))
		throw wrongType("a Uint8Array of 0 and 1", "labels", labels);
	if (!(scores instanceof Float32Array || scores instanceof Float64Array))
		throw wrongType("a Float32Array or Float64Array", "scores", scores);
	if (labels.length !== scores.length)
		throw rangeError(
			`Expected as many scores as labels but received ${scores.length} and ${labels.length}`,
		);
	checkOptions(options, "options", { curves: boolean });
}

const imageResult = (
	{ auroc, averagePrecision, aupr, f1, threshold, roc, pr }: NativeMetrics,
	options: ImageOptions,
): ImageMetrics => ({
	auroc,
	averagePrecision,
	aupr,
	f1,
	threshold,
	...(options.curves && { curves: { roc, pr } }),
});

const best = ({ f1, threshold }: ImageMetrics) => ({ f1, threshold });

export const metrics = {
	image,
	auroc: (labels: Labels, scores: Scores): number =>
		image(labels, scores).auroc,
	averagePrecision: (labels: Labels, scores: Scores): number =>
		image(labels, scores).averagePrecision,
	aupr: (labels: Labels, scores: Scores): number => image(labels, scores).aupr,
	f1Max: (labels: Labels, scores: Scores): { f1: number; threshold: number } =>
		best(image(labels, scores)),
	pixel,
	pro: (maps: Maps, masks: Masks, options: PixelOptions): number =>
		pixel(maps, masks, options).pro,

	/**
	 * The same off the event loop, on threads of their own. Arrays are copied first, in slices with a turn of the event
	 * loop between, maps one image at a time: until the promise settles they must stay as they are. One that was
	 * transferred meanwhile is a RangeError.
	 */
	async: {
		image: imageAsync,
		auroc: async (labels: Labels, scores: Scores): Promise<number> =>
			(await imageAsync(labels, scores)).auroc,
		averagePrecision: async (labels: Labels, scores: Scores): Promise<number> =>
			(await imageAsync(labels, scores)).averagePrecision,
		aupr: async (labels: Labels, scores: Scores): Promise<number> =>
			(await imageAsync(labels, scores)).aupr,
		f1Max: async (
			labels: Labels,
			scores: Scores,
		): Promise<{ f1: number; threshold: number }> =>
			best(await imageAsync(labels, scores)),
		pixel: pixelAsync,
		pro: async (
			maps: Maps,
			masks: Masks,
			options: PixelOptions,
		): Promise<number> => (await pixelAsync(maps, masks, options)).pro,
	},
};

export type { Maps, Masks, PixelMetrics, PixelOptions };
