// Many images: concurrent calls equal single ones, streams keep their order and stop when told.
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { loadAddon } from "../dist/native/addon.js";
import {
	Engine,
	type Category,
	type Detection,
	type RawImage,
} from "../dist/index.js";
import { farthest } from "./support/expected.js";
import { tiny } from "./support/paths.js";
import { scene } from "./support/images.js";
import { expectRefusal } from "./support/refusal.js";

const images: RawImage[] = Array.from({ length: 20 }, (_, i) => ({
	data: scene(40 + i, 60 - i, i),
	width: 40 + i,
	height: 60 - i,
	channels: 3,
}));
const prompts = {
	normal: ["a clean widget"],
	abnormal: ["a broken widget", "a dirty widget"],
};

let engine: Engine;
let widget: Category;
let single: { score: number; map: Float32Array }[];
beforeAll(async () => {
	engine = await Engine.open({ model: tiny, maxBatch: 6 });
	widget = await engine.category("widget", { prompts, resolution: "grid" });
	single = [];
	for (const image of images) single.push(await widget.detect(image));
});
afterAll(() => engine?.close());

test("warming up changes no result, whatever the category", async () => {
	expect(await widget.warmUp()).toBeUndefined();
	expect((await widget.detect(images[0]!)).score).toBe(single[0]!.score);
	for (const options of [
		{ prompts, tile: { size: 40, overlap: 8 } },
		{ recipe: "trans-mm", prompts },
		{ recipe: "patchcore", references: images.slice(0, 2) },
	] as const) {
		const category = await engine.category("widget", options),
			before = await category.detect(images[5]!);
		await category.warmUp();
		const after = await category.detect(images[5]!);
		expect([after.score, farthest(after.map, before.map)]).toEqual([
			before.score,
			0,
		]);
	}
	await expectRefusal(
		() => widget.warmUp({ signals: undefined } as object),
		"ERR_ALFA_ARGUMENT",
		/signals/,
	);
	const musc = await engine.category("widget", { recipe: "musc" });
	await expectRefusal(() => musc.warmUp(), "ERR_ALFA_ARGUMENT", /detectMany/);
});

test("detections that share a forward give what each gives alone", async () => {
	const together = await Promise.all(
		images.map((image) => widget.detect(image)),
	);
	together.forEach(({ score, map }, i) => {
		expect(Math.abs(score - single[i]!.score)).toBeLessThan(1e-6);
		expect(farthest(map, single[i]!.map)).toBeLessThan(1e-6);
	});
});

test("categories of different settings may share a forward", async () => {
	const others = await Promise.all(
		[
			{ scales: [3] },
			{ scales: [] },
			{ aligner: "off" },
			{ scales: [6, 1], fit: "crop" },
		].map((options) =>
			engine.category("widget", {
				prompts,
				resolution: "grid",
				...options,
			} as never),
		),
	);
	const wanted: Detection[] = [];
	for (const category of others) wanted.push(await category.detect(images[0]!));
	const found = await Promise.all(
		others.flatMap((category) => [
			category.detect(images[0]!),
			widget.detect(images[3]!),
		]),
	);
	found.forEach(({ score, map }, i) => {
		const right = i % 2 ? single[3]! : wanted[i / 2]!;
		expect(Math.abs(score - right.score)).toBeLessThan(1e-6);
		expect(farthest(map, right.map)).toBeLessThan(1e-6);
	});
});

