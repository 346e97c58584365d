// References: a few normal images make a bank; what users rely on around it. Its numbers are checked with the recipes.
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { loadAddon } from "../dist/native/addon.js";
import { findCpuRuntime } from "../dist/onnxruntime/cpu-runtime.js";
import { fromNative } from "../dist/errors.js";
import { nativeSettings } from "../dist/native/settings.js";
import { recipes } from "../dist/recipes.js";
import { Engine, type CategoryOptions, type RawImage } from "../dist/index.js";
import { farthest } from "./support/expected.js";
import { temporaryFolder } from "./support/folder.js";
import { tiny } from "./support/paths.js";
import { scene } from "./support/images.js";
import { expectRefusal } from "./support/refusal.js";

const images: RawImage[] = Array.from({ length: 8 }, (_, i) => ({
	data: scene(48, 48, i),
	width: 48,
	height: 48,
	channels: 3,
}));
const query: RawImage = {
	data: scene(50, 44, 99),
	width: 50,
	height: 44,
	channels: 3,
};
const prompts = { normal: ["a clean widget"], abnormal: ["a broken widget"] };

let engine: Engine;
beforeAll(async () => {
	engine = await Engine.open({ model: tiny, cache: false });
});
afterAll(() => engine?.close());

test("a reference is nearly its own nearest neighbour", async () => {
	const category = await engine.category("widget", {
		recipe: "patchcore",
		references: images,
		bank: { share: 1 },
	});
	const known = await category.detect(images[3]!),
		other = await category.detect(query);
	expect(known.score).toBeLessThan(1e-3);
	expect(other.score).toBeGreaterThan(10 * known.score);
	expect(known.globalScore).toBeUndefined();
	expect(known.reasons).toEqual([]);
	expect(category.prompts).toBeUndefined();
});

test("references come from anything that can be iterated, and what they are called does not matter", async () => {
	async function* slowly() {
		for (const image of images) {
			await new Promise(setImmediate);
			yield image;
		}
	}
	const scores = [];
	for (const references of [
		images,
		new Set(images),
		images.values(),
		slowly(),
		{ images, maxEntries: 8192 },
	]) {
		const category = await engine.category("widget", { prompts, references });
		expect(category.references).toEqual({
			images: 8,
			entries: [288, 200, 128],
		});
		scores.push((await category.detect(query)).score);
	}
	expect(new Set(scores).size).toBe(1);
});

test("progress is told, with the total where it is known", async () => {
	const told: unknown[] = [];
	await engine.category("widget", {
		prompts,
		references: images.slice(0, 3),
		onProgress: (progress) => told.push(progress),
	});
	expect(told).toEqual([
		{ done: 1, total: 3 },
		{ done: 2, total: 3 },
		{ done: 3, total: 3 },
	]);
});

test("a bank keeps within maxEntries, whatever is given, and the same seed keeps the same", async () => {
	const many = Array.from({ length: 40 }, (_, i) => images[i % 8]!);
	const options = (seed: number): CategoryOptions => ({
		prompts,
		references: { images: many, maxEntries: 50, seed },
	});
	const [one, same, other] = await Promise.all(
		[1, 1, 2].map((seed) => engine.category("widget", options(seed))),
	);
	expect(one!.references).toEqual({ images: 40, entries: [50, 50, 50] });
	const results = await Promise.all(
		[one!, same!, other!].map((category) => category.detect(query)),
	);
	expect(results[0]!.map).toEqual(results[1]!.map);
	expect(farthest(results[0]!.map, results[2]!.map)).toBeGreaterThan(0);
});

test("rotate4 quadruples the bank", async () => {
	const category = await engine.category("widget", {
		prompts,
		scales: [2],
		references: { images: images.slice(0, 2), augment: "rotate4" },
	});
	expect(category.references!.entries).toEqual([4 * 2 * 36, 4 * 2 * 25]);
});

