// The results of an evaluation as plain data: the content of results.json. The same inputs give the same bytes.

import type { Problem } from "../../datasets/category-data.js";
import type { LayoutName } from "../../datasets/layouts.js";
import type { RecipeName } from "../../recipes.js";
import type { Settings } from "../../settings/settings.js";

/** The metrics of docs/method.md, step 12. Each value is in [0, 1]. */
export const metricNames = [
	"imageAuroc",
	"imageAp",
	"imageAupr",
	"imageF1",
	"pixelAuroc",
	"pixelAp",
	"pixelF1",
	"pro",
] as const;
export type MetricName = (typeof metricNames)[number];

/** The value of a metric, aggregated over the seeds. */
export interface MetricValue {
	/** Mean over the seeds. null if the metric cannot be computed. */
	readonly mean: number | null;
	/** Sample standard deviation over the seeds (divisor n - 1). null for fewer than two seeds. */
	readonly std: number | null;
	/** Why `mean` is null. */
	readonly reason?: string;
}
export type MetricValues = Readonly<Record<MetricName, MetricValue>>;

/** A system with a fixed number of reference images. */
export interface Variant {
	/** Unique and short, such as 'alfa' or 'alfa 4-shot'. */
	readonly id: string;
	/** The name of the system, without the number of shots. */
	readonly system: string;
	readonly recipe: RecipeName;
	/** Number of reference images. */
	readonly shots: number;
	/** How often reference images are drawn. 1 without reference images. */
	readonly seeds: number;
	/** Every setting of the category. */
	readonly settings: Settings;
	/** Which value of a detection is used as the image score. */
	readonly readout: ScoreSource;
}

/**
 * The value of a detection that is used as the image score:
 * - 'score': the anomaly score S.
 * - 'global': the global score S_G.
 * - 'local': the maximum of the anomaly map M.
 * - 'one-class': (1 - the mean similarity to the normal prompts) / 2. Abnormal prompts are not used.
 */
export const scoreSources = ["score", "global", "local", "one-class"] as const;
/** See the list at `scoreSources`. */
export type ScoreSource = (typeof scoreSources)[number];

export interface CurvePoints {
	readonly x: readonly number[];
	readonly y: readonly number[];
}

/** The results of one variant in one category. */
export interface VariantResult {
	readonly figures: MetricValues;
	/** The threshold of the best F1 of the first seed: image scores from it on are anomalous. null if imageF1 is null. */
	readonly threshold: number | null;
	/** Curves of the first seed. A curve that cannot be computed is missing. */
	readonly curves: {
		readonly roc?: CurvePoints;
		readonly pr?: CurvePoints;
		readonly pixelRoc?: CurvePoints;
		readonly pixelPr?: CurvePoints;
		readonly pro?: CurvePoints;
	};
	/** Number of images that count for the image metrics. */
	readonly images: number;
	/** Number of images that count for the pixel metrics. */
	readonly pixelImages: number;
}

export interface CategoryResult {
	readonly name: string;
	/** Number of readable normal test images. */
	readonly normal: number;
	/** Number of readable anomalous test images. */
	readonly anomalous: number;
	/** Number of test images that cannot be decoded. */
	readonly unreadable: number;
	/** By the id of the variant. */
	readonly variants: Readonly<Record<string, VariantResult>>;
}

/** A value that the paper published, and the measured value. */
export interface Comparison {
	/** The id of the variant. */
	readonly variant: string;
	readonly metric: MetricName;
	readonly ours: number;
	readonly published: number;
	/** Such as 'Table 1, ALFA'. */
	readonly source: string;
}

export interface DatasetResult {
	readonly name: string;
	readonly layout: LayoutName;
	readonly categories: readonly CategoryResult[];
	/**
	 * By the id of the variant: the unweighted mean over the categories in which the metric can be computed,
	 * and the number of these categories.
	 */
	readonly mean: Readonly<
		Record<
			string,
			Readonly<
				Record<MetricName, MetricValue & { readonly categories: number }>
			>
		>
	>;
	/** The paper's values. Empty unless the dataset is one of the paper's and complete. */
	readonly published: readonly Comparison[];
	readonly problems: readonly Problem[];
}

export interface Evaluation {
	readonly format: 1;
	readonly model: {
		readonly name: string;
		/** SHA-256 of the weights. */
		readonly sha256: string;
		readonly precision: string;
	};
	/** The side in pixels to which maps and masks are resized. 'image': each image's own size. */
	readonly resolution: number | "image";
	/** The false positive rate up to which PRO is integrated. */
	readonly maxFpr: number;
	readonly proThresholds: "all" | 200;
	readonly variants: readonly Variant[];
	readonly datasets: readonly DatasetResult[];
}

/** How an evaluation was run: everything that can differ between two runs with the same inputs. */
export interface RunInfo {
	/** ISO 8601. */
	readonly started: string;
	readonly seconds: number;
	readonly command?: string;
	readonly machine: {
		readonly cpu: string;
		readonly cores: number;
		/** Bytes. */
		readonly memory: number;
		readonly platform: string;
	};
	readonly versions: Readonly<Record<string, string>>;
	readonly device: string;
	readonly precision: string;
}
