// What an evaluation found: plain data, the content of results.json. The same inputs give the same bytes.
import type { RecipeName } from "../recipes.js";
import type { Settings } from "../options/settings.js";
import type { LayoutName, Problem } from "../datasets/dataset.js";

/** docs/method.md, section 11; each in [0, 1]. */
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

/** A figure over the seeds. */
export interface MetricValue {
	/** Mean over the seeds; null where it cannot be measured. */
	readonly mean: number | null;
	/** Standard deviation over the seeds (n - 1); null with fewer than two. */
	readonly std: number | null;
	/** Why it is null. */
	readonly reason?: string;
}
export type MetricValues = Readonly<Record<MetricName, MetricValue>>;

/** A system with a number of references. */
export interface Variant {
	/** Unique and short, such as 'alfa' or 'alfa 4-shot'. */
	readonly id: string;
	/** The system's name, without the shots. */
	readonly system: string;
	readonly recipe: RecipeName;
	readonly shots: number;
	/** How many draws of references; 1 without references. */
	readonly seeds: number;
	/** Every setting. */
	readonly settings: Settings;
	/** Which score of a result is the image score. */
	readonly readout: Readout;
}

/**
 * 'score': S. 'global': S_G alone. 'local': max M alone. 'one-class': (1 - the mean similarity to the normal prompts) / 2,
 * what a detector without any word for abnormal has to go by.
 */
export const readouts = ["score", "global", "local", "one-class"] as const;
export type Readout = (typeof readouts)[number];

export interface CurvePoints {
	readonly x: readonly number[];
	readonly y: readonly number[];
}

export interface VariantResult {
	readonly figures: MetricValues;
	/** Image scores from it on are called anomalous at the best F1 (first seed); null where imageF1 is. */
	readonly threshold: number | null;
	/** Of the first seed; what cannot be drawn is missing. */
	readonly curves: {
		readonly roc?: CurvePoints;
		readonly pr?: CurvePoints;
		readonly pixelRoc?: CurvePoints;
		readonly pixelPr?: CurvePoints;
		readonly pro?: CurvePoints;
	};
	/** Images that took part: in image figures, and in pixel figures. */
	readonly images: number;
	readonly pixelImages: number;
}

export interface CategoryResult {
	readonly name: string;
	readonly normal: number;
	readonly anomalous: number;
	readonly unreadable: number;
	readonly variants: Readonly<Record<string, VariantResult>>;
}

/** A row of the paper beside one of ours. */
export interface Comparison {
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
	/** Per variant the unweighted mean over the categories that could be measured, and how many those are. */
	readonly mean: Readonly<
		Record<
			string,
			Readonly<
				Record<MetricName, MetricValue & { readonly categories: number }>
			>
		>
	>;
	/** The paper's figures for the same dataset, where it is the paper's and complete. */
	readonly published: readonly Comparison[];
	readonly problems: readonly Problem[];
}

export interface Evaluation {
	readonly format: 1;
	/** Model, and the SHA-256 of its weights. */
	readonly model: {
		readonly name: string;
		readonly sha256: string;
		readonly precision: string;
	};
	/** The side at which maps and masks meet, in pixels; 'image': each image's own size. */
	readonly resolution: number | "image";
	readonly maxFpr: number;
	readonly proThresholds: "all" | 200;
	readonly variants: readonly Variant[];
	readonly datasets: readonly DatasetResult[];
}

/** How it was made: everything that may differ between two runs of the same inputs. */
export interface RunInfo {
	readonly started: string; // ISO 8601
	readonly seconds: number;
	readonly command?: string;
	readonly machine: {
		readonly cpu: string;
		readonly cores: number /** Bytes. */;
		readonly memory: number;
		readonly platform: string;
	};
	readonly versions: Readonly<Record<string, string>>;
	readonly device: string;
	readonly precision: string;
}
