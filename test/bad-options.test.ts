// Wrong options give named errors: what was wrong, where, and what was probably meant.
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { type Category, Engine, metrics } from "../dist/index.js";
import { expectError } from "./support/errors.js";
import { scene } from "./support/images.js";
import { tinyModel } from "./support/paths.js";

const validImage = {
	data: scene(48, 48, 2),
	width: 48,
	height: 48,
	channels: 3 as const,
};
const prompts = { normal: ["a clean widget"], abnormal: ["a broken widget"] };
let engine: Engine;
let widget: Category;
let expectedScore: number;
beforeAll(async () => {
	engine = await Engine.open({ model: tinyModel });
	widget = await engine.category("widget", { prompts });
	expectedScore = (await widget.detect(validImage)).score;
});
afterAll(() => engine?.close());
afterEach(async () =>
	expect(
		(await widget.detect(validImage)).score,
		"a valid call right after the error",
	).toBe(expectedScore),
);

describe("Engine.open", () => {
	const expectRejected = (
		options: unknown,
		code: string,
		...messageParts: (string | RegExp)[]
	) => expectError(() => Engine.open(options as never), code, ...messageParts);

	test.each([
		["devize", "device"],
		["Threads", "threads"],
		["max_batch", "maxBatch"],
		["modle", "model"],
	])("'%s' gets the hint '%s'", (wrong, right) =>
		expectRejected(
			{ model: tinyModel, [wrong]: 1 },
			"ERR_ALFA_ARGUMENT",
			`'${wrong}'`,
			`did you mean '${right}'`,
		),
	);
	test("an unknown key without a similar name lists the known keys", () =>
		expectRejected(
			{ model: tinyModel, sparkle: "red" },
			"ERR_ALFA_ARGUMENT",
			"'sparkle'",
			"'device'",
		));
	test("__proto__ is not an option", () =>
		expectRejected(
			JSON.parse('{"__proto__": {"threads": 1}}'),
			"ERR_ALFA_ARGUMENT",
			"__proto__",
		));
	test.each([null, 7, "demo", [], () => {}])("not an object: %s", (options) =>
		expectRejected(options, "ERR_ALFA_ARGUMENT", /object/),
	);
	test.each([
		["threads", "4"],
		["threads", null],
		["maxBatch", {}],
		["queue", true],
		["model", 3],
		["model", new URL("file:///demo")],
		["device", 0],
		["signal", {}],
		["logger", "console"],
		["onProgress", 1],
	])("%s of a wrong type: %s", (key, value) =>
		expectRejected(
			{ model: tinyModel, [key]: value },
			"ERR_ALFA_ARGUMENT",
			key,
		),
	);
	test.each([
		["threads", -1],
		["threads", 1.5],
		["threads", NaN],
		["threads", 1e9],
		["maxBatch", 0],
		["maxBatch", Infinity],
		["queue", 0],
		["batchWait", -1],
		["batchWait", 1001],
		["gpuMemory", 0.5],
		["model", ""],
		["model", "a\0b"],
		["precision", "fp8"],
		["device", "gpu"],
	])("%s out of range: %s", (key, value) =>
		expectRejected({ model: tinyModel, [key]: value }, "ERR_ALFA_RANGE", key),
	);
	test.each(["cuda", "cuda:1"])(
		"device '%s' is an error if it is not available; 'auto' uses the CPU",
		async (device) => {
			await expectRejected(
				{ model: tinyModel, device },
				"ERR_ALFA_DEVICE",
				device,
				/'cpu'/,
			);
			await using other = await Engine.open({
				model: tinyModel,
				device: "auto",
			});
			expect(other.info.device).toBe("cpu");
		},
	);
	test.each(["fp16"])("precision '%s' is an error on the CPU", (precision) =>
		expectRejected(
			{ model: tinyModel, precision },
			"ERR_ALFA_UNSUPPORTED",
			precision,
			/int8/,
		),
	);
	test("precision 'int8' is an error on a GPU", () =>
		expectRejected(
			{ model: tinyModel, device: "cuda", precision: "int8" },
			"ERR_ALFA_UNSUPPORTED",
			/fp16/,
		));
	test("undefined values count as absent", async () => {
		await using other = await Engine.open({
			model: tinyModel,
			device: undefined,
			threads: undefined,
		} as never);
		expect(other.info.device).toBe("cpu");
	});
});

