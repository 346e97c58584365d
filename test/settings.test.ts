// Settings of a category: defaults, recipes, options and saved files give one set of settings.
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type CategoryOptions, Engine } from "../dist/index.js";
import { expectError } from "./support/errors.js";
import { scene } from "./support/images.js";
import { root, tinyModel } from "./support/paths.js";

const prompts = { normal: ["a clean widget"], abnormal: ["a broken widget"] };
const image = {
	data: scene(48, 48, 2),
	width: 48,
	height: 48,
	channels: 3 as const,
};
let engine: Engine;
beforeAll(async () => {
	engine = await Engine.open({ model: tinyModel });
});
afterAll(() => engine?.close());

const settingsOf = async (options: CategoryOptions) =>
	(await engine.category("widget", { prompts, ...options })).settings;

describe("recipe and options", () => {
	test("a setting may stand in the recipe object or in the options", async () => {
		const inRecipe = await settingsOf({
			recipe: { name: "winclip", temperature: 0.1, harmonic: {} },
		});
		const inOptions = await settingsOf({ recipe: "winclip", temperature: 0.1 });
		expect(inRecipe).toEqual(inOptions);
		expect(inRecipe).toMatchObject({
			temperature: 0.1,
			harmonic: { includeGlobal: true },
		});
	});

	test("the same value in both places is accepted", async () => {
		const settings = await settingsOf({
			recipe: { scales: [2], bank: { seed: 3 } },
			scales: [2],
			bank: { seed: 3 },
		});
		expect(settings).toMatchObject({ scales: [2], bank: { seed: 3 } });
	});

	test.each<[string, CategoryOptions]>([
		["temperature", { recipe: { temperature: 0.1 }, temperature: 0.2 }],
		["scales", { recipe: { scales: [2] }, scales: [3] }],
		["context", { recipe: { context: "off" }, context: { slope: 2 } }],
		["bank.seed", { recipe: { bank: { seed: 1 } }, bank: { seed: 2 } }],
		[
			"bank.share",
			{ bank: { share: 0.5 }, references: { images: [image], share: 0.1 } },
		],
	])("two values of '%s' are an error", (setting, options) =>
		expectError(
			() => settingsOf(options),
			"ERR_ALFA_ARGUMENT",
			`'${setting}'`,
			"once",
		),
	);

	test("features.layers and features.depths replace each other", async () => {
		const features = async (option: CategoryOptions["features"]) =>
			(await settingsOf({ features: option! })).features;
		expect(await features({ layers: [1] })).not.toHaveProperty("depths");
		expect(await features({ depths: [1] })).not.toHaveProperty("layers");
		await expectError(
			() => features({ layers: [1], depths: [1] }),
			"ERR_ALFA_ARGUMENT",
			"'layers'",
			"'depths'",
		);
	});
});

describe("context", () => {
	test.each([true, false])("%s is not a value: 'on' and 'off' are", (context) =>
		expectError(
			() => settingsOf({ context: context as never }),
			"ERR_ALFA_ARGUMENT",
			"'on'",
			"'off'",
		),
	);

	test("details mean 'on', and the others have their defaults", async () => {
		expect(await settingsOf({ context: { fallback: "both" } })).toMatchObject({
			context: { slope: 1, weighting: "uniform", fallback: "both" },
		});
	});

	test("'on' is the same as details with their defaults", async () => {
		const score = async (context: CategoryOptions["context"]) => {
			const category = await engine.category("widget", {
				prompts,
				context: context!,
			});
			return (await category.detect(image)).score;
		};
		expect(await score({})).toBe(await score("on"));
	});
});

test("the overlap of tiles is a quarter of their size by default", async () => {
	const { tile } = await settingsOf({ tile: { size: 50 } });
	expect(tile).toEqual({ size: 50, overlap: 12 });
});

test("docs/settings.md is up to date", () => {
	const { status, stderr } = spawnSync(
		process.execPath,
		[join(root, "tools", "settings-docs.mjs"), "--check"],
		{ encoding: "utf8" },
	);
	expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
});
