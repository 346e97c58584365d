// The image tower in 8 bits: near the float64 references of every layout, the same each time, and never on wrong numbers.
import { describe, expect, test } from "vitest";
import { Engine, type RecipeName } from "../dist/index.js";
import {
	expectedOf,
	farthest,
	numbers,
	picturesOf,
	readJson,
	type StoredArray,
} from "./support/expected.js";
import { copyOf } from "./support/folder.js";
import { fixture, models, sharedData, tiny } from "./support/paths.js";
import { scene } from "./support/images.js";
import { expectRefusal } from "./support/refusal.js";
import { readSafetensors, writeSafetensors } from "./support/safetensors.js";

const cosine = (a: ArrayLike<number>, b: ArrayLike<number>) =>
	Array.from(a).reduce((sum, value, i) => sum + value * b[i]!, 0);

describe.each([
	...models,
	"tiny-timm",
	"tiny-timm-reg",
	"tiny-dinov2",
	"tiny-dinov2-reg",
])("%s", (model) => {
	test("images are near the reference, nearer than to each other by far", async () => {
		const expected = expectedOf(model);
		await using engine = await Engine.open({
			model: fixture(model),
			precision: "int8",
		});
		expect(engine.info.precision).toBe("int8");
		const wanted = numbers(expected.image_embeddings),
			width = engine.info.embedDim;
		const found = await Promise.all(
			picturesOf(expected).map((picture) => engine.embedImage(picture)),
		);
		const row = (i: number) => wanted.subarray(i * width, (i + 1) * width);
		const off = Math.max(...found.map((each, i) => 1 - cosine(each, row(i))));
		const apart = Math.min(
			1 - cosine(row(0), row(1)),
			1 - cosine(row(1), row(2)),
		);
		expect(off).toBeGreaterThan(0); // it is the other path
		expect(off).toBeLessThan(5e-3);
		expect(off).toBeLessThan(apart / 10);
	});
});

test("real weights lose less than a few thousandths", async ({ skip }) => {
	const stored: { image_embeddings: Record<string, StoredArray> } = readJson(
		fixture("vit-tiny.json"),
	);
	for (const imageSize of [224, 384]) {
		if (!stored.image_embeddings[imageSize]) continue;
		await using engine = await Engine.open({
			model: sharedData("vit-tiny", skip),
			precision: "int8",
			imageSize,
		});
		const found = await engine.embedImage({
			data: scene(imageSize, imageSize, 7),
			width: imageSize,
			height: imageSize,
			channels: 3,
		});
		expect(
			1 - cosine(found, numbers(stored.image_embeddings[imageSize]!)),
		).toBeLessThan(4e-3);
	}
});

test("'auto' keeps narrow models in fp32", async () => {
	await using engine = await Engine.open({ model: tiny });
	expect(engine.info.precision).toBe("fp32");
});

test("every recipe runs, near fp32, and as well in a batch", async () => {
	const image = {
		data: scene(48, 48, 3),
		width: 48,
		height: 48,
		channels: 3 as const,
	};
	const other = {
		data: scene(48, 48, 4),
		width: 48,
		height: 48,
		channels: 3 as const,
	};
	await using exact = await Engine.open({ model: tiny, precision: "fp32" });
	await using engine = await Engine.open({ model: tiny, precision: "int8" });
	for (const recipe of [
		"alfa",
		"winclip",
		"clip-ac",
		"maskclip",
		"anovl",
		"trans-mm",
		"patchcore",
	] as RecipeName[]) {
		const options = {
			recipe,
			...(recipe === "patchcore" && { references: [other] }),
		};
		const [wanted, category] = [
			await exact.category("widget", options),
			await engine.category("widget", options),
		];
		const one = await category.detect(image);
		expect(
			Math.abs(one.score - (await wanted.detect(image)).score),
			recipe,
		).toBeLessThan(0.05);
		const [, again] = await Promise.all([
			category.detect(other),
			category.detect(image),
		]);
		expect(Math.abs(again!.score - one.score), recipe).toBeLessThan(1e-6);
		expect(farthest(again!.map, one.map), recipe).toBeLessThan(1e-6);
	}
});

test.each([NaN, Infinity])(
	"a weight of %d is a damaged model",
	async (value) => {
		const folder = copyOf("tiny-open-clip-gelu");
		const file = `${folder}/open_clip_model.safetensors`;
		const { header, data } = readSafetensors(file);
		const name = Object.keys(header).find((each) =>
			/visual.*resblocks\.1\.mlp\.c_fc\.weight/.test(each),
		)!;
		data.writeFloatLE(value, header[name]!.data_offsets[0] + 40);
		writeSafetensors(file, header, data);
		await expectRefusal(
			() => Engine.open({ model: folder, precision: "int8" }),
			"ERR_ALFA_MODEL_CORRUPT",
			/finite/,
		);
	},
);

test("a NaN before the 8 bits does not vanish in them", async () => {
	const folder = copyOf("tiny-open-clip-gelu");
	const file = `${folder}/open_clip_model.safetensors`;
	const { header, data } = readSafetensors(file);
	data.writeFloatLE(
		NaN,
		header["visual.positional_embedding"]!.data_offsets[0],
	);
	writeSafetensors(file, header, data);
	await using engine = await Engine.open({ model: folder, precision: "int8" });
	await expectRefusal(
		() =>
			engine.embedImage({
				data: scene(48, 48, 3),
				width: 48,
				height: 48,
				channels: 3,
			}),
		"ERR_ALFA_MODEL_CORRUPT",
		/finite/,
	);
});