describe("engine.category", () => {
	const expectRejected = (
		name: unknown,
		options: unknown,
		code: string,
		...messageParts: (string | RegExp)[]
	) =>
		expectError(
			() => engine.category(name as never, options as never),
			code,
			...messageParts,
		);

	test.each(["", " ", "123", "_", "--"])(
		"class name without words: %j",
		(name) =>
			expectRejected(name, {}, "ERR_ALFA_RANGE", /class name/, /displayName/),
	);
	test.each([undefined, null, 7, {}])(
		"class name of a wrong type: %s",
		(name) => expectRejected(name, {}, "ERR_ALFA_ARGUMENT", /class name/),
	);
	test.each([
		["temprature", "temperature"],
		["scale", "scales"],
		["reciepe", "recipe"],
		["prompt", "prompts"],
	])("'%s' gets the hint '%s'", (wrong, right) =>
		expectRejected(
			"widget",
			{ [wrong]: 1 },
			"ERR_ALFA_ARGUMENT",
			`'${wrong}'`,
			`did you mean '${right}'`,
		),
	);
	test("misspelt keys in harmonic, context, recipe and prompts", async () => {
		await expectRejected(
			"widget",
			{ harmonic: { includeGlobl: true } },
			"ERR_ALFA_ARGUMENT",
			"includeGlobl",
			"includeGlobal",
		);
		await expectRejected(
			"widget",
			{ context: { slop: 1 } },
			"ERR_ALFA_ARGUMENT",
			"slop",
			"slope",
		);
		await expectRejected(
			"widget",
			{ recipe: { nam: "alfa" } },
			"ERR_ALFA_ARGUMENT",
			"nam",
			"name",
		);
		await expectRejected(
			"widget",
			{ prompts: { normal: ["a"], abnormel: ["b"] } },
			"ERR_ALFA_ARGUMENT",
			"abnormel",
			"abnormal",
		);
	});
	test.each([0, -1, NaN, Infinity])("temperature %s", (temperature) =>
		expectRejected(
			"widget",
			{ temperature },
			"ERR_ALFA_RANGE",
			/temperature/,
			/above 0/,
		),
	);
	test.each([0, -1, NaN])("lambda %s", (lambda) =>
		expectRejected("widget", { lambda }, "ERR_ALFA_RANGE", /lambda/),
	);
	test("a temperature or lambda that is 0 or infinite in 32 bits", async () => {
		for (const [key, value] of [
			["temperature", 1e-60],
			["temperature", 1e60],
			["lambda", 1e60],
		] as const) {
			const result = await engine
				.category("widget", { prompts, [key]: value })
				.then((category) => category.detect(validImage))
				.catch((error) => error);
			expect(
				result.code ?? (result.score >= 0 && result.score <= 1),
				`${key} ${value}`,
			).toSatisfy(
				(outcome: unknown) => outcome === true || outcome === "ERR_ALFA_RANGE",
			);
		}
	});
	test.each([[[7]], [[2, 100]], [[0]], [[2, 2]], [[1.5]], [[-1]]])(
		"scales %j on a grid of 6",
		(scales) =>
			expectRejected("widget", { prompts, scales }, "ERR_ALFA_RANGE", /scales/),
	);
	test("the message has the grid", () =>
		expectRejected(
			"widget",
			{ prompts, scales: [7] },
			"ERR_ALFA_RANGE",
			"6",
			"7",
		));
	test.each([2, "2,3", { 0: 2 }, ["2"], null])(
		"scales of a wrong type: %j",
		(scales) =>
			expectRejected(
				"widget",
				{ prompts, scales },
				"ERR_ALFA_ARGUMENT",
				/scales/,
			),
	);
	test.each([
		["aligner", "rigde", "ridge"],
		["fit", "crp", "crop"],
		["resolution", "modle", "model"],
		["context", "offf", "off"],
		["recipe", "alfaa", "alfa"],
		["prompts", "winclp", "winclip"],
		["mask", "drp", "drop"],
		["values", "rwa", "raw"],
		["map", "window", "windows"],
		["imageScore", "mea", "mean"],
	])("%s '%s' gets the hint '%s'", (key, wrong, right) =>
		expectRejected(
			"widget",
			{ [key]: wrong },
			"ERR_ALFA_RANGE",
			key,
			`did you mean '${right}'`,
		),
	);
	test.each([
		["maskclip", "maskcilp"],
		["anovl", "anvol"],
		["patchcore", "patchcor"],
		["musc", "musk"],
		["trans-mm", "trans-m"],
	])("recipe '%s', misspelt as '%s'", (recipe, wrong) =>
		expectRejected(
			"widget",
			{ recipe: wrong },
			"ERR_ALFA_RANGE",
			`did you mean '${recipe}'`,
		),
	);
	test.each([
		{ smoothing: 2 },
		{ smoothing: 0 },
		{ features: { neighbourhoods: [] } },
		{ features: { depths: [0] } },
		{ features: { depths: [1.1] } },
		{ bank: { share: 0 } },
		{ bank: { seed: -1 } },
	])("values out of range: %j", (options) =>
		expectRejected(
			"widget",
			options,
			"ERR_ALFA_RANGE",
			Object.keys(options)[0]!,
		),
	);
	test.each([
		{ features: { layer: [1] } },
		{ bank: { maxEntires: 5 } },
		{ context: { falback: "both" } },
	])("misspelt keys in groups: %j", (options) =>
		expectRejected("widget", options, "ERR_ALFA_ARGUMENT", /did you mean/),
	);
	test.each([
		{ normal: [], abnormal: ["b"] },
		{ normal: ["a"], abnormal: [""] },
		{ normal: ["  "], abnormal: ["b"] },
	])("empty prompts: %j", (set) =>
		expectRejected(
			"widget",
			{ prompts: set },
			"ERR_ALFA_RANGE",
			/prompts\.(ab)?normal/,
		),
	);
	test.each([
		{ normal: ["a"] },
		{ normal: "a", abnormal: "b" },
		{ normal: [1], abnormal: ["b"] },
		[["a"], ["b"]],
		7,
	])("prompts of a wrong shape: %j", (set) =>
		expectRejected("widget", { prompts: set }, "ERR_ALFA_ARGUMENT", /prompts/),
	);
	test.each([-0.1, 1.1, NaN])("threshold %s", (threshold) =>
		expectRejected("widget", { threshold }, "ERR_ALFA_RANGE", /threshold/),
	);
});

