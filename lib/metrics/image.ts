// Metrics of images, or of anything else with a label and a score.
import { callNative, fromNative, rangeError } from "../errors.js";
import { loadAddon, type NativeMetrics } from "../native/addon.js";
import { boolean, checkOptions, wrongType } from "../options/validate.js";
import { isKind, plainView, unshared } from "../util/typed-arrays.js";
import { copyArray } from "./copy.js";

/** 0 is normal, any other value is anomalous. */
export type Labels = Uint8Array;
export type Scores = Float32Array | Float64Array;

/** A curve to plot, with at most about 1000 points. The first and the last point are always present. */
export interface Curve {
	x: Float64Array;
	y: Float64Array;
}

/** Exact over every distinct score. */
export interface ImageMetrics {
	/**
	 * Area under the ROC curve: the fraction of (anomalous, normal) pairs in which the anomalous one has the higher
	 * score. Equal scores count a half.
	 */
	auroc: number;
	/** Area under the precision-recall curve as a step function, as scikit-learn's `average_precision_score`. */
	averagePrecision: number;
	/** The same area with trapezoids. It is too optimistic: a constant score gets more than a half. */
	aupr: number;
	/** The highest F1 over all thresholds. A score at or above the threshold is anomalous. */
	f1: number;
	/** The highest threshold that gives `f1`. */
	threshold: number;
	/** With the option `curves`. roc: false and true positive rate; pr: recall and precision. */
	curves?: { roc: Curve; pr: Curve };
}

export interface ImageOptions {
	/** Whether the result has curves. Default false. */
	curves?: boolean;
}

/** Throws a RangeError if there are no normal or no anomalous labels, or if a score is not finite. */
export function imageMetrics(
	labels: Labels,
	scores: Scores,
	options: ImageOptions = {},
): ImageMetrics {
	const { labelArray, scoreArray, curves } = checkArguments(
		labels,
		scores,
		options,
	);
	return toImageMetrics(
		callNative(() =>
			loadAddon().imageMetrics(
				unshared(labelArray),
				unshared(scoreArray),
				curves,
			),
		),
		curves,
	);
}

/** The same on a thread of its own. */
export async function imageMetricsAsync(
	labels: Labels,
	scores: Scores,
	options: ImageOptions = {},
): Promise<ImageMetrics> {
	const { labelArray, scoreArray, curves } = checkArguments(
		labels,
		scores,
		options,
	);
	const [labelsCopy, scoresCopy] = await Promise.all([
		copyArray(labelArray, "labels"),
		copyArray(scoreArray, "scores"),
	]);
	try {
		return toImageMetrics(
			await loadAddon().imageMetrics(labelsCopy, scoresCopy, curves, true),
			curves,
		);
	} catch (error) {
		throw fromNative(error);
	}
}

/** Plain views of the arrays, and the options. */
function checkArguments(
	labels: unknown,
	scores: unknown,
	options: unknown,
): { labelArray: Labels; scoreArray: Scores; curves: boolean } {
	if (!isKind(labels, "Uint8Array"))
		throw wrongType("a Uint8Array of 0 and 1", "labels", labels);
	const labelArray = plainView(labels, "Uint8Array");
	const scoreArray = plainScores(scores);
	if (labelArray.length !== scoreArray.length)
		throw rangeError(
			`Expected as many scores as labels but received ${scoreArray.length} scores and ${labelArray.length} labels`,
		);
	const { curves = false } = checkOptions(options, "options", {
		curves: boolean,
	});
	return { labelArray, scoreArray, curves };
}

function plainScores(scores: unknown): Scores {
	if (isKind(scores, "Float32Array")) return plainView(scores, "Float32Array");
	if (isKind(scores, "Float64Array")) return plainView(scores, "Float64Array");
	throw wrongType("a Float32Array or Float64Array", "scores", scores);
}

function toImageMetrics(native: NativeMetrics, curves: boolean): ImageMetrics {
	const { auroc, averagePrecision, aupr, f1, threshold, roc, pr } = native;
	return {
		auroc,
		averagePrecision,
		aupr,
		f1,
		threshold,
		...(curves && { curves: { roc, pr } }),
	};
}
