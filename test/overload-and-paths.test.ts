// Calls beyond the queue are refused before any work, decoding is bounded, and no path reaches another file.
import {
	existsSync,
	lstatSync,
	mkdirSync,
	readdirSync,
	readFileSync,
	symlinkSync,
	writeFileSync,
} from "node:fs";
import { join } from "node:path";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
	type Category,
	Engine,
	evaluate,
	readDataset,
	readPromptSet,
	templatePrompts,
	writePromptSet,
} from "../dist/index.js";
import { expectError } from "./support/errors.js";
import { temporaryFolder } from "./support/folder.js";
import { sceneImage } from "./support/images.js";
import { tinyModel } from "./support/paths.js";

const options = {
	prompts: { normal: ["a clean widget"], abnormal: ["a broken widget"] },
};
let engine: Engine;
let widget: Category;
const folder = temporaryFolder();
const nul = join(folder, "precious\0.alfa");
beforeAll(async () => {
	engine = await Engine.open({ model: tinyModel });
	widget = await engine.category("widget", options);
});
afterAll(() => engine?.close());

describe("overload", () => {
	test("a refused call does not open its file", async () => {
		await using narrow = await Engine.open({
			model: tinyModel,
			queue: 1,
			maxBatch: 1,
		});
		const category = await narrow.category("widget", options);
		// A file that does not exist would give ERR_ALFA_IMAGE.
		const calls = Array.from({ length: 500 }, () =>
			category.detect(join(folder, "missing.png")),
		);
		const codes = (await Promise.allSettled(calls)).map(
			(result) => result.status === "rejected" && result.reason.code,
		);
		expect(codes.filter((code) => code === "ERR_ALFA_IMAGE")).toHaveLength(2);
		expect(codes.filter((code) => code === "ERR_ALFA_QUEUE_FULL")).toHaveLength(
			498,
		);
		const refused = narrow.embedImage(sceneImage(64, 48, 1));
		expect((await refused).length).toBe(narrow.info.embedDim);
	});

	test("an admitted call is not refused after its image has been decoded", async () => {
		await using narrow = await Engine.open({
			model: tinyModel,
			queue: 3,
			maxBatch: 2,
		});
		const category = await narrow.category("widget", options);
		const image = sceneImage(64, 48, 1);
		const calls = Array.from({ length: 20 }, () => category.detect(image));
		const results = await Promise.allSettled(calls);
		const fulfilled = results.filter(({ status }) => status === "fulfilled");
		expect(fulfilled).toHaveLength(5);
	});

	test("maxPixels refuses larger images of every kind", async () => {
		await using small = await Engine.open({
			model: tinyModel,
			maxPixels: 3000,
		});
		const category = await small.category("widget", options);
		const raw = sceneImage(64, 48, 1);
		const png = await sharp(raw.data, { raw }).png().toBuffer();
		const ppm = Buffer.concat([Buffer.from("P6 64 48 255\n"), raw.data]);
		for (const image of [raw, png, ppm])
			await expectError(
				() => category.detect(image),
				"ERR_ALFA_IMAGE_SIZE",
				"3000",
				"maxPixels",
			);
		expect(
			(await category.detect(sceneImage(50, 60, 1))).score,
		).toBeGreaterThan(0);
	});
});

describe("paths", () => {
	test("with a NUL are refused everywhere", async () => {
		const target = join(folder, "precious");
		writeFileSync(target, "precious");
		const calls: Record<string, () => unknown> = {
			save: () => widget.save(nul),
			loadCategory: () => engine.loadCategory(nul),
			exportOnnx: () => engine.exportOnnx(nul),
			model: () => Engine.open({ model: nul }),
			cache: () => Engine.open({ model: tinyModel, cache: nul }),
			report: () => evaluate(engine, folder, { report: nul }),
			readPromptSet: () => readPromptSet(nul),
			writePromptSet: () => writePromptSet(nul, templatePrompts("widget")),
		};
		for (const [name, call] of Object.entries(calls))
			await expectError(call, "ERR_ALFA_RANGE", /NUL/).catch((error) => {
				throw new Error(`${name}: ${error.message}`);
			});
		await expectError(() => readDataset(nul), "ERR_ALFA_DATASET");
		await expectError(() => evaluate(engine, nul), "ERR_ALFA_DATASET");
		await expectError(() => widget.detect(nul), "ERR_ALFA_IMAGE");
		await expectError(
			() => engine.category("widget", { references: [nul] }),
			"ERR_ALFA_IMAGE",
			"Reference 0",
		);
		expect(readFileSync(target, "utf8")).toBe("precious");
	});

	test("save replaces regular files only, and leaves no other file", async () => {
		const own = join(folder, "own");
		mkdirSync(own);
		const file = join(own, "widget.alfa");
		await widget.save(file);
		await widget.save(file);
		expect(readdirSync(own)).toEqual(["widget.alfa"]);
		expect((await engine.loadCategory(file)).name).toBe("widget");
		const link = join(own, "link.alfa");
		symlinkSync(file, link);
		await expectError(() => widget.save(link), "ERR_ALFA_WRITE", /link/);
		await expectError(() => widget.save(own), "ERR_ALFA_WRITE", /folder/);
		await expectError(
			() => widget.save(join(own, "missing/widget.alfa")),
			"ERR_ALFA_WRITE",
			"missing/widget.alfa",
		);
		expect(existsSync(join(own, "missing"))).toBe(false);
		expect(lstatSync(link).isSymbolicLink()).toBe(true);
		expect(readdirSync(own).sort()).toEqual(["link.alfa", "widget.alfa"]);
	});

	test("outputs replace a symbolic link and do not write through it", async () => {
		const victim = join(folder, "victim.json");
		writeFileSync(victim, "untouched");
		const link = join(folder, "prompts.json");
		symlinkSync(victim, link);
		await writePromptSet(link, templatePrompts("widget"));
		expect(readFileSync(victim, "utf8")).toBe("untouched");
		expect(lstatSync(link).isFile()).toBe(true);
	});
});
