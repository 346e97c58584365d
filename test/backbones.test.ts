// Vision transformers without a text tower (timm, DINOv2) agree with PyTorch, and so does every layout at an image size
// that is not its own.
import { describe, expect, test } from "vitest";
import { loadAddon } from "../dist/native/addon.js";
import { findCpuRuntime } from "../dist/onnxruntime/cpu-runtime.js";
import { Engine } from "../dist/index.js";
import {
	expectedOf,
	farthest,
	numbers,
	picturesOf,
	readJson,
	type StoredArray,
} from "./support/expected.js";
import { fixture, sharedData } from "./support/paths.js";
import { scene } from "./support/images.js";
import { expectRefusal } from "./support/refusal.js";

const close = 1e-5; // both are float32; the references are float64
const layouts = {
	"tiny-timm": "timm",
	"tiny-timm-reg": "timm",
	"tiny-dinov2": "dinov2",
	"tiny-dinov2-reg": "dinov2",
};

describe.each(Object.entries(layouts))("%s", (model, layout) => {
	const expected = expectedOf(model);
	const pictures = picturesOf(expected);

	test("says what it is", async () => {
		await using engine = await Engine.open({ model: fixture(model) });
		expect(engine.info).toMatchObject({
			layout,
			imageSize: 48,
			patch: 8,
			grid: 6,
			context: 0,
			embedDim: numbers(expected.image_embeddings).length / 3,
		});
	});

	test("images", async () => {
		await using engine = await Engine.open({ model: fixture(model) });
		const found = await Promise.all(
			pictures.map((picture) => engine.embedImage(picture)),
		);
		expect(
			farthest(
				found.flatMap((each) => [...each]),
				numbers(expected.image_embeddings),
			),
		).toBeLessThan(close);
	});

	test("windows keep the class row, the registers and their patches", async () => {
		const addon = loadAddon();
		const engine = await addon.openEngine({
			directory: fixture(model),
			runtime: findCpuRuntime(),
			precision: "fp32",
			threads: 1,
			maxBatch: 1,
			queue: 8,
		});
		const part = (stored: StoredArray, i: number) =>
			Array.from(numbers(stored)).slice(
				(i * numbers(stored).length) / 3,
				((i + 1) * numbers(stored).length) / 3,
			);
		for (const [i, picture] of pictures.entries()) {
			const { embedding, value } = await addon.embedWindows(
				engine,
				picture as never,
				"squash",
				[2, 3],
			);
			const scales = [expected.scales["2"]!, expected.scales["3"]!];
			expect(
				farthest(
					embedding,
					[
						expected.image_embeddings,
						...scales.map((each) => each.embeddings),
					].flatMap((each) => part(each, i)),
				),
			).toBeLessThan(close);
			expect(
				farthest(
					value,
					[expected.value!, ...scales.map((each) => each.value!)].flatMap(
						(each) => part(each, i),
					),
				),
			).toBeLessThan(close);
		}
		await addon.closeEngine(engine);
	});

	test("has no text tower: prompts are refused in words", async () => {
		await using engine = await Engine.open({ model: fixture(model) });
		await expectRefusal(
			() => engine.embedText("a widget"),
			"ERR_ALFA_MODEL_UNSUPPORTED",
			model,
			/no text tower/,
		);
		await expectRefusal(
			() => engine.category("widget"),
			"ERR_ALFA_MODEL_UNSUPPORTED",
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
		"%s at %i px: positions as its own library resamples them",
		async (model, imageSize) => {
			const { pictures, image_embeddings } = stored[imageSize];
			await using engine = await Engine.open({
				model: fixture(model),
				imageSize,
			});
			expect(engine.info).toMatchObject({
				imageSize,
				patch: 8,
				grid: imageSize / 8,
			});
			const found = await Promise.all(
				picturesOf({ pictures } as never).map((picture) =>
					engine.embedImage(picture),
				),
			);
			expect(
				farthest(
					found.flatMap((each) => [...each]),
					numbers(image_embeddings[model]),
				),
			).toBeLessThan(close);
		},
	);

	test("another size is another model to caches and saved results; its own size is not", async () => {
		const hashOf = async (imageSize?: number) => {
			await using engine = await Engine.open({
				model: fixture("tiny-dinov2"),
				imageSize,
			});
			return engine.info.hash;
		};
		const [own, named, smaller, larger] = [
			await hashOf(),
			await hashOf(48),
			await hashOf(32),
			await hashOf(64),
		];
		expect(named).toBe(own);
		expect(new Set([own, smaller, larger]).size).toBe(3);
	});

	test("a map has the size asked for", async () => {
		await using engine = await Engine.open({
			model: fixture("tiny-open-clip-gelu"),
			imageSize: 64,
			cache: false,
		});
		const widget = await engine.category("widget", {
			prompts: { normal: ["a clean widget"], abnormal: ["a broken widget"] },
		});
		const { mapWidth, mapHeight } = await widget.detect({
			data: scene(80, 60, 2),
			width: 80,
			height: 60,
			channels: 3,
		});
		expect([mapWidth, mapHeight]).toEqual([64, 64]);
	});

	test.each([
		[20, 16, 24],
		[7, 8, 16],
		[519, 512],
		[1024, 512],
	])(
		"%i is refused where a patch is 8 px, with what would do",
		(imageSize, ...instead) =>
			expectRefusal(
				() => Engine.open({ model: fixture("tiny-dinov2"), imageSize }),
				"ERR_ALFA_RANGE",
				/imageSize/,
				"64",
				`${imageSize}`,
				...instead.map(String),
			),
	);
	test.each([0, -8, 8.5, NaN, 1e9])(
		"%s is out of range for any model",
		(imageSize) =>
			expectRefusal(
				() => Engine.open({ model: fixture("tiny-dinov2"), imageSize }),
				"ERR_ALFA_RANGE",
				/imageSize/,
			),
	);
	test.each(["224", null, [224, 224]])("%j is of another type", (imageSize) =>
		expectRefusal(
			() =>
				Engine.open({
					model: fixture("tiny-dinov2"),
					imageSize: imageSize as never,
				}),
			"ERR_ALFA_ARGUMENT",
			/imageSize/,
		),
	);
});

describe("ViT-Tiny, real weights", () => {
	const stored = readJson(fixture("vit-tiny.json"));

	test.for([224, 160, 288])("at %i px", async (imageSize, { skip }) => {
		const model = sharedData("vit-tiny", skip);
		await using engine = await Engine.open({ model, imageSize });
		const image = {
			data: scene(imageSize, imageSize, 7),
			width: imageSize,
			height: imageSize,
			channels: 3 as const,
		};
		expect(
			farthest(
				await engine.embedImage(image),
				numbers(stored.image_embeddings[imageSize]),
			),
		).toBeLessThan(close);
	});

	test("windows", async ({ skip }) => {
		const addon = loadAddon();
		const engine = await addon.openEngine({
			directory: sharedData("vit-tiny", skip),
			runtime: findCpuRuntime(),
			precision: "fp32",
			threads: 0,
			maxBatch: 1,
			queue: 8,
		});
		const { embedding } = await addon.embedWindows(
			engine,
			{ data: scene(224, 224, 7), width: 224, height: 224, channels: 3 },
			"squash",
			[12],
		);
		expect(
			farthest(embedding.subarray(192), numbers(stored.windows["12"])),
		).toBeLessThan(close);
		await addon.closeEngine(engine);
	});
});
