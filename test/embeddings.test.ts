// Both towers agree with PyTorch, for every checkpoint layout, activation and weight format.
import { describe, expect, test } from "vitest";
import { Engine } from "../dist/index.js";
import {
	decodeArray,
	expectedImages,
	maxDifference,
	readExpected,
} from "./support/expected.js";
import { fixture, tinyModel, tinyModels } from "./support/paths.js";

const tolerance = 1e-5; // the engine computes in float32, the references are float64

describe.each(tinyModels)("%s", (model) => {
	const expected = readExpected(model);
	const textEmbeddings = decodeArray(expected.text_embeddings);
	const width = textEmbeddings.length / expected.texts.length;
	const expectedText = (i: number) =>
		textEmbeddings.subarray(i * width, (i + 1) * width);

	test("embedText", async () => {
		await using engine = await Engine.open({ model: fixture(model) });
		const embeddings = await engine.embedText(expected.texts);
		expect(maxDifference(embeddings, textEmbeddings)).toBeLessThan(tolerance);
	});

	test("embedText: a text has the same embedding alone, and in any order", async () => {
		await using engine = await Engine.open({ model: fixture(model) });
		for (const i of [10, 0, 8]) {
			const embedding = await engine.embedText(expected.texts[i]!);
			expect(maxDifference(embedding, expectedText(i))).toBeLessThan(tolerance);
		}
		const reversed = await engine.embedText([...expected.texts].reverse());
		expect(
			maxDifference(reversed.subarray(-width), expectedText(0)),
		).toBeLessThan(tolerance);
	});

	test("embedImage", async () => {
		await using engine = await Engine.open({ model: fixture(model) });
		const images = expectedImages(expected);
		const embeddings = await Promise.all(
			images.map((image) => engine.embedImage(image)),
		);
		for (const embedding of embeddings)
			expect(embedding).toHaveLength(engine.info.embedDim);
		const all = embeddings.flatMap((embedding) => [...embedding]);
		expect(
			maxDifference(all, decodeArray(expected.image_embeddings)),
		).toBeLessThan(tolerance);
	});
});

test("embeddings have unit length", async () => {
	await using engine = await Engine.open({ model: tinyModel });
	const [image] = expectedImages(readExpected("tiny-open-clip-gelu"));
	expect(Math.hypot(...(await engine.embedText("a widget")))).toBeCloseTo(1, 5);
	expect(Math.hypot(...(await engine.embedImage(image!)))).toBeCloseTo(1, 5);
});