test("settings and prompts of a category are copies: changes to them or to the options have no effect", async () => {
	const options = {
		scales: [2],
		prompts: { normal: ["a clean widget"], abnormal: ["a broken widget"] },
	};
	const one = await engine.category("widget", options);
	options.scales.push(3);
	options.prompts.normal.push("another");
	expect(one.settings.scales).toEqual([2]);
	expect(one.prompts.normal).toEqual(["a clean widget"]);
	const standard = await engine.category("widget");
	try {
		(standard.settings.scales as number[]).push(9);
	} catch {
		/* it may be frozen */
	}
	try {
		(standard.settings.harmonic as { includeGlobal?: boolean }).includeGlobal =
			true;
	} catch {
		/* it may be frozen */
	}
	try {
		const { settings } = await engine.category("widget");
		expect(settings).toMatchObject({
			scales: [2, 3],
			harmonic: { includeGlobal: false },
		});
	} finally {
		// Restores the settings for other tests, should they be shared.
		try {
			(standard.settings.scales as number[]).length = 2;
		} catch {
			/* it may be frozen */
		}
		try {
			(
				standard.settings.harmonic as { includeGlobal?: boolean }
			).includeGlobal = false;
		} catch {
			/* it may be frozen */
		}
	}
});

describe("calls of a category", () => {
	test("detect", async () => {
		await expectError(
			() => widget.detect(validImage, { sginal: undefined } as never),
			"ERR_ALFA_ARGUMENT",
			"sginal",
			"signal",
		);
		await expectError(
			() => widget.detect(validImage, 7 as never),
			"ERR_ALFA_ARGUMENT",
			/options/,
		);
	});
	test.each([validImage, "a.png", new Uint8Array(8), undefined])(
		"detectMany of a single value: %s",
		(value) =>
			expectError(
				() => widget.detectMany(value as never),
				"ERR_ALFA_ARGUMENT",
				/iterable/,
				/detect/,
			),
	);
	test("calibrate", async () => {
		await expectError(
			() => widget.calibrate([]),
			"ERR_ALFA_RANGE",
			/at least one/,
		);
		await expectError(
			() => widget.calibrate([validImage], { quantile: 95 }),
			"ERR_ALFA_RANGE",
			/quantile/,
			"1",
		);
		await expectError(
			() => widget.calibrate([validImage], { margin: 0 }),
			"ERR_ALFA_RANGE",
			/margin/,
		);
		expect(widget.threshold).toBeUndefined();
	});
	test("toPng", async () => {
		const result = await widget.detect(validImage);
		await expectError(
			() => result.toPng({ kind: "heatmpa" as never }),
			"ERR_ALFA_RANGE",
			"'heatmap'",
		);
		await expectError(
			() => result.toPng({ colourmap: "turbo" } as never),
			"ERR_ALFA_ARGUMENT",
			"'colormap'",
		);
		await expectError(
			() => result.toPng({ range: [1, 0] }),
			"ERR_ALFA_RANGE",
			/range/,
		);
		await expectError(
			() => result.toPng({ kind: "mask" }),
			"ERR_ALFA_ARGUMENT",
			/threshold/,
		);
	});
});

