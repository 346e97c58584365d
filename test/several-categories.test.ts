// One image, several categories: one forward where their settings let them, the same results as apart.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
	Engine,
	type Category,
	type CategoryOptions,
	type RawImage,
} from "../dist/index.js";
import { farthest } from "./support/expected.js";
import { tiny } from "./support/paths.js";
import { scene } from "./support/images.js";
import { expectRefusal } from "./support/refusal.js";

const image: RawImage = {
	data: scene(64, 50, 7),
	width: 64,
	height: 50,
	channels: 3,
};
const references: RawImage[] = [1, 2, 3].map((seed) => ({
	data: scene(48, 48, seed),
	width: 48,
	height: 48,
	channels: 3,
}));
const prompts = {
	normal: ["a clean widget", "a fine widget"],
	abnormal: ["a broken widget"],
};

const settings: CategoryOptions[] = [
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
	engine = await Engine.open({ model: tiny, cache: false, maxBatch: 4 });
	categories = await Promise.all(
		settings.map((options) =>
			engine.category("widget", { resolution: "grid", ...options }),
		),
	);
});
afterAll(() => engine?.close());

test("together they say what each says alone, in their order", async () => {
	const together = await engine.detect(image, categories);
	expect(together).toHaveLength(categories.length);
	for (const [i, category] of categories.entries()) {
		const alone = await category.detect(image);
		expect(
			Math.abs(together[i]!.score - alone.score),
			JSON.stringify(settings[i]),
		).toBeLessThan(1e-5);
		expect(
			farthest(together[i]!.map, alone.map),
			JSON.stringify(settings[i]),
		).toBeLessThan(1e-5);
		expect(together[i]!.prompts).toEqual(alone.prompts);
	}
});

test("the same category twice, and each with its own threshold", async () => {
	const [strict, lax] = await Promise.all(
		[0, 1].map((threshold) =>
			engine.category("widget", { prompts, threshold }),
		),
	);
	const results = await engine.detect(image, [strict!, lax!, strict!]);
	expect(results.map(({ anomalous }) => anomalous)).toEqual([
		true,
		false,
		true,
	]);
});

test("calls of several and of one category may run at once", async () => {
	const [several, one] = await Promise.all([
		engine.detect(image, categories.slice(0, 4)),
		categories[0]!.detect(image),
		engine.detect(image, [categories[8]!]),
	]);
	expect(Math.abs(several[0]!.score - one.score)).toBeLessThan(1e-5);
});

test("six categories of the same windows take one forward, not six", async () => {
	const six = await Promise.all(
		Array.from({ length: 6 }, (_, i) =>
			engine.category("widget", { prompts, temperature: 0.05 + i / 100 }),
		),
	);
	// The least of many, one after another: what the machine does beside it only adds.
	const least = async (chosen: Category[]) => {
		const times = [];
		for (let i = 0; i < 25; i++)
			times.push((await engine.detect(image, chosen))[0]!.timings.forward);
		return Math.min(...times);
	};
	expect(await least(six)).toBeLessThan(4 * (await least(six.slice(0, 1))));
});

describe("what is refused", () => {
	test("no categories, or things that are none", async () => {
		await expectRefusal(
			() => engine.detect(image, []),
			"ERR_ALFA_RANGE",
			/categories/,
		);
		for (const wrong of [undefined, categories[0], [{}], ["widget"]])
			await expectRefusal(
				() => engine.detect(image, wrong as never),
				"ERR_ALFA_ARGUMENT",
				/categor/,
			);
	});
	test("a category of another engine", async () => {
		await using other = await Engine.open({ model: tiny, cache: false });
		const foreign = await other.category("widget", { prompts });
		await expectRefusal(
			() => engine.detect(image, [categories[0]!, foreign]),
			"ERR_ALFA_RANGE",
			"categories[1]",
		);
	});
	test("a recipe that compares images", async () => {
		const musc = await engine.category("widget", { recipe: "musc" });
		await expectRefusal(
			() => engine.detect(image, [categories[0]!, musc]),
			"ERR_ALFA_ARGUMENT",
			/detectMany/,
		);
	});
});
