// category.save and engine.loadCategory: a file has everything for the same model, and every other file is rejected.
import { createHash } from "node:crypto";
import { copyFile, readdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type CategoryOptions, Engine } from "../dist/index.js";
import { expectError } from "./support/errors.js";
import { temporaryFolder } from "./support/folder.js";
import { sceneImage } from "./support/images.js";
import { TestLogger } from "./support/logger.js";
import { fixture, tinyModel } from "./support/paths.js";

const images = Array.from({ length: 5 }, (_, i) => sceneImage(48, 48, i));
const references = images.slice(0, 3);
const prompts = {
	normal: ["a clean widget", "a fine widget"],
	abnormal: ["a broken widget"],
	descriptors: ["a hole", "a scratch"],
};

let engine: Engine;
let folder: string;
beforeAll(async () => {
	engine = await Engine.open({ model: tinyModel, cache: false });
	folder = temporaryFolder();
});
afterAll(() => engine?.close());

async function saveNew(file: string, options: CategoryOptions = { prompts }) {
	const category = await engine.category("widget", options);
	await category.save(file);
	return category;
}

test.each<[string, CategoryOptions]>([
	[
		"zero-shot",
		{ prompts, scales: [2], temperature: 0.1, context: { slope: 2 } },
	],
	[
		"few-shot",
		{ prompts, references: { images: references, augment: "rotate4" } },
	],
	[
		"patchcore",
		{ recipe: "patchcore", references, features: { layers: [-2, -1] } },
	],
	["tiled", { prompts, tile: { size: 32, overlap: 8 }, references }],
])(
	"%s: another engine loads the category, encodes no text and gives the same results",
	async (name, options) => {
		const category = await engine.category("metal_nut", options);
		await category.calibrate(images.slice(3));
		const before = await category.detect(images[4]!);
		const file = join(folder, `${name}.alfa`);
		await category.save(file);

		const logger = new TestLogger();
		await using other = await Engine.open({
			model: tinyModel,
			cache: false,
			logger,
		});
		const loaded = await other.loadCategory(file);
		const after = await loaded.detect(images[4]!);
		expect(logger.encodedTexts).toBe(0);
		for (const key of [
			"score",
			"anomalous",
			"map",
			"reasons",
			"regions",
		] as const) {
			expect(after[key], key).toEqual(before[key]);
		}
		const { recipe, settings, references, threshold, pixelThreshold } =
			category;
		expect(loaded).toMatchObject({
			name: "metal_nut",
			recipe,
			settings,
			threshold,
			pixelThreshold,
		});
		expect(loaded.prompts).toEqual(category.prompts);
		expect(loaded.references).toEqual(references);
	},
);

test("saving again replaces the file and leaves no temporary file", async () => {
	const file = join(folder, "again.alfa");
	const category = await saveNew(file);
	const { size } = await stat(file);
	await category.save(file);
	expect((await stat(file)).size).toBe(size);
	expect(
		(await readdir(folder)).filter((name) => name.includes(".part")),
	).toEqual([]);
});

test("a copy of the file under another name can be loaded", async () => {
	const file = join(folder, "original.alfa");
	const copy = join(folder, "copy with ümläut.alfa");
	await saveNew(file);
	await copyFile(file, copy);
	expect((await engine.loadCategory(copy)).name).toBe("widget");
});

test("save rejects a path that cannot be written", async () => {
	const category = await engine.category("widget", { prompts });
	await expectError(
		() => category.save(join(folder, "missing", "x.alfa")),
		"ERR_ALFA_WRITE",
		"x.alfa",
	);
	await expectError(() => category.save(""), "ERR_ALFA_RANGE", /file/);
});

describe("loadCategory rejects", () => {
	let file: string;
	let bytes: Buffer;
	beforeAll(async () => {
		file = join(folder, "valid.alfa");
		await saveNew(file, { prompts, references: images.slice(0, 2) });
		bytes = await readFile(file);
	});

	async function writeChanged(content: Uint8Array): Promise<string> {
		const path = join(folder, "changed.alfa");
		await writeFile(path, content);
		return path;
	}

	async function expectRejected(
		content: Uint8Array,
		...messageParts: (string | RegExp)[]
	): Promise<void> {
		const path = await writeChanged(content);
		await expectError(
			() => engine.loadCategory(path),
			"ERR_ALFA_CATEGORY_FILE",
			path,
			...messageParts,
		);
	}

	/** The file with a valid checksum for its changed content, as an attacker would make it. */
	function withChecksum(content: Buffer): Buffer {
		const body = content.subarray(8, -64);
		const checksum = createHash("sha256").update(body).digest("hex");
		return Buffer.concat([content.subarray(0, 8), body, Buffer.from(checksum)]);
	}

	test("a missing file, a folder, and other values", async () => {
		for (const path of [join(folder, "missing.alfa"), folder]) {
			await expectError(
				() => engine.loadCategory(path),
				"ERR_ALFA_CATEGORY_FILE",
				path,
			);
		}
		await expectError(
			() => engine.loadCategory(7 as never),
			"ERR_ALFA_ARGUMENT",
			/file/,
		);
	});

	test("a file in another format, and an empty file", async () => {
		await expectRejected(Buffer.from('{"a": 1}'));
		await expectRejected(Buffer.alloc(0));
	});

	test("a file cut at any length", async () => {
		const step = Math.ceil(bytes.length / 40);
		for (let length = 0; length < bytes.length; length += step) {
			await expectRejected(bytes.subarray(0, length));
		}
	});

	test("a file with a changed byte at any position", async () => {
		const step = Math.ceil(bytes.length / 40);
		for (let position = 0; position < bytes.length; position += step) {
			const changed = Buffer.from(bytes);
			changed[position]! ^= 0x40;
			const path = await writeChanged(changed);
			// A change in the model's hash makes it a category of another model.
			await expect(engine.loadCategory(path)).rejects.toMatchObject({
				code: expect.stringMatching(/ERR_ALFA_(CATEGORY_FILE|MODEL_MISMATCH)/),
			});
		}
	});

	test("wrong lengths and numbers with a valid checksum, or loads a category that never gives NaN", async () => {
		for (let position = 8; position < bytes.length - 72; position += 56) {
			for (const value of [0xffffffffffffffffn, 0x7fffffffn, 0n]) {
				const changed = Buffer.from(bytes);
				changed.writeBigUInt64LE(value, position);
				const path = await writeChanged(withChecksum(changed));
				try {
					const category = await engine.loadCategory(path);
					const { score } = await category.detect(images[0]!);
					expect(score).not.toBeNaN();
				} catch (error) {
					expect(error, `${value} at ${position}`).toHaveProperty(
						"code",
						expect.stringMatching(/^ERR_ALFA_/),
					);
				}
			}
		}
	});

	test("embeddings that are not finite", async () => {
		const changed = Buffer.from(bytes);
		changed.writeFloatLE(NaN, changed.length - 64 - 8); // in the last row of the memory bank
		await expectRejected(withChecksum(changed), /not finite/);
	});

	test("another format version", async () => {
		const changed = Buffer.from(bytes);
		changed.writeBigUInt64LE(7n, 8);
		await expectRejected(withChecksum(changed), "version 7");
	});

	test("a category of another model", async () => {
		const model = fixture("tiny-open-clip-quickgelu");
		await using other = await Engine.open({ model, cache: false });
		await expectError(
			() => other.loadCategory(file),
			"ERR_ALFA_MODEL_MISMATCH",
			file,
			/another model/,
		);
	});
});
