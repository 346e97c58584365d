// The packed forward agrees with PyTorch: the whole image and every window of every scale, with embeddings and values.
// Detections only show what is computed from them.
import { describe, expect, test } from "vitest";
import { loadAddon } from "../dist/native/addon.js";
import { findCpuRuntime } from "../dist/onnxruntime/cpu-runtime.js";
import {
	decodeArray,
	expectedImages,
	maxDifference,
	readExpected,
	type StoredArray,
} from "./support/expected.js";
import { fixture, tinyModels } from "./support/paths.js";

const tolerance = 1e-5; // the engine computes in float32, the references are float64

describe.each(tinyModels)("%s", (model) => {
	const expected = readExpected(model);
	const images = expectedImages(expected);
	const [small, large] = [expected.scales["2"]!, expected.scales["3"]!];

	/** The rows of image i from several stored arrays, one after another. */
	const rowsOfImage = (i: number, arrays: StoredArray[]) =>
		arrays.flatMap((array) => {
			const values = Array.from(decodeArray(array));
			const size = values.length / images.length;
			return values.slice(i * size, (i + 1) * size);
		});

	test("the whole image, then the windows of scales 2 and 3", async () => {
		const addon = loadAddon();
		const engine = await addon.openEngine({
			directory: fixture(model),
			runtime: findCpuRuntime(),
			precision: "fp32",
			threads: 1,
			maxBatch: 1,
			queue: 8,
		});
		for (const [i, image] of images.entries()) {
			const { embedding, value } = await addon.embedWindows(
				engine,
				image,
				"squash",
				[2, 3],
			);
			const embeddings = rowsOfImage(i, [
				expected.image_embeddings,
				small.embeddings,
				large.embeddings,
			]);
			expect(maxDifference(embedding, embeddings)).toBeLessThan(tolerance);
			// The fp16 and bf16 checkpoints have no stored values.
			if (!expected.value) continue;
			const values = rowsOfImage(i, [
				expected.value,
				small.value!,
				large.value!,
			]);
			expect(maxDifference(value, values)).toBeLessThan(tolerance);
		}
		await addon.closeEngine(engine);
	});
});
