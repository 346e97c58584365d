// Vision transformers without a text tower (timm, DINOv2), and checkpoints of every layout at another image size, agree
// with PyTorch.
import { describe, expect, test } from "vitest";
import { Engine } from "../dist/index.js";
import { expectError } from "./support/errors.js";
import {
	decodeArray,
	expectedImages,
	maxDifference,
	readExpected,
	readJson,
} from "./support/expected.js";
import { sceneImage } from "./support/images.js";
import { fixture, sharedData, tinyModel } from "./support/paths.js";

const tolerance = 1e-5; // the engine computes in float32, the references are float64
const layouts = {
	"tiny-timm": "timm",
	"tiny-timm-reg": "timm",
	"tiny-dinov2": "dinov2",
	"tiny-dinov2-reg": "dinov2",
};

describe.each(Object.entries(layouts))("%s", (model, layout) => {
	const expected = readExpected(model);
	const imageEmbeddings = decodeArray(expected.image_embeddings);

	test("engine.info describes the model", async () => {
		await using engine = await Engine.open({ model: fixture(model) });
		const embedDim = imageEmbeddings.length / 3;
		expect(engine.info).toMatchObject({
			layout,
			imageSize: 48,
			patch: 8,
			grid: 6,
			context: 0,
			embedDim,
		});
	});

	test("embedImage", async () => {
		await using engine = await Engine.open({ model: fixture(model) });
		const embeddings = await Promise.all(
			expectedImages(expected).map((image) => engine.embedImage(image)),
		);
		const all = embeddings.flatMap((embedding) => [...embedding]);
		expect(maxDifference(all, imageEmbeddings)).toBeLessThan(tolerance);
	});

	test("rejects texts and prompts, because there is no text tower", async () => {
		await using engine = await Engine.open({ model: fixture(model) });
		const code = "ERR_ALFA_MODEL_UNSUPPORTED";
		await expectError(
			() => engine.embedText("a widget"),
			code,
			model,
			/no text tower/,
		);
		await expectError(
			() => engine.category("widget"),
			code,
			model,
			/no text tower/,
			/CLIP/,
		);
	});
});

describe("imageSize", () => {
	const stored = readJson(fixture("image-sizes.json"));
	const cases = ["32", "64"].flatMap((size) =>
		Object.keys(stored[size].image_embeddings).map(
			(model) => [model, Number(size)] as const,
		),
	);

	test.each(cases)(
		"%s at %i px: position embeddings as its own library resamples them",
		async (model, imageSize) => {
			const { image_embeddings, ...expected } = stored[imageSize];
			await using engine = await Engine.open({
				model: fixture(model),
				imageSize,
			});
			expect(engine.info).toMatchObject({
				imageSize,
				patch: 8,
				grid: imageSize / 8,
			});
			const embeddings = await Promise.all(
				expectedImages(expected).map((image) => engine.embedImage(image)),
			);
			const all = embeddings.flatMap((embedding) => [...embedding]);
			expect(
				maxDifference(all, decodeArray(image_embeddings[model])),
			).toBeLessThan(tolerance);
		},
	);

	test("another image size gives another model hash, the model's own size does not", async () => {
		const hashOf = async (imageSize?: number) => {
			await using engine = await Engine.open({
				model: fixture("tiny-dinov2"),
				...(imageSize !== undefined && { imageSize }),
			});
			return engine.info.hash;
		};
		const own = await hashOf();
		expect(await hashOf(48)).toBe(own);
		expect(new Set([own, await hashOf(32), await hashOf(64)]).size).toBe(3);
	});

	test("the map has the image size", async () => {
		await using engine = await Engine.open({
			model: tinyModel,
			imageSize: 64,
			cache: false,
		});
		const category = await engine.category("widget", {
			prompts: { normal: ["a clean widget"], abnormal: ["a broken widget"] },
		});
		const { mapWidth, mapHeight } = await category.detect(
			sceneImage(80, 60, 2),
		);
		expect([mapWidth, mapHeight]).toEqual([64, 64]);
	});

	const openWith = (imageSize: unknown) =>
		Engine.open({
			model: fixture("tiny-dinov2"),
			imageSize: imageSize as number,
		});

	test.each([
		[20, 16, 24],
		[7, 8, 16],
		[519, 512],
		[1024, 512],
	])(
		"%i is rejected for a patch of 8 px, and the message names valid sizes",
		(imageSize, ...valid) =>
			expectError(
				() => openWith(imageSize),
				"ERR_ALFA_RANGE",
				/imageSize/,
				"64",
				`${imageSize}`,
				...valid.map(String),
			),
	);

	test.each([0, -8, 8.5, NaN, 1e9])(
		"%s is out of range for every model",
		(imageSize) =>
			expectError(() => openWith(imageSize), "ERR_ALFA_RANGE", /imageSize/),
	);

	test.each(["224", null, [224, 224]])("%j has the wrong type", (imageSize) =>
		expectError(() => openWith(imageSize), "ERR_ALFA_ARGUMENT", /imageSize/),
	);
});

test.for([224, 160, 288])(
	"ViT-Tiny with real weights at %i px",
	async (imageSize, { skip }) => {
		const model = sharedData("vit-tiny", skip);
		const { image_embeddings } = readJson(fixture("vit-tiny.json"));
		await using engine = await Engine.open({ model, imageSize });
		const embedding = await engine.embedImage(
			sceneImage(imageSize, imageSize, 7),
		);
		expect(
			maxDifference(embedding, decodeArray(image_embeddings[imageSize])),
		).toBeLessThan(tolerance);
	},
);
