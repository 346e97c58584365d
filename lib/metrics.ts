// Metrics, computed in the addon: docs/method.md, step 12.
import {
	type ImageMetrics,
	imageMetrics,
	imageMetricsAsync,
	type Labels,
	type Scores,
} from "./metrics/image.js";
import {
	type Maps,
	type Masks,
	type PixelOptions,
	pixelMetrics,
	pixelMetricsAsync,
} from "./metrics/pixel.js";

export type {
	Curve,
	ImageMetrics,
	ImageOptions,
	Labels,
	Scores,
} from "./metrics/image.js";
export type {
	Maps,
	Masks,
	PixelMetrics,
	PixelOptions,
} from "./metrics/pixel.js";

/** The highest F1 and its threshold. */
interface BestF1 {
	f1: number;
	threshold: number;
}

const bestF1 = ({ f1, threshold }: ImageMetrics): BestF1 => ({ f1, threshold });

const imageMetric =
	<T>(pick: (metrics: ImageMetrics) => T) =>
	(labels: Labels, scores: Scores): T =>
		pick(imageMetrics(labels, scores));

const imageMetricAsync =
	<T>(pick: (metrics: ImageMetrics) => T) =>
	async (labels: Labels, scores: Scores): Promise<T> =>
		pick(await imageMetricsAsync(labels, scores));

export const metrics = {
	/** All metrics of images. Throws a RangeError without normal or anomalous labels, or if a score is not finite. */
	image: imageMetrics,
	/** Area under the ROC curve of images. */
	auroc: imageMetric(({ auroc }) => auroc),
	/** Area under the precision-recall curve of images, as a step function. */
	averagePrecision: imageMetric(({ averagePrecision }) => averagePrecision),
	/** Area under the precision-recall curve of images, with trapezoids. */
	aupr: imageMetric(({ aupr }) => aupr),
	/** The highest F1 of images over all thresholds, and its threshold. */
	f1Max: imageMetric(bestF1),
	/** All metrics of pixels. Throws a RangeError without normal or anomalous pixels, or if a score is not finite. */
	pixel: pixelMetrics,
	/** Per-region overlap of maps and masks. */
	pro: (maps: Maps, masks: Masks, options: PixelOptions): number =>
		pixelMetrics(maps, masks, options).pro,

	/**
	 * The same on threads of their own, off the event loop. The arrays are copied first, in slices, maps one image at a
	 * time. They must not change until the promise settles; if one is transferred, the promise rejects with a RangeError.
	 */
	async: {
		image: imageMetricsAsync,
		auroc: imageMetricAsync(({ auroc }) => auroc),
		averagePrecision: imageMetricAsync(
			({ averagePrecision }) => averagePrecision,
		),
		aupr: imageMetricAsync(({ aupr }) => aupr),
		f1Max: imageMetricAsync(bestF1),
		pixel: pixelMetricsAsync,
		pro: async (
			maps: Maps,
			masks: Masks,
			options: PixelOptions,
		): Promise<number> => (await pixelMetricsAsync(maps, masks, options)).pro,
	},
};
