// The addon checks its arguments itself, although lib never passes such values.
import { afterAll, beforeAll, expect, test } from "vitest";
import { callNative } from "../dist/errors.js";
import {
	type Addon,
	type EngineHandle,
	loadAddon,
} from "../dist/native/addon.js";
import {
	type NativeSettings,
	nativeSettings,
} from "../dist/native/settings.js";
import { findCpuRuntime } from "../dist/onnxruntime/cpu-runtime.js";
import { recipes } from "../dist/recipes.js";
import { expectError } from "./support/errors.js";
import { sceneImage } from "./support/images.js";
import { tinyModel } from "./support/paths.js";

const none = new Float32Array(0);
const addon: Addon = loadAddon();
let engine: EngineHandle;
let settings: NativeSettings;
let unitVector: Float32Array;
beforeAll(async () => {
	engine = await addon.openEngine({
		directory: tinyModel,
		runtime: findCpuRuntime(),
		precision: "fp32",
		threads: 1,
		maxBatch: 2,
		queue: 4,
	});
	const { embedDim, layers } = addon.info(engine);
	settings = nativeSettings(recipes.alfa, layers);
	unitVector = new Float32Array(embedDim).fill(1 / Math.sqrt(embedDim));
});
afterAll(() => addon.closeEngine(engine));

test("createCategory rejects embeddings with NaN", async () => {
	const withNaN = Float32Array.from(unitVector).fill(NaN, 3, 4);
	const create = () =>
		addon.createCategory(engine, settings, withNaN, unitVector, none);
	await expectError(() => callNative(create), "ERR_ALFA_RANGE", /NaN/);
});

test("createCategory rejects a bank that was built with other settings", async () => {
	const builder = addon.createBank(engine, { ...settings, scales: [2] });
	await addon.addReference(engine, builder, sceneImage(48, 48, 0));
	const { bank } = await addon.finishBank(engine, builder);
	const create = () =>
		addon.createCategory(engine, settings, unitVector, unitVector, none, bank);
	await expectError(() => callNative(create), "ERR_ALFA_RANGE", /scales/);
});

test("createCategory rejects anything that is not a bank", () => {
	const builder = addon.createBank(engine, settings);
	for (const wrong of [{}, builder, 7]) {
		const create = () =>
			addon.createCategory(
				engine,
				settings,
				unitVector,
				unitVector,
				none,
				wrong as never,
			);
		expect(create).toThrow(/bank/);
	}
});