describe("embeddings and metrics", () => {
	test("embedText", async () => {
		for (const texts of [7, [7], undefined, { 0: "a" }])
			await expectError(
				() => engine.embedText(texts as never),
				"ERR_ALFA_ARGUMENT",
				/texts/,
			);
		expect(await engine.embedText([])).toEqual(new Float32Array(0));
	});
	test("exportOnnx", async () => {
		await expectError(
			() => engine.exportOnnx(7 as never),
			"ERR_ALFA_ARGUMENT",
			/directory/,
		);
		await expectError(
			() => engine.exportOnnx(""),
			"ERR_ALFA_RANGE",
			/directory/,
		);
	});
	test("auroc", async () => {
		const labels = Uint8Array.of(0, 1);
		await expectError(
			() => metrics.auroc([0, 1] as never, new Float32Array(2)),
			"ERR_ALFA_ARGUMENT",
			/labels/,
			"Uint8Array",
		);
		await expectError(
			() => metrics.auroc(labels, [0, 1] as never),
			"ERR_ALFA_ARGUMENT",
			/scores/,
		);
		await expectError(
			() => metrics.auroc(labels, new Float32Array(3)),
			"ERR_ALFA_RANGE",
			"2",
			"3",
		);
		for (const bad of [
			Uint8Array.of(0, 0),
			Uint8Array.of(1, 1),
			new Uint8Array(0),
		])
			await expectError(
				() => metrics.auroc(bad, new Float32Array(bad.length)),
				"ERR_ALFA_RANGE",
			);
		await expectError(
			() => metrics.auroc(labels, Float32Array.of(NaN, 1)),
			"ERR_ALFA_RANGE",
		);
		await expect(
			metrics.async.auroc(labels, new Float32Array(3)),
		).rejects.toMatchObject({ code: "ERR_ALFA_RANGE" });
	});
});
