// Many images: concurrent calls, streams, and waiting for a full batch.
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
	type Category,
	type CategoryOptions,
	Engine,
	type StreamOptions,
} from "../dist/index.js";
import { expectError } from "./support/errors.js";
import { maxDifference } from "./support/expected.js";
import { sceneImage } from "./support/images.js";
import { tinyModel } from "./support/paths.js";

const images = Array.from({ length: 20 }, (_, i) =>
	sceneImage(40 + i, 60 - i, i),
);
const prompts = {
	normal: ["a clean widget"],
	abnormal: ["a broken widget", "a dirty widget"],
};
const options: CategoryOptions = { prompts, resolution: "grid" };

interface Expected {
	score: number;
	map: Float32Array;
}

let engine: Engine;
let widget: Category;
/** The results of single detections, one after another. */
let expected: Expected[];
beforeAll(async () => {
	engine = await Engine.open({ model: tinyModel, maxBatch: 6 });
	widget = await engine.category("widget", options);
	expected = [];
	for (const image of images) expected.push(await widget.detect(image));
});
afterAll(() => engine?.close());

function expectSame(actual: Expected, expected: Expected): void {
	expect(Math.abs(actual.score - expected.score)).toBeLessThan(1e-6);
	expect(maxDifference(actual.map, expected.map)).toBeLessThan(1e-6);
}

describe("warmUp", () => {
	test.each<CategoryOptions>([
		options,
		{ prompts, tile: { size: 40, overlap: 8 } },
		{ recipe: "trans-mm", prompts },
		{ recipe: "patchcore", references: images.slice(0, 2) },
	])("changes no result of %o", async (options) => {
		const category = await engine.category("widget", options);
		const before = await category.detect(images[5]!);
		expect(await category.warmUp()).toBeUndefined();
		const after = await category.detect(images[5]!);
		expect(after.score).toBe(before.score);
		expect(after.map).toEqual(before.map);
	});

	test("rejects unknown options, and recipes that compare images with each other", async () => {
		await expectError(
			() => widget.warmUp({ signals: undefined } as object),
			"ERR_ALFA_ARGUMENT",
			/signals/,
		);
		const musc = await engine.category("widget", { recipe: "musc" });
		await expectError(() => musc.warmUp(), "ERR_ALFA_ARGUMENT", /detectMany/);
	});
});

test("concurrent detections give the results of single ones", async () => {
	const results = await Promise.all(
		images.map((image) => widget.detect(image)),
	);
	for (const [i, result] of results.entries()) expectSame(result, expected[i]!);
});

test("categories with different settings give their own results when they run concurrently", async () => {
	const variants: CategoryOptions[] = [
		{ scales: [3] },
		{ scales: [] },
		{ aligner: "off" },
		{ scales: [6, 1], fit: "crop" },
	];
	const categories = await Promise.all(
		variants.map((variant) =>
			engine.category("widget", { ...options, ...variant }),
		),
	);
	const single: Expected[] = [];
	for (const category of categories)
		single.push(await category.detect(images[0]!));
	const results = await Promise.all(
		categories.map((category) =>
			Promise.all([category.detect(images[0]!), widget.detect(images[3]!)]),
		),
	);
	for (const [i, [own, other]] of results.entries()) {
		expectSame(own, single[i]!);
		expectSame(other, expected[3]!);
	}
});

