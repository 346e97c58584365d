// The report's pictures: each image small, its mask, and per variant the grid map in 256 steps.
import sharp from "sharp";
import type { PageImage } from "../report/evaluation/page.js";
import type { CategoryData, Dataset, TestImage } from "../datasets/dataset.js";
import type { Journal, LookResult } from "./journal.js";
import { mapOf } from "./detect-images.js";
import { readMask } from "../datasets/masks.js";
import type { Rules } from "./measure.js";
import type { Evaluation } from "./results.js";
import type { Plan } from "./systems.js";

export interface Seen {
	datasets: readonly Dataset[];
	journal: Journal;
	rules: Rules;
	plan: Plan;
}

const side = 160; // pixels of the longer side of a picture

/** Every readable image, category by category; a picture that cannot be made is left out, its numbers stay. */
export async function* pageImages(
	{ variants }: Evaluation,
	{ datasets, journal, plan }: Seen,
	signal: AbortSignal | undefined,
): AsyncGenerator<PageImage> {
	for (const { name: dataset, categories } of datasets) {
		for (const data of categories) {
			const ranges = await rangesOf(dataset, data, journal, plan);
			for (const image of data.test) {
				signal?.throwIfAborted();
				const entry = await journal.get({
					dataset,
					category: data.name,
					image: image.id,
				});
				if (!entry?.size) continue;
				const found = variants.flatMap(({ id }) => {
					const look = plan.looksOf.get(id)![0]!.id;
					const result = entry.looks?.[look];
					return result ? [[id, shown(result, ranges.get(look))] as const] : [];
				});
				yield {
					dataset,
					category: data.name,
					id: image.id,
					kind: image.kind,
					anomalous: image.anomalous,
					...(await pictures(image, entry.size)),
					variants: Object.fromEntries(found),
				};
			}
		}
	}
}

async function pictures(
	{ file, mask }: TestImage,
	[width, height]: readonly [number, number],
): Promise<Pick<PageImage, "picture" | "mask">> {
	const scale = Math.min(1, side / Math.max(width, height));
	const size = {
		width: Math.max(1, Math.round(width * scale)),
		height: Math.max(1, Math.round(height * scale)),
	};
	const picture = await sharp(file, {
		autoOrient: true,
		limitInputPixels: false,
	})
		.resize(size.width, size.height, { fit: "fill" })
		.flatten({ background: "white" })
		.webp({ quality: 78 })
		.toBuffer()
		.catch(() => undefined);
	const found =
		mask === undefined
			? undefined
			: (await readMask(mask, { width, height }, size, "squash")).mask;
	const png =
		found &&
		(await sharp(
			found.map((value) => value * 255),
			{ raw: { ...size, channels: 1 } },
		)
			.toColourspace("b-w")
			.png({ compressionLevel: 9 })
			.toBuffer());
	return { ...(picture && { picture }), ...(png && { mask: png }) };
}

type Range = readonly [low: number, high: number];

/** Per look, from the middle of a category's map values to the highest: what colours run over. */
async function rangesOf(
	dataset: string,
	data: CategoryData,
	journal: Journal,
	plan: Plan,
): Promise<Map<string, Range>> {
	const values = new Map<string, number[]>();
	for (const { id } of data.test) {
		const entry = await journal.get({
			dataset,
			category: data.name,
			image: id,
		});
		for (const [look, { map }] of Object.entries(entry?.looks ?? {})) {
			if (!map) continue;
			const kept = values.get(look) ?? [];
			values.set(look, kept);
			const grid = mapOf(map);
			const step = Math.max(1, Math.floor(grid.length / 64));
			for (let i = 0; i < grid.length; i += step) kept.push(grid[i]!);
			kept.push(grid.reduce((most, each) => Math.max(most, each)));
		}
	}
	return new Map(
		[...values].map(([look, kept]) => {
			const sorted = Float64Array.from(kept).sort();
			return [look, [sorted[sorted.length >> 1]!, sorted.at(-1)!]];
		}),
	);
}

function shown(
	{ score, kept, of, ambiguous, reasons = [], map }: LookResult,
	range: Range | undefined,
): PageImage["variants"][string] {
	return {
		score,
		reasons: reasons.map(([text, similarity]) => ({ text, similarity })),
		...(kept && { kept: [...kept] }),
		...(of && { of: [...of] }),
		...(ambiguous && { ambiguous }),
		...(map && range && { map: quantised(map, range) }),
	};
}

const largest = 48; // sides of maps in the page; those of tiles come larger

function quantised(
	map: NonNullable<LookResult["map"]>,
	[low, high]: Range,
): { width: number; height: number; values: Uint8Array } {
	const grid = mapOf(map);
	const step = Math.ceil(Math.max(map.width, map.height) / largest);
	const width = Math.floor(map.width / step),
		height = Math.floor(map.height / step);
	const values = Uint8Array.from({ length: width * height }, (_, i) => {
		const value =
			grid[Math.floor(i / width) * step * map.width + (i % width) * step]!;
		return Math.round(
			255 * Math.min(1, Math.max(0, (value - low) / (high - low || 1))),
		);
	});
	return { width, height, values };
}
