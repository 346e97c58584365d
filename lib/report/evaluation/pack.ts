// Evaluation and images in the terms of payload.ts.
import { colormap } from "../../images/colormap.js";
import { AlfaError } from "../../errors.js";
import {
	metricNames,
	type CategoryResult,
	type Evaluation,
	type Variant,
} from "../../evaluate/results.js";
import { metricText } from "./metric-text.js";
import type { PageImage } from "./page.js";
import type { ChunkImage, CurveBlock, ImageRow, Payload } from "./payload.js";

export function payloadOf({ variants, datasets, maxFpr }: Evaluation): Payload {
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
		turbo: base64(colormap("turbo")),
		datasets: datasets.map(({ name, categories, mean }) => ({
			name,
			mean: variants.map(({ id }) => mean[id] ?? null),
			categories: categories.map((category) => ({
				name: category.name,
				normal: category.normal,
				anomalous: category.anomalous,
				curves: curves++,
				variants: variants.map(({ id }) => {
					const found = category.variants[id];
					return found
						? { figures: found.figures, threshold: found.threshold }
						: null;
				}),
			})),
		})),
	};
}

/** In the order in which payloadOf numbered them. */
export function* curveBlocks({
	variants,
	datasets,
}: Evaluation): Generator<CurveBlock> {
	for (const { categories } of datasets)
		for (const category of categories) yield curvesOf(category, variants);
}

function curvesOf(
	category: CategoryResult,
	variants: readonly Variant[],
): CurveBlock {
	return variants.map(({ id }) => {
		const curves = category.variants[id]?.curves;
		if (!curves) return null;
		return Object.fromEntries(
			Object.entries(curves).map(([name, { x, y }]) => [
				name,
				{ x: x.map(short), y: y.map(short) },
			]),
		);
	});
}

/** No more digits than the page can show. */
function short(value: number): number {
	return Math.round(value * 1e5) / 1e5;
}

/** Rows for images as they come, each with its place among the chunks. */
export function packer(
	{ variants, datasets }: Evaluation,
	perChunk: number,
): (image: PageImage) => { row: ImageRow; entry: ChunkImage } {
	const places = new Map(
		datasets.map((dataset, at) => [
			dataset.name,
			{
				at,
				categories: new Map(dataset.categories.map(({ name }, i) => [name, i])),
			},
		]),
	);
	let count = 0;
	return (image) => {
		const dataset = places.get(image.dataset);
		const category = dataset?.categories.get(image.category);
		if (!dataset || category === undefined)
			throw new AlfaError(
				"ERR_ALFA_INTERNAL",
				`The image ${image.id} is of ${image.dataset} / ${image.category}, which the evaluation does not have`,
			);
		const found = variants.map(({ id }) =>
			Object.hasOwn(image.variants, id) ? image.variants[id]! : null,
		);
		const at = count++;
		return {
			row: {
				dataset: dataset.at,
				category,
				id: image.id,
				kind: image.kind,
				anomalous: image.anomalous,
				chunk: Math.floor(at / perChunk),
				at: at % perChunk,
				scores: found.map((each) =>
					each && Number.isFinite(each.score) ? each.score : null,
				),
			},
			entry: {
				...(image.picture && { picture: base64(image.picture) }),
				...(image.mask && { mask: base64(image.mask) }),
				found: found.map(
					(each) =>
						each && {
							...(each.kept && { kept: each.kept }),
							...(each.of && { of: each.of }),
							...(each.ambiguous && { ambiguous: true }),
							reasons: each.reasons.map(({ text, similarity }) => ({
								text,
								similarity: short(similarity),
							})),
							...(each.map && {
								map: {
									width: each.map.width,
									height: each.map.height,
									values: base64(each.map.values),
								},
							}),
						},
				),
			},
		};
	};
}

function base64(bytes: Uint8Array): string {
	return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString(
		"base64",
	);
}
