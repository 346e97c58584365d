// The data that the page contains for its viewer, as JSON in <script> elements. This is the contract between
// page.ts and viewer/.
//
// The elements, by id:
// - data-page: Payload
// - data-images: ImageRow[]
// - data-chunk-N: ChunkImage[]
// - data-curves-N: CategoryCurves
//
// Variants, datasets and categories are referred to by their index in Payload, so that no untrusted name is
// used as a key.
import type { CurvePoints, MetricName, MetricValue } from "./results.js";

export interface Payload {
	metrics: readonly {
		name: MetricName;
		label: string;
		level: "image" | "pixel";
	}[];
	variants: readonly PayloadVariant[];
	datasets: readonly PayloadDataset[];
	/** The false positive rate up to which PRO is integrated. */
	maxFpr: number;
	/** The colour map turbo: 256 RGB triples in base64. */
	turbo: string;
}

export interface PayloadVariant {
	id: string;
	/** Whether the map covers only the image's centre square. */
	crop: boolean;
}

export interface PayloadDataset {
	name: string;
	categories: readonly PayloadCategory[];
	/** Per variant. */
	mean: readonly (Readonly<Record<MetricName, MetricValue>> | null)[];
}

export interface PayloadCategory {
	name: string;
	normal: number;
	anomalous: number;
	/** Per variant. */
	variants: readonly ({
		metrics: Readonly<Record<MetricName, MetricValue>>;
		threshold: number | null;
	} | null)[];
	/** The number N of its element data-curves-N. */
	curves: number;
}

export const curveNames = ["roc", "pr", "pixelRoc", "pixelPr", "pro"] as const;
export type CurveName = (typeof curveNames)[number];

/** The curves of one category, per variant. */
export type CategoryCurves = readonly (Partial<
	Record<CurveName, CurvePoints>
> | null)[];

/** The part of an image that filters and sorting need. The rest is in its chunk. */
export interface ImageRow {
	dataset: number;
	category: number;
	id: string;
	kind: string;
	anomalous: boolean;
	/** The number N of its element data-chunk-N. */
	chunk: number;
	/** Its index in the chunk. */
	at: number;
	/** Per variant. */
	scores: readonly (number | null)[];
}

export interface ChunkImage {
	/** WebP in base64. */
	thumbnail?: string;
	/** PNG in base64. */
	mask?: string;
	/** Per variant. */
	results: readonly (ChunkResult | null)[];
}

export interface ChunkResult {
	kept?: readonly [number, number];
	of?: readonly [number, number];
	ambiguous?: boolean;
	reasons: readonly { text: string; similarity: number }[];
	/** `values`: [height * width] bytes in base64. */
	map?: { width: number; height: number; values: string };
}
