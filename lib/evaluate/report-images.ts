// The images of the report page: each test image at a small size, its mask, and the anomaly map of each
// variant with 8 bits.
import sharp from "sharp";
import type { CategoryData, TestImage } from "../datasets/category-data.js";
import type { Dataset } from "../datasets/dataset.js";
import { readMask } from "../datasets/masks.js";
import type { ImageReading } from "../options/reading.js";
import type { PageImage } from "../report/evaluation/page-image.js";
import type { Evaluation } from "../report/evaluation/results.js";
import type { Journal } from "./journal.js";
import type { Plan } from "./plan.js";
import { readImage } from "./read-image.js";
import {
	decodeMap,
	type StoredDetection,
	type StoredMap,
} from "./stored-detection.js";

export interface ReportSource {
	datasets: readonly Dataset[];
	journal: Journal;
	plan: Plan;
	reading: ImageReading;
}

/** Pixels of an image's longer side. */
const maxImageSide = 160;
/** Values of a map's longer side. Only maps with tiles are larger. */
const maxMapSide = 48;

/**
 * Every readable image, category by category. If an image cannot be decoded any more, it comes without its
 * pixels but with its results.
 */
export async function* reportImages(
	{ variants }: Evaluation,
	{ datasets, journal, plan, reading }: ReportSource,
	signal: AbortSignal | undefined,
): AsyncGenerator<PageImage> {
	for (const { name: dataset, categories } of datasets) {
		for (const data of categories) {
			const ranges = await mapRanges(dataset, data, journal);
			for (const image of data.test) {
				signal?.throwIfAborted();
				const entry = await journal.get({
					dataset,
					category: data.name,
					image: image.id,
				});
				if (!entry?.size) continue;
				const results = variants.flatMap(({ id }) => {
					const configuration = plan.configurationsOf.get(id)![0]!.id;
					const detection = entry.looks?.[configuration];
					return detection
						? [[id, pageResult(detection, ranges.get(configuration))] as const]
						: [];
				});
				yield {
					dataset,
					category: data.name,
					id: image.id,
					kind: image.kind,
					anomalous: image.anomalous,
					...(await thumbnails(image, entry.size, reading)),
					variants: Object.fromEntries(results),
				};
			}
		}
	}
}

async function thumbnails(
	image: TestImage,
	[width, height]: readonly [number, number],
	reading: ImageReading,
): Promise<Pick<PageImage, "thumbnail" | "mask">> {
	const scale = Math.min(1, maxImageSide / Math.max(width, height));
	const size = {
		width: Math.max(1, Math.round(width * scale)),
		height: Math.max(1, Math.round(height * scale)),
	};
	const webp = await thumbnail(image, size, reading);
	const { mask } = image;
	const marked =
		mask === undefined
			? undefined
			: (await readMask(mask, { width, height }, size, "squash")).mask;
	const png = marked && (await maskPng(marked, size));
	return { ...(webp && { thumbnail: webp }), ...(png && { mask: png }) };
}

/** undefined if the image cannot be decoded any more. */
async function thumbnail(
	image: TestImage,
	{ width, height }: { width: number; height: number },
	reading: ImageReading,
): Promise<Buffer | undefined> {
	const { image: pixels } = await readImage(image, reading);
	if (!pixels) return undefined;
	const { data, ...raw } = pixels;
	return sharp(data, { raw, limitInputPixels: false })
		.resize(width, height, { fit: "fill" })
		.flatten({ background: "white" })
		.webp({ quality: 78 })
		.toBuffer();
}

function maskPng(
	mask: Uint8Array,
	size: { width: number; height: number },
): Promise<Buffer> {
	const pixels = mask.map((value) => value * 255);
	return sharp(pixels, { raw: { ...size, channels: 1 } })
		.toColourspace("b-w")
		.png({ compressionLevel: 9 })
		.toBuffer();
}

type Range = readonly [low: number, high: number];

/** By configuration: the range of its colours, from the median of the category's map values to their maximum. */
async function mapRanges(
	dataset: string,
	data: CategoryData,
	journal: Journal,
): Promise<Map<string, Range>> {
	const samples = new Map<string, number[]>();
	for (const { id } of data.test) {
		const entry = await journal.get({
			dataset,
			category: data.name,
			image: id,
		});
		for (const [configuration, { map }] of Object.entries(entry?.looks ?? {})) {
			if (!map) continue;
			const values = samples.get(configuration) ?? [];
			values.push(...sampleMap(decodeMap(map)));
			samples.set(configuration, values);
		}
	}
	return new Map(
		[...samples].map(([configuration, values]) => {
			const sorted = Float64Array.from(values).sort();
			return [configuration, [sorted[sorted.length >> 1]!, sorted.at(-1)!]];
		}),
	);
}

/** About 64 values at equal distances, and the maximum. */
function sampleMap(map: Float32Array): number[] {
	const step = Math.max(1, Math.floor(map.length / 64));
	const values: number[] = [];
	for (let i = 0; i < map.length; i += step) values.push(map[i]!);
	values.push(map.reduce((a, b) => Math.max(a, b)));
	return values;
}

function pageResult(
	{ score, kept, of, ambiguous, reasons = [], map }: StoredDetection,
	range: Range | undefined,
): PageImage["variants"][string] {
	return {
		score,
		reasons: reasons.map(([text, similarity]) => ({ text, similarity })),
		...(kept && { kept: [...kept] }),
		...(of && { of: [...of] }),
		...(ambiguous && { ambiguous }),
		...(map && range && { map: quantiseMap(map, range) }),
	};
}

/** The map in 256 steps over the range. A map that is too large keeps every n-th value. */
function quantiseMap(
	stored: StoredMap,
	[low, high]: Range,
): { width: number; height: number; values: Uint8Array } {
	const map = decodeMap(stored);
	const step = Math.ceil(Math.max(stored.width, stored.height) / maxMapSide);
	const width = Math.floor(stored.width / step);
	const height = Math.floor(stored.height / step);
	const values = Uint8Array.from({ length: width * height }, (_, i) => {
		const row = Math.floor(i / width) * step;
		const column = (i % width) * step;
		const share = (map[row * stored.width + column]! - low) / (high - low || 1);
		return Math.round(255 * Math.min(1, Math.max(0, share)));
	});
	return { width, height, values };
}
