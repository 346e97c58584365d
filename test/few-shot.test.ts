// Reference images: what users rely on around the memory bank. recipes.test.ts checks its numbers.
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type CategoryOptions, Engine } from "../dist/index.js";
import { expectError } from "./support/errors.js";
import { maxDifference } from "./support/expected.js";
import { temporaryFolder } from "./support/folder.js";
import { sceneImage } from "./support/images.js";
import { tinyModel } from "./support/paths.js";

const images = Array.from({ length: 8 }, (_, i) => sceneImage(48, 48, i));
const query = sceneImage(50, 44, 99);
const prompts = { normal: ["a clean widget"], abnormal: ["a broken widget"] };

let engine: Engine;
beforeAll(async () => {
	engine = await Engine.open({ model: tinyModel, cache: false });
});
afterAll(() => engine?.close());

test("patchcore: a reference image scores near 0, another image much higher", async () => {
	const category = await engine.category("widget", {
		recipe: "patchcore",
		references: images,
		bank: { share: 1 },
	});
	const reference = await category.detect(images[3]!);
	const other = await category.detect(query);
	expect(reference.score).toBeLessThan(1e-3);
	expect(other.score).toBeGreaterThan(10 * reference.score);
	expect(reference.globalScore).toBeUndefined();
	expect(reference.reasons).toEqual([]);
	expect(category.prompts).toBeUndefined();
});

test("references may be an array, a set, an iterator, an async generator or an object with options", async () => {
	async function* asyncImages() {
		for (const image of images) {
			await new Promise(setImmediate);
			yield image;
		}
	}
	const sources = [
		images,
		new Set(images),
		images.values(),
		asyncImages(),
		{ images, maxEntries: 8192 },
	];
	const scores: number[] = [];
	for (const references of sources) {
		const category = await engine.category("widget", { prompts, references });
		expect(category.references).toEqual({
			images: 8,
			entries: [288, 200, 128],
		});
		scores.push((await category.detect(query)).score);
	}
	expect(new Set(scores).size).toBe(1);
});

test("onProgress is called after each reference", async () => {
	const reports: unknown[] = [];
	await engine.category("widget", {
		prompts,
		references: images.slice(0, 3),
		onProgress: (progress) => reports.push(progress),
	});
	expect(reports).toEqual([
		{ done: 1, total: 3 },
		{ done: 2, total: 3 },
		{ done: 3, total: 3 },
	]);
});

test("the bank has at most maxEntries rows per level, and the seed decides which", async () => {
	const many = Array.from({ length: 40 }, (_, i) => images[i % 8]!);
	const categories = await Promise.all(
		[1, 1, 2].map((seed) =>
			engine.category("widget", {
				prompts,
				references: { images: many, maxEntries: 50, seed },
			}),
		),
	);
	expect(categories[0]!.references).toEqual({
		images: 40,
		entries: [50, 50, 50],
	});
	const maps = await Promise.all(
		categories.map(async (category) => (await category.detect(query)).map),
	);
	expect(maps[0]).toEqual(maps[1]);
	expect(maxDifference(maps[0]!, maps[2]!)).toBeGreaterThan(0);
});

test("rotate4 adds each reference in four rotations", async () => {
	const category = await engine.category("widget", {
		prompts,
		scales: [2],
		references: { images: images.slice(0, 2), augment: "rotate4" },
	});
	expect(category.references!.entries).toEqual([4 * 2 * 36, 4 * 2 * 25]);
});

test("an abort ends the reading of references", async () => {
	const controller = new AbortController();
	let taken = 0;
	function* endless() {
		while (true) {
			taken++;
			if (taken === 5) controller.abort(new Error("enough"));
			yield images[taken % 8]!;
		}
	}
	const creating = engine.category("widget", {
		prompts,
		references: endless(),
		signal: controller.signal,
	});
	await expect(creating).rejects.toThrow("enough");
	expect(taken).toBeLessThan(100);
});

