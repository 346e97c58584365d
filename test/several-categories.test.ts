// engine.detect: one image for several categories, which share a forward where their settings allow it.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Category, type CategoryOptions, Engine } from "../dist/index.js";
import { expectError } from "./support/errors.js";
import { maxDifference } from "./support/expected.js";
import { sceneImage } from "./support/images.js";
import { tinyModel } from "./support/paths.js";

const image = sceneImage(64, 50, 7);
const references = [1, 2, 3].map((seed) => sceneImage(48, 48, seed));
const prompts = {
	normal: ["a clean widget", "a fine widget"],
	abnormal: ["a broken widget"],
};

const variants: CategoryOptions[] = [
	{ prompts },
	{ prompts, scales: [3] },
	{ recipe: "winclip" },
	{ recipe: "clip-ac" },
	{ recipe: "maskclip" },
	{ recipe: "anovl" },
	{ recipe: "trans-mm" },
	{ recipe: "patchcore", references },
	{ prompts, references },
	{ prompts, values: "raw" },
	{ prompts, mask: "zero" },
	{ prompts, fit: "crop" },
	{ prompts, tile: { size: 40, overlap: 10 } },
	{ recipe: "trans-mm", prompts },
	{ prompts, features: { layers: [1, 3] }, references, scales: [4, 2] },
];

let engine: Engine;
let categories: Category[];
beforeAll(async () => {
	engine = await Engine.open({ model: tinyModel, cache: false, maxBatch: 4 });
	categories = await Promise.all(
		variants.map((options) =>
			engine.category("widget", { resolution: "grid", ...options }),
		),
	);
});
afterAll(() => engine?.close());

test("the results are those of single detections, in the order of the categories", async () => {
	const together = await engine.detect(image, categories);
	expect(together).toHaveLength(categories.length);
	for (const [i, category] of categories.entries()) {
		const single = await category.detect(image);
		const result = together[i]!;
		const variant = JSON.stringify(variants[i]);
		expect(Math.abs(result.score - single.score), variant).toBeLessThan(1e-5);
		expect(maxDifference(result.map, single.map), variant).toBeLessThan(1e-5);
		expect(result.prompts).toEqual(single.prompts);
	}
});

test("a category may be passed twice, and each has its own threshold", async () => {
	const strict = await engine.category("widget", { prompts, threshold: 0 });
	const lax = await engine.category("widget", { prompts, threshold: 1 });
	const results = await engine.detect(image, [strict, lax, strict]);
	expect(results.map(({ anomalous }) => anomalous)).toEqual([
		true,
		false,
		true,
	]);
});

test("calls for several categories and for one run at the same time", async () => {
	const [several, one] = await Promise.all([
		engine.detect(image, categories.slice(0, 4)),
		categories[0]!.detect(image),
		engine.detect(image, [categories[8]!]),
	]);
	expect(Math.abs(several[0]!.score - one.score)).toBeLessThan(1e-5);
});

test("six categories with the same windows take one forward", async () => {
	const six = await Promise.all(
		Array.from({ length: 6 }, (_, i) =>
			engine.category("widget", { prompts, temperature: 0.05 + i / 100 }),
		),
	);
	// The shortest of many runs: other work on the machine can only make a run longer.
	const shortestForward = async (chosen: Category[]) => {
		const times: number[] = [];
		for (let i = 0; i < 25; i++) {
			const [result] = await engine.detect(image, chosen);
			times.push(result!.timings.forward);
		}
		return Math.min(...times);
	};
	const sixTogether = await shortestForward(six);
	expect(sixTogether).toBeLessThan(
		4 * (await shortestForward(six.slice(0, 1))),
	);
});

describe("rejects", () => {
	test("an empty list, or anything but categories", async () => {
		await expectError(
			() => engine.detect(image, []),
			"ERR_ALFA_RANGE",
			/categories/,
		);
		for (const wrong of [undefined, categories[0], [{}], ["widget"]]) {
			await expectError(
				() => engine.detect(image, wrong as never),
				"ERR_ALFA_ARGUMENT",
				/categor/,
			);
		}
	});

	test("a category of another engine", async () => {
		await using other = await Engine.open({ model: tinyModel, cache: false });
		const foreign = await other.category("widget", { prompts });
		await expectError(
			() => engine.detect(image, [categories[0]!, foreign]),
			"ERR_ALFA_RANGE",
			"categories[1]",
		);
	});

	test("a recipe that compares images with each other", async () => {
		const musc = await engine.category("widget", { recipe: "musc" });
		await expectError(
			() => engine.detect(image, [categories[0]!, musc]),
			"ERR_ALFA_ARGUMENT",
			/detectMany/,
		);
	});
});
