// Datasets of one small picture under many names, and what was read from them, in short.
import { join } from "node:path";
import sharp from "sharp";
import { expect } from "vitest";
import type { Dataset } from "../../dist/datasets/dataset.js";
import { plant } from "./folder.js";

export const picture = await sharp({
	create: { width: 8, height: 8, channels: 3, background: "teal" },
})
	.png()
	.toBuffer();
export const planted = (name: string, files: readonly string[]) =>
	plant(name, files, picture);
export const inside = (category: string, files: readonly string[]) =>
	files.map((file) => `${category}/${file}`);

/** 'kind where', in their order. */
export const problems = ({ problems: all }: Dataset) =>
	all.map(({ kind, where }) => `${kind} ${where}`);

/** Per category the ids for training, and each test image as 'id kind mask', the mask below the root. */
export const images = ({ root, categories }: Dataset) =>
	Object.fromEntries(
		categories.map(({ name, train, test }) => [
			name,
			{
				train: train.map(({ id, file }) => {
					expect(file).toBe(join(root, id));
					return id;
				}),
				test: test.map(({ id, file, kind, anomalous, mask }) => {
					expect([file, anomalous]).toEqual([join(root, id), kind !== "good"]);
					return [
						id,
						kind,
						...(mask ? [mask.slice(root.length + 1)] : []),
					].join(" ");
				}),
			},
		]),
	);
