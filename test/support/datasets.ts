// Datasets whose files all contain the same small image, and short descriptions of what `readDataset` returned.
import { join } from "node:path";
import sharp from "sharp";
import { expect } from "vitest";
import type { Dataset } from "../../dist/index.js";
import { writeFolder } from "./folder.js";

/** A small PNG. */
export const imageBytes = await sharp({
	create: { width: 8, height: 8, channels: 3, background: "teal" },
})
	.png()
	.toBuffer();

export function writeDataset(name: string, files: readonly string[]): string {
	return writeFolder(name, files, imageBytes);
}

/** The files as paths below the folder of a category. */
export function inCategory(
	category: string,
	files: readonly string[],
): string[] {
	return files.map((file) => `${category}/${file}`);
}

/** The problems as 'kind where', in their order. */
export function problemList({ problems }: Dataset): string[] {
	return problems.map(({ kind, where }) => `${kind} ${where}`);
}

/**
 * Per category, the ids of the training images, and the test images as 'id kind mask', where the mask is
 * below the root.
 */
export function imageList({
	root,
	categories,
}: Dataset): Record<string, { train: string[]; test: string[] }> {
	return Object.fromEntries(
		categories.map(({ name, train, test }) => {
			for (const { id, file } of [...train, ...test])
				expect(file).toBe(join(root, id));
			const describeTest = ({
				id,
				kind,
				anomalous,
				mask,
			}: (typeof test)[number]) => {
				expect(anomalous).toBe(kind !== "good");
				return [id, kind, ...(mask ? [mask.slice(root.length + 1)] : [])].join(
					" ",
				);
			};
			return [
				name,
				{ train: train.map(({ id }) => id), test: test.map(describeTest) },
			];
		}),
	);
}

/** The fifteen categories of MVTec AD. */
export const mvtecCategories = [
	"bottle",
	"cable",
	"capsule",
	"carpet",
	"grid",
	"hazelnut",
	"leather",
	"metal_nut",
	"pill",
	"screw",
	"tile",
	"toothbrush",
	"transistor",
	"wood",
	"zipper",
];

/** The twelve categories of VisA. */
export const visaCategories = [
	"candle",
	"capsules",
	"cashew",
	"chewinggum",
	"fryum",
	"macaroni1",
	"macaroni2",
	"pcb1",
	"pcb2",
	"pcb3",
	"pcb4",
	"pipe_fryum",
];
