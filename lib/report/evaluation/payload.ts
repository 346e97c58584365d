// What the page carries for its viewer, as JSON in its own elements: the contract between page.ts and viewer/.
// The blocks are data-page (Payload), data-images (ImageRow[]), data-chunk-N (ChunkImage[]) and data-curves-N (CurveBlock).
// Variants, datasets and categories go by their place in these lists, so that no name is ever a key.
import type {
	CurvePoints,
	MetricValue,
	MetricName,
} from "../../evaluate/results.js";

export interface Payload {
	metrics: readonly {
		name: MetricName;
		label: string;
		level: "image" | "pixel";
	}[];
	variants: readonly PayloadVariant[];
	datasets: readonly PayloadDataset[];
	/** Where PRO's curve ends. */
	maxFpr: number;
	/** Base64 of 256 RGB triples. */
	turbo: string;
}

export interface PayloadVariant {
	id: string;
	/** The map covers the picture's centre square alone. */
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
		figures: Readonly<Record<MetricName, MetricValue>>;
		threshold: number | null;
	} | null)[];
	/** Number of its block of curves. */
	curves: number;
}

export const curveNames = ["roc", "pr", "pixelRoc", "pixelPr", "pro"] as const;
export type CurveName = (typeof curveNames)[number];
/** A category's curves, per variant. */
export type CurveBlock = readonly (Partial<
	Record<CurveName, CurvePoints>
> | null)[];

/** What filters and sorting need of every image; the rest is in its chunk. */
export interface ImageRow {
	dataset: number;
	category: number;
	id: string;
	kind: string;
	anomalous: boolean;
	/** Number of its chunk, and its place in it. */
	chunk: number;
	at: number;
	/** Per variant. */
	scores: readonly (number | null)[];
}

export interface ChunkImage {
	/** Base64, of WebP and PNG. */
	picture?: string;
	mask?: string;
	/** Per variant. */
	found: readonly (Found | null)[];
}

export interface Found {
	kept?: readonly [number, number];
	of?: readonly [number, number];
	ambiguous?: boolean;
	reasons: readonly { text: string; similarity: number }[];
	/** Base64 of width * height bytes. */
	map?: { width: number; height: number; values: string };
}
