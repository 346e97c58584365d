// Both towers agree with PyTorch, for every layout, activation and weight format.
import { describe, expect, test } from "vitest";
import { loadAddon } from "../dist/native/addon.js";
import { findCpuRuntime } from "../dist/onnxruntime/cpu-runtime.js";
import { Engine } from "../dist/index.js";
import {
	expectedOf,
	farthest,
	numbers,
	picturesOf,
} from "./support/expected.js";
import { fixture, models } from "./support/paths.js";

const close = 1e-5; // both are float32; the references are float64

describe.each(models)("%s", (model) => {
	const expected = expectedOf(model);
	const pictures = picturesOf(expected);

	test("texts", async () => {
		await using engine = await Engine.open({ model: fixture(model) });
		expect(
			farthest(
				await engine.embedText(expected.texts),
				numbers(expected.text_embeddings),
			),
		).toBeLessThan(close);
	});

	test("a text alone is as among others, and in any order", async () => {
		const wanted = numbers(expected.text_embeddings);
		const width = wanted.length / expected.texts.length;
		await using engine = await Engine.open({ model: fixture(model) });
		for (const i of [10, 0, 8]) {
			expect(
				farthest(
					await engine.embedText(expected.texts[i]!),
					wanted.subarray(i * width, (i + 1) * width),
				),
			).toBeLessThan(close);
		}
		const reversed = await engine.embedText([...expected.texts].reverse());
		expect(
			farthest(reversed.subarray(-width), wanted.subarray(0, width)),
		).toBeLessThan(close);
	});

	test("images", async () => {
		await using engine = await Engine.open({ model: fixture(model) });
		const wanted = numbers(expected.image_embeddings);
		const found = await Promise.all(
			pictures.map((picture) => engine.embedImage(picture)),
		);
		expect(found.every((each) => each.length === engine.info.embedDim)).toBe(
			true,
		);
		expect(
			farthest(
				found.flatMap((each) => [...each]),
				wanted,
			),
		).toBeLessThan(close);
	});

	test("windows: the whole image, then each scale, in one packed forward", async () => {
		const addon = loadAddon();
		const engine = await addon.openEngine({
			directory: fixture(model),
			runtime: findCpuRuntime(),
			precision: "fp32",
			threads: 1,
			maxBatch: 1,
			queue: 8,
		});
		const parts = (name: "embeddings" | "value", i: number) =>
			["2", "3"].map((scale) => {
				const stored = expected.scales[scale]![name];
				return stored && part(numbers(stored), i);
			});
		const part = (all: ArrayLike<number>, i: number) =>
			Array.from(all).slice((i * all.length) / 3, ((i + 1) * all.length) / 3);
		for (const [i, picture] of pictures.entries()) {
			const { embedding, value } = await addon.embedWindows(
				engine,
				picture as never,
				"squash",
				[2, 3],
			);
			expect(
				farthest(
					embedding,
					[
						part(numbers(expected.image_embeddings), i),
						...parts("embeddings", i),
					].flat() as number[],
				),
			).toBeLessThan(close);
			if (expected.value)
				expect(
					farthest(
						value,
						[
							part(numbers(expected.value), i),
							...parts("value", i),
						].flat() as number[],
					),
				).toBeLessThan(close);
		}
		await addon.closeEngine(engine);
	});
});

test("embeddings have unit length", async () => {
	await using engine = await Engine.open({ model: fixture(models[0]) });
	const length = (vector: Float32Array) => Math.hypot(...vector);
	expect(length(await engine.embedText("a widget"))).toBeCloseTo(1, 5);
	expect(
		length(await engine.embedImage(picturesOf(expectedOf(models[0]))[0]!)),
	).toBeCloseTo(1, 5);
});
