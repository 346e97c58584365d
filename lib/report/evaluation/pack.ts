// Converts an evaluation and its images to the types of payload.ts.
import { AlfaError } from "../../errors.js";
import { colormap } from "../../images/colormap.js";
import { metricText } from "./metric-text.js";
import type { PageImage, PageResult } from "./page-image.js";
import type {
	CategoryCurves,
	ChunkImage,
	ChunkResult,
	ImageRow,
	Payload,
	PayloadCategory,
} from "./payload.js";
import {
	type CategoryResult,
	type Evaluation,
	metricNames,
	type Variant,
} from "./results.js";

export function packPage({ variants, datasets, maxFpr }: Evaluation): Payload {
	let curves = 0;
	return {
		metrics: metricNames.map((name) => ({
			name,
			label: metricText[name].label,
			level: metricText[name].level,
		})),
		variants: variants.map(({ id, settings }) => ({
			id,
			crop: settings.fit === "crop" && settings.tile === undefined,
		})),
		maxFpr,
		turbo: toBase64(colormap("turbo")),
		datasets: datasets.map(({ name, categories, mean }) => ({
			name,
			mean: variants.map(({ id }) => mean[id] ?? null),
			categories: categories.map((category) =>
				packCategory(category, variants, curves++),
			),
		})),
	};
}

function packCategory(
	category: CategoryResult,
	variants: readonly Variant[],
	curves: number,
): PayloadCategory {
	return {
		name: category.name,
		normal: category.normal,
		anomalous: category.anomalous,
		curves,
		variants: variants.map(({ id }) => {
			const result = category.variants[id];
			return result
				? { metrics: result.figures, threshold: result.threshold }
				: null;
		}),
	};
}

/** The curves of every category, in the order in which packPage numbers them. */
export function* packCurves({
	variants,
	datasets,
}: Evaluation): Generator<CategoryCurves> {
	for (const { categories } of datasets) {
		for (const category of categories)
			yield variants.map(({ id }) => packVariantCurves(category, id));
	}
}

function packVariantCurves(
	category: CategoryResult,
	variant: string,
): CategoryCurves[number] {
	const curves = category.variants[variant]?.curves;
	if (!curves) return null;
	const rounded = Object.entries(curves).map(([name, { x, y }]) => [
		name,
		{ x: x.map(roundForPage), y: y.map(roundForPage) },
	]);
	return Object.fromEntries(rounded);
}

/** The page never shows more than 5 decimals. */
function roundForPage(value: number): number {
	return Math.round(value * 1e5) / 1e5;
}

export interface PackedImage {
	row: ImageRow;
	content: ChunkImage;
}

/** A function that packs images one after the other and assigns their chunks. */
export function imagePacker(
	{ variants, datasets }: Evaluation,
	perChunk: number,
): (image: PageImage) => PackedImage {
	const indices = new Map(
		datasets.map(({ name, categories }, index) => [
			name,
			{
				index,
				categories: new Map(
					categories.map((category, i) => [category.name, i]),
				),
			},
		]),
	);
	let count = 0;
	return (image) => {
		const dataset = indices.get(image.dataset);
		const category = dataset?.categories.get(image.category);
		if (!dataset || category === undefined) {
			throw new AlfaError(
				"ERR_ALFA_INTERNAL",
				`The image ${image.id} belongs to ${image.dataset} / ${image.category}, but the evaluation does ` +
					"not have this category",
			);
		}
		const results = variants.map(({ id }) =>
			Object.hasOwn(image.variants, id) ? image.variants[id]! : null,
		);
		const index = count++;
		const row: ImageRow = {
			dataset: dataset.index,
			category,
			id: image.id,
			kind: image.kind,
			anomalous: image.anomalous,
			chunk: Math.floor(index / perChunk),
			at: index % perChunk,
			scores: results.map((result) =>
				result && Number.isFinite(result.score) ? result.score : null,
			),
		};
		const content: ChunkImage = {
			...(image.thumbnail && { thumbnail: toBase64(image.thumbnail) }),
			...(image.mask && { mask: toBase64(image.mask) }),
			results: results.map((result) => result && packResult(result)),
		};
		return { row, content };
	};
}

function packResult({
	kept,
	of,
	ambiguous,
	reasons,
	map,
}: PageResult): ChunkResult {
	return {
		...(kept && { kept }),
		...(of && { of }),
		...(ambiguous && { ambiguous: true }),
		reasons: reasons.map(({ text, similarity }) => ({
			text,
			similarity: roundForPage(similarity),
		})),
		...(map && {
			map: {
				width: map.width,
				height: map.height,
				values: toBase64(map.values),
			},
		}),
	};
}

function toBase64(bytes: Uint8Array): string {
	return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString(
		"base64",
	);
}