describe("what is refused", () => {
	const refused = (
		options: object,
		code: string,
		...says: (string | RegExp)[]
	) => expectRefusal(() => engine.category("widget", options), code, ...says);

	test("no references at all", async () => {
		await refused(
			{ prompts, references: [] },
			"ERR_ALFA_RANGE",
			/at least one reference/,
		);
		await refused(
			{ recipe: "patchcore" },
			"ERR_ALFA_ARGUMENT",
			/patchcore/,
			/references/,
		);
	});
	test("things that are no references", async () => {
		for (const references of [
			7,
			"folder",
			images[0],
			{ pictures: images },
			{ images: 7 },
			new Uint8Array(8),
		])
			await refused({ prompts, references }, "ERR_ALFA_ARGUMENT", /references/);
		await refused(
			{ prompts, references: { images, augmnet: "rotate4" } },
			"ERR_ALFA_ARGUMENT",
			"did you mean 'augment'",
		);
		await refused(
			{ prompts, references: { images, maxEntries: 0 } },
			"ERR_ALFA_RANGE",
			/maxEntries/,
		);
	});
	test("a reference that cannot be read is named", async () => {
		const broken = join(temporaryFolder(), "broken.png");
		await writeFile(broken, "no picture");
		await refused(
			{ prompts, references: [images[0], broken] },
			"ERR_ALFA_IMAGE",
			"Reference 1",
			broken,
		);
	});
	test("layers that the model does not have", async () => {
		await refused(
			{ prompts, references: images, features: { layers: [4] } },
			"ERR_ALFA_RANGE",
			"3",
			"4",
		);
		await refused(
			{ prompts, references: images, features: { layers: [0] } },
			"ERR_ALFA_RANGE",
			/layers/,
		);
		await refused(
			{ prompts, references: images, features: { neighbourhoods: [2] } },
			"ERR_ALFA_RANGE",
			/odd/,
		);
		await refused(
			{ prompts, references: images, scales: [], features: { layers: [] } },
			"ERR_ALFA_RANGE",
			/features/,
		);
	});
	test("options that contradict each other", async () => {
		await refused(
			{ recipe: "patchcore", references: images, prompts },
			"ERR_ALFA_ARGUMENT",
			/prompts/,
		);
		await refused(
			{ recipe: "patchcore", references: images, imageScore: "global" },
			"ERR_ALFA_ARGUMENT",
			/imageScore/,
		);
		await refused(
			{ recipe: "musc", references: images },
			"ERR_ALFA_ARGUMENT",
			/references/,
		);
		await refused(
			{ recipe: "musc", tile: { size: 48 } },
			"ERR_ALFA_ARGUMENT",
			/tile/i,
		);
		await refused(
			{ recipe: "trans-mm", prompts, context: "on" },
			"ERR_ALFA_ARGUMENT",
			/context/,
		);
		await refused(
			{ prompts, imageScore: "reweighted" },
			"ERR_ALFA_ARGUMENT",
			/imageScore/,
		);
		await refused({ prompts, map: "mutual" }, "ERR_ALFA_ARGUMENT", /musc/);
		await refused(
			{ recipe: { name: "patchcore", map: "windows" } },
			"ERR_ALFA_ARGUMENT",
			/windows/,
		);
	});
	test("one image for a recipe that needs many", async () => {
		const category = await engine.category("widget", { recipe: "musc" });
		await expectRefusal(
			() => category.detect(query),
			"ERR_ALFA_ARGUMENT",
			/detectMany/,
		);
		const one = category.detectMany([query]);
		await expectRefusal(() => one.next(), "ERR_ALFA_RANGE", /at least 2/);
	});
});

// What lib/ cannot give wrongly, the addon still refuses: it is the last door.
test("the addon refuses NaN embeddings, and a bank of other features", async () => {
	const addon = loadAddon();
	const handle = await addon.openEngine({
		directory: tiny,
		runtime: findCpuRuntime(),
		precision: "fp32",
		threads: 1,
		maxBatch: 2,
		queue: 4,
	});
	const { embedDim, layers } = addon.info(handle);
	const unit = new Float32Array(embedDim).fill(1 / Math.sqrt(embedDim)),
		bad = Float32Array.from(unit).fill(NaN, 3, 4),
		none = new Float32Array(0);
	const settings = nativeSettings(recipes.alfa, layers);
	await expectRefusal(
		() => {
			try {
				addon.createCategory(handle, settings, bad, unit, none);
			} catch (error) {
				throw fromNative(error);
			}
		},
		"ERR_ALFA_RANGE",
		/NaN/,
	);
	const builder = addon.createBank(handle, { ...settings, scales: [2] });
	await addon.addReference(handle, builder, {
		...images[0]!,
		data: Uint8Array.from(images[0]!.data),
	});
	const { bank } = await addon.finishBank(handle, builder);
	await expectRefusal(
		() => {
			try {
				addon.createCategory(handle, settings, unit, unit, none, bank);
			} catch (error) {
				throw fromNative(error);
			}
		},
		"ERR_ALFA_RANGE",
		/own scales/,
	);
	for (const wrong of [{}, builder, 7])
		expect(() =>
			addon.createCategory(handle, settings, unit, unit, none, wrong as never),
		).toThrow(/bank/);
	await addon.closeEngine(handle);
});

test("an abort ends the reading of references", async () => {
	const controller = new AbortController();
	let given = 0;
	const endless = function* () {
		for (;;) {
			if (++given === 5) controller.abort(new Error("enough"));
			yield images[given % 8]!;
		}
	};
	await expect(
		engine.category("widget", {
			prompts,
			references: endless(),
			signal: controller.signal,
		}),
	).rejects.toThrow("enough");
	expect(given).toBeLessThan(100);
});

test("a calibrated few-shot category tells what its threshold is worth", async () => {
	const category = await engine.category("widget", {
		prompts,
		references: images.slice(0, 4),
	});
	expect((await category.detect(query)).anomalous).toBeUndefined();
	const { threshold, pixelThreshold } = await category.calibrate(
		images.slice(4),
		{ quantile: 1, margin: 1.01 },
	);
	expect((await category.detect(images[5]!)).anomalous).toBe(false);
	expect(category.threshold).toBe(threshold);
	expect(category.pixelThreshold).toBe(pixelThreshold);
});
