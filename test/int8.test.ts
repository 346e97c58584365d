// precision 'int8': near the float64 references of every layout, the same in every batch, and an error instead of NaN.
import { join } from "node:path";
import { expect, test } from "vitest";
import { Engine, type RecipeName } from "../dist/index.js";
import { expectError } from "./support/errors.js";
import {
	decodeArray,
	expectedImages,
	maxDifference,
	readExpected,
	readJson,
} from "./support/expected.js";
import { copyFixture } from "./support/folder.js";
import { sceneImage } from "./support/images.js";
import { fixture, sharedData, tinyModel, tinyModels } from "./support/paths.js";
import { readSafetensors, writeSafetensors } from "./support/safetensors.js";

const backbones = [
	"tiny-timm",
	"tiny-timm-reg",
	"tiny-dinov2",
	"tiny-dinov2-reg",
];
const image = sceneImage(48, 48, 3);
const otherImage = sceneImage(48, 48, 4);

/** 1 - cosine similarity of two unit vectors. */
function cosineDistance(a: ArrayLike<number>, b: ArrayLike<number>): number {
	return 1 - Array.from(a).reduce((sum, value, i) => sum + value * b[i]!, 0);
}

test.each([...tinyModels, ...backbones])(
	"%s: the error of an embedding is less than a tenth of the distance between images",
	async (model) => {
		const expected = readExpected(model);
		await using engine = await Engine.open({
			model: fixture(model),
			precision: "int8",
		});
		expect(engine.info.precision).toBe("int8");
		const width = engine.info.embedDim;
		const rows = decodeArray(expected.image_embeddings);
		const references = [0, 1, 2].map((i) =>
			rows.subarray(i * width, (i + 1) * width),
		);
		const embeddings = await Promise.all(
			expectedImages(expected).map((image) => engine.embedImage(image)),
		);
		const error = Math.max(
			...embeddings.map((embedding, i) =>
				cosineDistance(embedding, references[i]!),
			),
		);
		const [first, second, third] = references as [
			typeof rows,
			typeof rows,
			typeof rows,
		];
		const between = Math.min(
			cosineDistance(first, second),
			cosineDistance(second, third),
		);
		expect(error).toBeGreaterThan(0); // otherwise the engine did not compute in int8
		expect(error).toBeLessThan(5e-3);
		expect(error).toBeLessThan(between / 10);
	},
);

test("ViT-Tiny with real weights: the error is less than 0.004", async ({
	skip,
}) => {
	const model = sharedData("vit-tiny", skip);
	const { image_embeddings } = readJson(fixture("vit-tiny.json"));
	await using engine = await Engine.open({ model, precision: "int8" });
	const embedding = await engine.embedImage(sceneImage(224, 224, 7));
	expect(
		cosineDistance(embedding, decodeArray(image_embeddings["224"])),
	).toBeLessThan(4e-3);
});

test("precision 'auto' takes fp32 for narrow models", async () => {
	await using engine = await Engine.open({ model: tinyModel });
	expect(engine.info.precision).toBe("fp32");
});

test.each<RecipeName>([
	"alfa",
	"winclip",
	"clip-ac",
	"maskclip",
	"anovl",
	"trans-mm",
	"patchcore",
])(
	"recipe '%s': scores are near fp32, and the same in a batch",
	async (recipe) => {
		await using fp32 = await Engine.open({
			model: tinyModel,
			precision: "fp32",
		});
		await using int8 = await Engine.open({
			model: tinyModel,
			precision: "int8",
		});
		const options = {
			recipe,
			...(recipe === "patchcore" && { references: [otherImage] }),
		};
		const exactCategory = await fp32.category("widget", options);
		const category = await int8.category("widget", options);
		const exact = await exactCategory.detect(image);
		const single = await category.detect(image);
		expect(Math.abs(single.score - exact.score)).toBeLessThan(0.05);
		const [, batched] = await Promise.all([
			category.detect(otherImage),
			category.detect(image),
		]);
		expect(Math.abs(batched.score - single.score)).toBeLessThan(1e-6);
		expect(maxDifference(batched.map, single.map)).toBeLessThan(1e-6);
	},
);

/** A copy of the tiny model with one weight of a tensor replaced. */
function modelWithWeight(tensor: RegExp, index: number, value: number): string {
	const folder = copyFixture("tiny-open-clip-gelu");
	const file = join(folder, "open_clip_model.safetensors");
	const { header, data } = readSafetensors(file);
	const name = Object.keys(header).find((name) => tensor.test(name))!;
	data.writeFloatLE(value, header[name]!.data_offsets[0] + 4 * index);
	writeSafetensors(file, header, data);
	return folder;
}

test.each([NaN, Infinity])(
	"a weight of %d in a quantised layer is a damaged model",
	async (value) => {
		const model = modelWithWeight(
			/visual.*resblocks\.1\.mlp\.c_fc\.weight/,
			10,
			value,
		);
		await expectError(
			() => Engine.open({ model, precision: "int8" }),
			"ERR_ALFA_MODEL_CORRUPT",
			/finite/,
		);
	},
);

test("a NaN before the quantised layers is reported, not quantised away", async () => {
	const model = modelWithWeight(/^visual\.positional_embedding$/, 0, NaN);
	await using engine = await Engine.open({ model, precision: "int8" });
	await expectError(
		() => engine.embedImage(image),
		"ERR_ALFA_MODEL_CORRUPT",
		/finite/,
	);
});
