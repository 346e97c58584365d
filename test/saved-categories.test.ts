// A category as a file: whole, versioned, for one model; anything else is refused by name.

import { createHash } from "node:crypto";
import { copyFile, readdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type CategoryOptions, Engine, type RawImage } from "../dist/index.js";
import { temporaryFolder } from "./support/folder.js";
import { scene } from "./support/images.js";
import { TestLogger } from "./support/logger.js";
import { fixture, tiny } from "./support/paths.js";
import { expectRefusal } from "./support/refusal.js";

const images: RawImage[] = Array.from({ length: 5 }, (_, i) => ({
	data: scene(48, 48, i),
	width: 48,
	height: 48,
	channels: 3,
}));
const prompts = {
	normal: ["a clean widget", "a fine widget"],
	abnormal: ["a broken widget"],
	descriptors: ["a hole", "a scratch"],
};

let engine: Engine;
let folder: string;
beforeAll(async () => {
	engine = await Engine.open({ model: tiny, cache: false });
	folder = temporaryFolder();
});
afterAll(() => engine?.close());

const kinds: [string, CategoryOptions][] = [
	[
		"zero-shot",
		{ prompts, scales: [2], temperature: 0.1, context: { slope: 2 } },
	],
	[
		"few-shot",
		{ prompts, references: { images: images.slice(0, 3), augment: "rotate4" } },
	],
	[
		"patchcore",
		{
			recipe: "patchcore",
			references: images.slice(0, 3),
			features: { layers: [-2, -1] },
		},
	],
	[
		"tiled",
		{ prompts, tile: { size: 32, overlap: 8 }, references: images.slice(0, 2) },
	],
];

test.each(kinds)(
	"%s: what was saved answers as before, in another engine too",
	async (name, options) => {
		const category = await engine.category("metal_nut", options);
		await category.calibrate(images.slice(3));
		const before = await category.detect(images[4]!);
		const file = join(folder, `${name}.alfa`);
		await category.save(file);
		const logger = new TestLogger();
		await using other = await Engine.open({
			model: tiny,
			cache: false,
			logger,
		});
		const loaded = await other.loadCategory(file);
		const after = await loaded.detect(images[4]!);
		expect(after.score).toBe(before.score);
		expect(after.anomalous).toBe(before.anomalous);
		expect(after.map).toEqual(before.map);
		expect(after.reasons).toEqual(before.reasons);
		expect(after.regions).toEqual(before.regions);
		expect(logger.encodedTexts).toBe(0);
		for (const key of [
			"name",
			"recipe",
			"settings",
			"prompts",
			"references",
			"threshold",
			"pixelThreshold",
		] as const)
			expect(loaded[key], key).toEqual(category[key]);
	},
);

test("saving again replaces the file whole and leaves nothing beside it", async () => {
	const file = join(folder, "again.alfa");
	const category = await engine.category("widget", { prompts });
	await category.save(file);
	const first = await stat(file);
	await category.save(file);
	expect((await stat(file)).size).toBe(first.size);
	expect(
		(await readdir(folder)).filter((name) => name.includes(".part")),
	).toEqual([]);
});

describe("what is refused", () => {
	let file: string, bytes: Buffer;
	beforeAll(async () => {
		file = join(folder, "good.alfa");
		await (
			await engine.category("widget", {
				prompts,
				references: images.slice(0, 2),
			})
		).save(file);
		bytes = await readFile(file);
	});
	async function refusedBytes(
		changed: Uint8Array,
		...says: (string | RegExp)[]
	): Promise<void> {
		const bad = join(folder, "bad.alfa");
		await writeFile(bad, changed);
		await expectRefusal(
			() => engine.loadCategory(bad),
			"ERR_ALFA_CATEGORY_FILE",
			bad,
			...says,
		);
	}
	/** The file with its seal made right again, as someone who means harm would. */
	function resealed(changed: Buffer): Buffer {
		const body = changed.subarray(8, -64);
		return Buffer.concat([
			changed.subarray(0, 8),
			body,
			Buffer.from(createHash("sha256").update(body).digest("hex")),
		]);
	}

	test("no such file, a folder, another kind of file, an empty one", async () => {
		for (const path of [join(folder, "none.alfa"), folder])
			await expectRefusal(
				() => engine.loadCategory(path),
				"ERR_ALFA_CATEGORY_FILE",
				path,
			);
		await refusedBytes(Buffer.from('{"a": 1}'));
		await refusedBytes(Buffer.alloc(0));
	});
	test("cut short, at every length", async () => {
		for (
			let length = 0;
			length < bytes.length;
			length += Math.ceil(bytes.length / 40)
		)
			await refusedBytes(bytes.subarray(0, length));
	});
	test("one byte changed", async () => {
		for (let at = 0; at < bytes.length; at += Math.ceil(bytes.length / 40)) {
			const changed = Buffer.from(bytes);
			changed[at]! ^= 0x40;
			await expect(
				engine.loadCategory(await written(changed)),
			).rejects.toMatchObject({
				code: expect.stringMatching(/ERR_ALFA_(CATEGORY_FILE|MODEL_MISMATCH)/),
			});
		}
	});
	test("lengths and numbers that lie, under a seal that is right", async () => {
		for (let at = 8; at < bytes.length - 72; at += 56) {
			for (const lie of [0xffffffffffffffffn, 0x7fffffffn, 0n]) {
				const changed = Buffer.from(bytes);
				changed.writeBigUInt64LE(lie, at);
				const file = await written(resealed(changed));
				const category = await engine.loadCategory(file).catch((error) => {
					expect(error.code, `${lie} at ${at}`).toMatch(/^ERR_ALFA_/);
				});
				if (category)
					expect(
						(await category.detect(images[0]!).catch((error) => error)).score ??
							0,
					).not.toBeNaN(); // a number that may be anything
			}
		}
	});
	test("embeddings that are no numbers", async () => {
		const changed = Buffer.from(bytes);
		changed.writeFloatLE(NaN, changed.length - 64 - 8); // in the bank's last row
		await refusedBytes(resealed(changed), /not finite/);
	});
	test("another version", async () => {
		const changed = Buffer.from(bytes);
		changed.writeBigUInt64LE(7n, 8);
		await refusedBytes(resealed(changed), "version 7");
	});
	test("another model", async () => {
		await using other = await Engine.open({
			model: fixture("tiny-open-clip-quickgelu"),
			cache: false,
		});
		await expectRefusal(
			() => other.loadCategory(file),
			"ERR_ALFA_MODEL_MISMATCH",
			file,
			/another model/,
		);
	});
	test("a file that cannot be written", async () => {
		const category = await engine.category("widget", { prompts });
		await expectRefusal(
			() => category.save(join(folder, "none", "x.alfa")),
			"ERR_ALFA_WRITE",
			"x.alfa",
		);
		await expectRefusal(() => category.save(""), "ERR_ALFA_RANGE", /file/);
		await expectRefusal(
			() => engine.loadCategory(7 as never),
			"ERR_ALFA_ARGUMENT",
			/file/,
		);
	});

	async function written(changed: Uint8Array): Promise<string> {
		const path = join(folder, "changed.alfa");
		await writeFile(path, changed);
		return path;
	}
});

test("a copy of the file is as good", async () => {
	const file = join(folder, "original.alfa"),
		copy = join(folder, "copy with ümläut.alfa");
	await (await engine.category("widget", { prompts })).save(file);
	await copyFile(file, copy);
	expect((await engine.loadCategory(copy)).name).toBe("widget");
});
