// The packed forward agrees with PyTorch: the whole image and every window of every scale, with embeddings and values.
// Detections only show what is computed from them.
import { describe, expect, test } from "vitest";
import {
	type Addon,
	type EngineHandle,
	loadAddon,
} from "../dist/native/addon.js";
import { findCpuRuntime } from "../dist/onnxruntime/cpu-runtime.js";
import {
	decodeArray,
	expectedImages,
	maxDifference,
	readExpected,
	readJson,
	type StoredArray,
} from "./support/expected.js";
import { sceneImage } from "./support/images.js";
import { fixture, sharedData, tinyModels } from "./support/paths.js";

const tolerance = 1e-5; // the engine computes in float32, the references are float64
const backbones = [
	"tiny-timm",
	"tiny-timm-reg",
	"tiny-dinov2",
	"tiny-dinov2-reg",
];

async function withEngine(
	directory: string,
	work: (addon: Addon, engine: EngineHandle) => Promise<void>,
) {
	const addon = loadAddon();
	const engine = await addon.openEngine({
		directory,
		runtime: findCpuRuntime(),
		precision: "fp32",
		threads: 1,
		maxBatch: 1,
		queue: 8,
	});
	try {
		await work(addon, engine);
	} finally {
		await addon.closeEngine(engine);
	}
}

test.each([...tinyModels, ...backbones])(
	"%s: the whole image, then the windows of scales 2 and 3",
	async (model) => {
		const expected = readExpected(model);
		const images = expectedImages(expected);
		const [scale2, scale3] = [expected.scales["2"]!, expected.scales["3"]!];

		/** The rows of image i from several stored arrays, one after another. */
		const rowsOfImage = (i: number, arrays: StoredArray[]) =>
			arrays.flatMap((array) => {
				const values = Array.from(decodeArray(array));
				const size = values.length / images.length;
				return values.slice(i * size, (i + 1) * size);
			});

		await withEngine(fixture(model), async (addon, engine) => {
			for (const [i, image] of images.entries()) {
				const { embedding, value } = await addon.embedWindows(
					engine,
					image,
					"squash",
					[2, 3],
				);
				const embeddings = rowsOfImage(i, [
					expected.image_embeddings,
					scale2.embeddings,
					scale3.embeddings,
				]);
				expect(maxDifference(embedding, embeddings)).toBeLessThan(tolerance);
				// The fp16 and bf16 checkpoints have no stored values.
				if (!expected.value) continue;
				const values = rowsOfImage(i, [
					expected.value,
					scale2.value!,
					scale3.value!,
				]);
				expect(maxDifference(value, values)).toBeLessThan(tolerance);
			}
		});
	},
);

describe("ViT-Tiny with real weights", () => {
	test("windows of 12 x 12 patches at 224 px", async ({ skip }) => {
		const model = sharedData("vit-tiny", skip);
		const { windows } = readJson(fixture("vit-tiny.json"));
		await withEngine(model, async (addon, engine) => {
			const { embedding } = await addon.embedWindows(
				engine,
				sceneImage(224, 224, 7),
				"squash",
				[12],
			);
			const wholeImage = 192; // width of the embedding
			expect(
				maxDifference(
					embedding.subarray(wholeImage),
					decodeArray(windows["12"]),
				),
			).toBeLessThan(tolerance);
		});
	});
});