describe("detectMany", () => {
	const collect = async (
		source: Parameters<Category["detectMany"]>[0],
		options?: Parameters<Category["detectMany"]>[1],
	) => {
		const scores: number[] = [];
		for await (const { score } of widget.detectMany(source, options))
			scores.push(score);
		return scores;
	};
	const wanted = () => single.map(({ score }) => score);

	test("gives results in the order of the images, from arrays, sets, generators and async generators", async () => {
		function* some() {
			yield* images;
		}
		async function* slow() {
			for (const [i, image] of images.entries()) {
				if (i % 5 === 0) await new Promise((resolve) => setTimeout(resolve, 5));
				yield image;
			}
		}
		for (const source of [images, new Set(images), some(), slow()])
			expect(farthest(await collect(source), wanted())).toBeLessThan(1e-6);
	});

	test("of no images ends at once", async () =>
		expect(await collect([])).toEqual([]));

	test("tells its progress", async () => {
		const seen: unknown[] = [];
		await collect(images.slice(0, 3), {
			onProgress: (progress) => seen.push(progress),
		});
		expect(seen).toEqual([
			{ done: 1, total: 3 },
			{ done: 2, total: 3 },
			{ done: 3, total: 3 },
		]);
	});

	test("takes no more images than it needs to stay busy, and closes its source when left", async () => {
		let taken = 0;
		let closed = false;
		function* endless() {
			try {
				while (true) yield images[taken++ % images.length]!;
			} finally {
				closed = true;
			}
		}
		let given = 0;
		for await (const result of widget.detectMany(endless()))
			if (result && ++given === 3) break;
		expect(taken).toBeLessThanOrEqual(3 + 2 * 6 + 1);
		expect(closed).toBe(true);
	});

	test("an image that fails throws in its place and says which it was", async () => {
		const scores: number[] = [];
		await expectRefusal(
			async () => {
				for await (const { score } of widget.detectMany([
					images[0]!,
					images[1]!,
					"missing.png",
					images[2]!,
				]))
					scores.push(score);
			},
			"ERR_ALFA_IMAGE",
			"Image 2",
			"missing.png",
		);
		expect(scores).toHaveLength(2);
	});

	test("a source that fails throws its own error", async () => {
		async function* failing() {
			yield images[0]!;
			throw new Error("the camera is gone");
		}
		await expect(collect(failing())).rejects.toThrow("the camera is gone");
	});

	test("stops with the reason of its signal", async () => {
		const stop = new AbortController();
		let given = 0;
		const reason = new Error("enough");
		await expect(
			(async () => {
				for await (const result of widget.detectMany(images, {
					signal: stop.signal,
				}))
					if (result && ++given === 2) stop.abort(reason);
			})(),
		).rejects.toBe(reason);
		expect(given).toBe(2);
	});

	test("decodes ahead: while one forward runs, the pictures of two batches are made ready, and no more", async () => {
		const addon = loadAddon(),
			{ detect } = addon,
			ahead = 4; // 2 * maxBatch
		const jpegs = await Promise.all(
			Array.from({ length: 12 }, (_, i) =>
				sharp(scene(50 + i, 48, 9), {
					raw: { width: 50 + i, height: 48, channels: 3 },
				})
					.jpeg()
					.toBuffer(),
			),
		);
		await using engine = await Engine.open({
			model: tiny,
			maxBatch: ahead / 2,
		});
		const widget = await engine.category("widget", {
			prompts,
			resolution: "grid",
		});
		const events: string[] = [];
		let ready = 0,
			allReady = () => {};
		const others = new Promise<void>((resolve) => {
			allReady = resolve;
		});
		async function* source() {
			for (const [i, jpeg] of jpegs.entries()) {
				events.push(`taken ${i}`);
				yield jpeg;
			}
		}
		// The engine's side of a detection, whose pixels are decoded: the first one does not go on before three more are here.
		addon.detect = async (...given) => {
			const index = given[2].width - 50;
			events.push(`decoded ${index}`);
			if (++ready === ahead) allReady();
			if (index === 0) {
				await others;
				await new Promise((resolve) => setTimeout(resolve, 50)); // room for a fifth, were there no limit
				events.push("forward");
			}
			return detect(...given);
		};
		try {
			for await (const _ of widget.detectMany(source())) events.push("result");
		} finally {
			addon.detect = detect;
		}
		const before = events.slice(0, events.indexOf("forward"));
		for (const what of ["taken", "decoded"])
			expect(before.filter((each) => each.startsWith(what)).sort()).toEqual(
				Array.from({ length: ahead }, (_, i) => `${what} ${i}`),
			);
		expect(events.filter((each) => each === "result")).toHaveLength(12);
	});

	test("more images in flight than the queue holds are no error", async () => {
		await using narrow = await Engine.open({
			model: tiny,
			queue: 2,
			maxBatch: 2,
		});
		const category = await narrow.category("widget", {
			prompts,
			resolution: "grid",
		});
		const streams = await Promise.all(
			[0, 1, 2].map(async () => {
				const scores: number[] = [];
				for await (const { score } of category.detectMany(images))
					scores.push(score);
				return scores;
			}),
		);
		for (const scores of streams)
			expect(farthest(scores, wanted())).toBeLessThan(1e-6);
	});
});

describe("batchWait", () => {
	// `forward` is the whole forward's: two detections that report the very same time shared it.
	test("a detection waits for another to share its forward, which a full batch begins at once", async () => {
		await using patient = await Engine.open({
			model: tiny,
			maxBatch: 2,
			batchWait: 1000,
		});
		const category = await patient.category("widget", {
			prompts,
			resolution: "grid",
		});
		const first = category.detect(images[0]!);
		await new Promise((resolve) => setTimeout(resolve, 60));
		const second = category.detect(images[1]!);
		const [a, b] = await Promise.all([first, second]);
		expect(a.timings.forward).toBe(b.timings.forward);
		expect(a.timings.queue).toBeGreaterThan(50);
		expect(a.timings.queue).toBeLessThan(1000);
		expect(Math.abs(a.score - single[0]!.score)).toBeLessThan(1e-6);
	});
	test("alone it waits so long and no longer; other work is not kept waiting", async () => {
		await using patient = await Engine.open({
			model: tiny,
			maxBatch: 2,
			batchWait: 150,
		});
		const category = await patient.category("widget", {
			prompts,
			resolution: "grid",
		});
		const { timings } = await category.detect(images[0]!);
		expect(timings.queue).toBeGreaterThanOrEqual(149);
		const [one, embedding] = await Promise.all([
			category.detect(images[0]!),
			patient.embedImage(images[1]!),
		]);
		expect(one.timings.queue).toBeLessThan(149); // what follows cannot join: there is nothing to wait for
		expect(embedding).toHaveLength(patient.info.embedDim);
	});
	test("cancelled or closed while it waits", async () => {
		const patient = await Engine.open({
			model: tiny,
			maxBatch: 2,
			batchWait: 1000,
		});
		const category = await patient.category("widget", {
			prompts,
			resolution: "grid",
		});
		const stop = new AbortController(),
			cancelled = category.detect(images[0]!, { signal: stop.signal });
		await new Promise((resolve) => setTimeout(resolve, 30));
		stop.abort();
		await expect(cancelled).rejects.toMatchObject({ name: "AbortError" });
		const left = category.detect(images[1]!);
		await new Promise((resolve) => setTimeout(resolve, 30));
		await Promise.all([
			patient.close(),
			expect(left).rejects.toMatchObject({ code: "ERR_ALFA_CLOSED" }),
		]);
	});
});