describe("detectMany", () => {
	async function scoresOf(
		source: Parameters<Category["detectMany"]>[0],
		options?: StreamOptions,
	) {
		const scores: number[] = [];
		for await (const { score } of widget.detectMany(source, options))
			scores.push(score);
		return scores;
	}
	const expectedScores = () => expected.map(({ score }) => score);

	test("yields results in the order of the images, from arrays, sets and generators", async () => {
		function* generator() {
			yield* images;
		}
		async function* asyncGenerator() {
			for (const [i, image] of images.entries()) {
				if (i % 5 === 0) await sleep(5);
				yield image;
			}
		}
		for (const source of [
			images,
			new Set(images),
			generator(),
			asyncGenerator(),
		]) {
			expect(
				maxDifference(await scoresOf(source), expectedScores()),
			).toBeLessThan(1e-6);
		}
	});

	test("ends at once without images", async () =>
		expect(await scoresOf([])).toEqual([]));

	test("reports progress after each image", async () => {
		const reports: unknown[] = [];
		await scoresOf(images.slice(0, 3), {
			onProgress: (progress) => reports.push(progress),
		});
		expect(reports).toEqual([
			{ done: 1, total: 3 },
			{ done: 2, total: 3 },
			{ done: 3, total: 3 },
		]);
	});

	test("takes at most two batches ahead of the results, and closes the source when the loop ends", async () => {
		let taken = 0;
		let closed = false;
		function* endless() {
			try {
				while (true) yield images[taken++ % images.length]!;
			} finally {
				closed = true;
			}
		}
		let results = 0;
		for await (const _ of widget.detectMany(endless())) {
			results++;
			if (results === 3) break;
		}
		const twoBatches = 2 * 6;
		expect(taken).toBeLessThanOrEqual(3 + twoBatches + 1);
		expect(closed).toBe(true);
	});

	test("throws for a failed image when its turn comes, with its index and name", async () => {
		const scores: number[] = [];
		const source = [images[0]!, images[1]!, "missing.png", images[2]!];
		await expectError(
			async () => {
				for await (const { score } of widget.detectMany(source))
					scores.push(score);
			},
			"ERR_ALFA_IMAGE",
			"Image 2",
			"missing.png",
		);
		expect(scores).toHaveLength(2);
	});

	test("throws the error of a source that fails", async () => {
		async function* failing() {
			yield images[0]!;
			throw new Error("the camera is gone");
		}
		await expect(scoresOf(failing())).rejects.toThrow("the camera is gone");
	});

	test("stops with the reason of its signal", async () => {
		const controller = new AbortController();
		const reason = new Error("enough");
		let results = 0;
		const run = async () => {
			for await (const _ of widget.detectMany(images, {
				signal: controller.signal,
			})) {
				results++;
				if (results === 2) controller.abort(reason);
			}
		};
		await expect(run()).rejects.toBe(reason);
		expect(results).toBe(2);
	});

	test("several streams together may have more images than the queue holds", async () => {
		await using narrow = await Engine.open({
			model: tinyModel,
			queue: 2,
			maxBatch: 2,
		});
		const category = await narrow.category("widget", options);
		const streams = [0, 1, 2].map(async () => {
			const scores: number[] = [];
			for await (const { score } of category.detectMany(images))
				scores.push(score);
			return scores;
		});
		for (const scores of await Promise.all(streams)) {
			expect(maxDifference(scores, expectedScores())).toBeLessThan(1e-6);
		}
	});
});

// timings.forward is the time of the whole forward: two detections with exactly the same time shared one.
describe("batchWait", () => {
	async function openWaiting(batchWait: number) {
		const engine = await Engine.open({
			model: tinyModel,
			maxBatch: 2,
			batchWait,
		});
		return { engine, category: await engine.category("widget", options) };
	}

	test("a detection waits for a second one, and a full batch starts at once", async () => {
		const { engine, category } = await openWaiting(1000);
		await using _ = engine;
		const first = category.detect(images[0]!);
		await sleep(60);
		const second = category.detect(images[1]!);
		const [a, b] = await Promise.all([first, second]);
		expect(a.timings.forward).toBe(b.timings.forward);
		expect(a.timings.queue).toBeGreaterThan(50);
		expect(a.timings.queue).toBeLessThan(1000);
		expect(Math.abs(a.score - expected[0]!.score)).toBeLessThan(1e-6);
	});

	test("a single detection waits until the time is over", async () => {
		const { engine, category } = await openWaiting(150);
		await using _ = engine;
		const { timings } = await category.detect(images[0]!);
		expect(timings.queue).toBeGreaterThanOrEqual(149);
	});

	test("a detection does not wait if the next call is of another kind", async () => {
		const { engine, category } = await openWaiting(150);
		await using _ = engine;
		const [result, embedding] = await Promise.all([
			category.detect(images[0]!),
			engine.embedImage(images[1]!),
		]);
		expect(result.timings.queue).toBeLessThan(149);
		expect(embedding).toHaveLength(engine.info.embedDim);
	});

	test("a waiting detection can be cancelled, and ends when the engine closes", async () => {
		const { engine, category } = await openWaiting(1000);
		const controller = new AbortController();
		const cancelled = category.detect(images[0]!, {
			signal: controller.signal,
		});
		await sleep(30);
		controller.abort();
		await expect(cancelled).rejects.toMatchObject({ name: "AbortError" });
		const waiting = category.detect(images[1]!);
		await sleep(30);
		await Promise.all([
			engine.close(),
			expect(waiting).rejects.toMatchObject({ code: "ERR_ALFA_CLOSED" }),
		]);
	});
});
