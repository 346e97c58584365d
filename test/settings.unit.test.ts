// Internals of settings that the public API does not reach: what native code and files of earlier versions contain.
import { describe, expect, test } from "vitest";
import { checkSavedSettings } from "../dist/category/options.js";
import { loadAddon } from "../dist/native/addon.js";
import { nativeSettings } from "../dist/native/settings.js";
import { findCpuRuntime } from "../dist/onnxruntime/cpu-runtime.js";
import { recipes } from "../dist/recipes.js";
import { tinyModel } from "./support/paths.js";

describe("the settings object of the addon", async () => {
	const addon = loadAddon();
	const engine = await addon.openEngine({
		directory: tinyModel,
		runtime: findCpuRuntime(),
		precision: "fp32",
		threads: 1,
		maxBatch: 1,
		queue: 4,
	});
	const valid = nativeSettings(recipes.alfa, addon.info(engine).layers);
	const createBank = (settings: object) =>
		addon.createBank(engine, settings as never);

	test("has exactly the settings of the table", () => {
		expect(() => createBank(valid)).not.toThrow();
	});

	test.each(Object.keys(valid))("needs '%s'", (key) => {
		const { [key as never]: _, ...others } = valid;
		expect(() => createBank(others)).toThrow(
			expect.objectContaining({
				code: "ERR_ALFA_ARGUMENT",
				message: expect.stringContaining(`settings.${key}`),
			}),
		);
	});

	test.each([
		["settings.extra", { ...valid, extra: 1 }, "ERR_ALFA_ARGUMENT"],
		[
			"settings.bank.extra",
			{ ...valid, bank: { ...valid.bank, extra: 1 } },
			"ERR_ALFA_ARGUMENT",
		],
		["settings.aligner", { ...valid, aligner: "rigde" }, "ERR_ALFA_RANGE"],
		["settings.smoothing", { ...valid, smoothing: 1.5 }, "ERR_ALFA_RANGE"],
		[
			"settings.scales[1]",
			{ ...valid, scales: [2, 2 ** 40] },
			"ERR_ALFA_RANGE",
		],
	])("with a wrong %s is an error", (name, settings, code) => {
		expect(() => createBank(settings)).toThrow(
			expect.objectContaining({ code, message: expect.stringContaining(name) }),
		);
	});
});

test.each([
	[true, "on"],
	[false, "off"],
])("a saved file with context %s opens", (saved, context) => {
	const settings = { ...recipes.winclip, context: saved };
	expect(checkSavedSettings(settings)).toEqual({ ...recipes.winclip, context });
});

test("a saved file with features.layers and features.depths opens with the layers", () => {
	const features = { ...recipes.alfa.features, layers: [1], depths: [0.5] };
	const settings = checkSavedSettings({ ...recipes.alfa, features });
	expect(settings.features).toMatchObject({ layers: [1] });
	expect(settings.features).not.toHaveProperty("depths");
});