test("calibrate sets both thresholds of a few-shot category", async () => {
	const category = await engine.category("widget", {
		prompts,
		references: images.slice(0, 4),
	});
	expect((await category.detect(query)).anomalous).toBeUndefined();
	const normalImages = images.slice(4);
	const { threshold, pixelThreshold } = await category.calibrate(normalImages, {
		quantile: 1,
		margin: 1.01,
	});
	expect((await category.detect(images[5]!)).anomalous).toBe(false);
	expect(category.threshold).toBe(threshold);
	expect(category.pixelThreshold).toBe(pixelThreshold);
});

describe("rejects", () => {
	const expectRejected = (
		options: object,
		code: string,
		...messageParts: (string | RegExp)[]
	) =>
		expectError(
			() => engine.category("widget", options),
			code,
			...messageParts,
		);

	test("missing references", async () => {
		await expectRejected(
			{ prompts, references: [] },
			"ERR_ALFA_RANGE",
			/at least one reference/,
		);
		await expectRejected(
			{ recipe: "patchcore" },
			"ERR_ALFA_ARGUMENT",
			/patchcore/,
			/references/,
		);
	});

	test("references of a wrong type", async () => {
		for (const references of [
			7,
			"folder",
			images[0],
			{ pictures: images },
			{ images: 7 },
			new Uint8Array(8),
		]) {
			await expectRejected(
				{ prompts, references },
				"ERR_ALFA_ARGUMENT",
				/references/,
			);
		}
	});

	test("wrong options of the references", async () => {
		const misspelt = { prompts, references: { images, augmnet: "rotate4" } };
		await expectRejected(
			misspelt,
			"ERR_ALFA_ARGUMENT",
			"did you mean 'augment'",
		);
		await expectRejected(
			{ prompts, references: { images, maxEntries: 0 } },
			"ERR_ALFA_RANGE",
			/maxEntries/,
		);
	});

	test("a reference that cannot be read, with its index and path", async () => {
		const broken = join(temporaryFolder(), "broken.png");
		await writeFile(broken, "not an image");
		await expectRejected(
			{ prompts, references: [images[0], broken] },
			"ERR_ALFA_IMAGE",
			"Reference 1",
			broken,
		);
	});

	test.each<[CategoryOptions, ...(string | RegExp)[]]>([
		[{ features: { layers: [4] } }, "3", "4"],
		[{ features: { layers: [0] } }, /layers/],
		[{ features: { neighbourhoods: [2] } }, /odd/],
		[{ scales: [], features: { layers: [] } }, /features/],
	])("features that the model does not have: %j", (options, ...messageParts) =>
		expectRejected(
			{ prompts, references: images, ...options },
			"ERR_ALFA_RANGE",
			...messageParts,
		),
	);

	test.each<[object, RegExp]>([
		[{ recipe: "patchcore", references: images, prompts }, /prompts/],
		[
			{ recipe: "patchcore", references: images, imageScore: "global" },
			/imageScore/,
		],
		[{ recipe: "musc", references: images }, /references/],
		[{ recipe: "musc", tile: { size: 48 } }, /tile/i],
		[{ recipe: "trans-mm", prompts, context: "on" }, /context/],
		[{ prompts, imageScore: "reweighted" }, /imageScore/],
		[{ prompts, map: "mutual" }, /musc/],
		[{ recipe: { name: "patchcore", map: "windows" } }, /windows/],
	])("contradictory options %#: %s", (options, message) =>
		expectRejected(options, "ERR_ALFA_ARGUMENT", message),
	);

	test("one image for a recipe that compares images with each other", async () => {
		const category = await engine.category("widget", { recipe: "musc" });
		await expectError(
			() => category.detect(query),
			"ERR_ALFA_ARGUMENT",
			/detectMany/,
		);
		const stream = category.detectMany([query]);
		await expectError(() => stream.next(), "ERR_ALFA_RANGE", /at least 2/);
	});
});
