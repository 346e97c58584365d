// Options are checked at the door: what is wrong, where, and what was meant.
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { Engine, metrics, type Category } from "../dist/index.js";
import { tiny } from "./support/paths.js";
import { scene } from "./support/images.js";
import { expectRefusal } from "./support/refusal.js";

const good = {
	data: scene(48, 48, 2),
	width: 48,
	height: 48,
	channels: 3 as const,
};
const prompts = { normal: ["a clean widget"], abnormal: ["a broken widget"] };
let engine: Engine;
let widget: Category;
let wanted: number;
beforeAll(async () => {
	engine = await Engine.open({ model: tiny });
	widget = await engine.category("widget", { prompts });
	wanted = (await widget.detect(good)).score;
});
afterAll(() => engine?.close());
afterEach(async () =>
	expect((await widget.detect(good)).score, "a good image right after").toBe(
		wanted,
	),
);

describe("Engine.open", () => {
	const refused = (
		options: unknown,
		code: string,
		...says: (string | RegExp)[]
	) => expectRefusal(() => Engine.open(options as never), code, ...says);

	test.each([
		["devize", "device"],
		["Threads", "threads"],
		["max_batch", "maxBatch"],
		["modle", "model"],
	])("'%s' is taken for '%s'", (wrong, right) =>
		refused(
			{ model: tiny, [wrong]: 1 },
			"ERR_ALFA_ARGUMENT",
			`'${wrong}'`,
			`did you mean '${right}'`,
		),
	);
	test("an unknown key far from all is answered with the known ones", () =>
		refused(
			{ model: tiny, colour: "red" },
			"ERR_ALFA_ARGUMENT",
			"'colour'",
			"'device'",
		));
	test("__proto__ is no option", () =>
		refused(
			JSON.parse('{"__proto__": {"threads": 1}}'),
			"ERR_ALFA_ARGUMENT",
			"__proto__",
		));
	test.each([null, 7, "demo", [], () => {}])("no object: %s", (options) =>
		refused(options, "ERR_ALFA_ARGUMENT", /object/),
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
	])("%s of another type: %s", (key, value) =>
		refused({ model: tiny, [key]: value }, "ERR_ALFA_ARGUMENT", key),
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
		refused({ model: tiny, [key]: value }, "ERR_ALFA_RANGE", key),
	);
	test.each(["cuda", "cuda:1"])(
		"device '%s' is an error where it cannot be had, and 'auto' says what it took",
		async (device) => {
			await refused(
				{ model: tiny, device },
				"ERR_ALFA_DEVICE",
				device,
				/'cpu'/,
			);
			await using other = await Engine.open({ model: tiny, device: "auto" });
			expect(other.info.device).toBe("cpu");
		},
	);
	test.each(["fp16"])(
		"precision '%s' is an error where it cannot be had",
		(precision) =>
			refused(
				{ model: tiny, precision },
				"ERR_ALFA_UNSUPPORTED",
				precision,
				/int8/,
			),
	);
	test("precision 'int8' on a GPU is one too", () =>
		refused(
			{ model: tiny, device: "cuda", precision: "int8" },
			"ERR_ALFA_UNSUPPORTED",
			/fp16/,
		));
	test("keys left undefined count as left out", async () => {
		await using other = await Engine.open({
			model: tiny,
			device: undefined,
			threads: undefined,
		} as never);
		expect(other.info.device).toBe("cpu");
	});
});

describe("engine.category", () => {
	const refused = (
		name: unknown,
		options: unknown,
		code: string,
		...says: (string | RegExp)[]
	) =>
		expectRefusal(
			() => engine.category(name as never, options as never),
			code,
			...says,
		);

	test.each(["", " ", "123", "_", "--"])(
		"a class name without words: %j",
		(name) => refused(name, {}, "ERR_ALFA_RANGE", /class name/, /displayName/),
	);
	test.each([undefined, null, 7, {}])("no class name: %s", (name) =>
		refused(name, {}, "ERR_ALFA_ARGUMENT", /class name/),
	);
	test.each([
		["temprature", "temperature"],
		["scale", "scales"],
		["reciepe", "recipe"],
		["prompt", "prompts"],
	])("'%s' is taken for '%s'", (wrong, right) =>
		refused(
			"widget",
			{ [wrong]: 1 },
			"ERR_ALFA_ARGUMENT",
			`'${wrong}'`,
			`did you mean '${right}'`,
		),
	);
	test("misspelt within: harmonic, context, recipe, prompts", async () => {
		await refused(
			"widget",
			{ harmonic: { includeGlobl: true } },
			"ERR_ALFA_ARGUMENT",
			"includeGlobl",
			"includeGlobal",
		);
		await refused(
			"widget",
			{ context: { slop: 1 } },
			"ERR_ALFA_ARGUMENT",
			"slop",
			"slope",
		);
		await refused(
			"widget",
			{ recipe: { nam: "alfa" } },
			"ERR_ALFA_ARGUMENT",
			"nam",
			"name",
		);
		await refused(
			"widget",
			{ prompts: { normal: ["a"], abnormel: ["b"] } },
			"ERR_ALFA_ARGUMENT",
			"abnormel",
			"abnormal",
		);
	});
	test.each([0, -1, NaN, Infinity])("temperature %s", (temperature) =>
		refused(
			"widget",
			{ temperature },
			"ERR_ALFA_RANGE",
			/temperature/,
			/above 0/,
		),
	);
	test.each([0, -1, NaN])("lambda %s", (lambda) =>
		refused("widget", { lambda }, "ERR_ALFA_RANGE", /lambda/),
	);
	test("a temperature or lambda that vanishes in 32 bits", async () => {
		for (const [key, value] of [
			["temperature", 1e-60],
			["temperature", 1e60],
			["lambda", 1e60],
		] as const) {
			const found = await engine
				.category("widget", { prompts, [key]: value })
				.then((category) => category.detect(good))
				.catch((error) => error);
			expect(
				found.code ?? (found.score >= 0 && found.score <= 1),
				`${key} ${value}`,
			).toSatisfy((is: unknown) => is === true || is === "ERR_ALFA_RANGE");
		}
	});
	test.each([[[7]], [[2, 100]], [[0]], [[2, 2]], [[1.5]], [[-1]]])(
		"scales %j on a grid of 6",
		(scales) =>
			refused("widget", { prompts, scales }, "ERR_ALFA_RANGE", /scales/),
	);
	test("the grid stands in the message", () =>
		refused("widget", { prompts, scales: [7] }, "ERR_ALFA_RANGE", "6", "7"));
	test.each([2, "2,3", { 0: 2 }, ["2"], null])(
		"scales of another type: %j",
		(scales) =>
			refused("widget", { prompts, scales }, "ERR_ALFA_ARGUMENT", /scales/),
	);
	test.each([
		["aligner", "rigde", "ridge"],
		["fit", "crp", "crop"],
		["resolution", "modle", "model"],
		["context", "offf", "off"],
		["recipe", "alfaa", "alfa"],
		["prompts", "winclp", "winclip"],
	])("%s '%s' is taken for '%s'", (key, wrong, right) =>
		refused(
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
	])("the recipe '%s', misspelt '%s'", (recipe, wrong) =>
		refused(
			"widget",
			{ recipe: wrong },
			"ERR_ALFA_RANGE",
			`did you mean '${recipe}'`,
		),
	);
	test.each([
		["mask", "drp", "drop"],
		["values", "rwa", "raw"],
		["map", "window", "windows"],
		["imageScore", "mea", "mean"],
	])("%s '%s' is taken for '%s'", (key, wrong, right) =>
		refused(
			"widget",
			{ [key]: wrong },
			"ERR_ALFA_RANGE",
			key,
			`did you mean '${right}'`,
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
	])("values that cannot be: %j", (options) =>
		refused("widget", options, "ERR_ALFA_RANGE", Object.keys(options)[0]!),
	);
	test.each([
		{ features: { layer: [1] } },
		{ bank: { maxEntires: 5 } },
		{ context: { falback: "both" } },
	])("keys misspelt inside: %j", (options) =>
		refused("widget", options, "ERR_ALFA_ARGUMENT", /did you mean/),
	);
	test.each([
		{ normal: [], abnormal: ["b"] },
		{ normal: ["a"], abnormal: [""] },
		{ normal: ["  "], abnormal: ["b"] },
	])("prompts that say nothing: %j", (set) =>
		refused(
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
	])("prompts of another shape: %j", (set) =>
		refused("widget", { prompts: set }, "ERR_ALFA_ARGUMENT", /prompts/),
	);
	test.each([-0.1, 1.1, NaN])("threshold %s", (threshold) =>
		refused("widget", { threshold }, "ERR_ALFA_RANGE", /threshold/),
	);
});

test("what a program does to one category's settings and prompts reaches no other, nor back", async () => {
	const given = {
		scales: [2],
		prompts: { normal: ["a clean widget"], abnormal: ["a broken widget"] },
	};
	const one = await engine.category("widget", given);
	given.scales.push(3);
	given.prompts.normal.push("another");
	expect(one.settings.scales).toEqual([2]);
	expect(one.prompts.normal).toEqual(["a clean widget"]);
	const standard = await engine.category("widget");
	try {
		(standard.settings.scales as number[]).push(9);
	} catch {
		/* frozen is fine too */
	}
	try {
		(standard.settings.harmonic as { includeGlobal?: boolean }).includeGlobal =
			true;
	} catch {
		/* the same */
	}
	try {
		const { settings } = await engine.category("widget");
		expect(settings).toMatchObject({
			scales: [2, 3],
			harmonic: { includeGlobal: false },
		});
	} finally {
		// so that this test spoils no other
		try {
			(standard.settings.scales as number[]).length = 2;
		} catch {
			/* the same */
		}
		try {
			(
				standard.settings.harmonic as { includeGlobal?: boolean }
			).includeGlobal = false;
		} catch {
			/* the same */
		}
	}
});

describe("the calls of a category", () => {
	test("detect", async () => {
		await expectRefusal(
			() => widget.detect(good, { sginal: undefined } as never),
			"ERR_ALFA_ARGUMENT",
			"sginal",
			"signal",
		);
		await expectRefusal(
			() => widget.detect(good, 7 as never),
			"ERR_ALFA_ARGUMENT",
			/options/,
		);
	});
	test.each([good, "a.png", new Uint8Array(8), undefined])(
		"detectMany of one thing: %s",
		(one) =>
			expectRefusal(
				() => widget.detectMany(one as never),
				"ERR_ALFA_ARGUMENT",
				/iterable/,
				/detect/,
			),
	);
	test("calibrate", async () => {
		await expectRefusal(
			() => widget.calibrate([]),
			"ERR_ALFA_RANGE",
			/at least one/,
		);
		await expectRefusal(
			() => widget.calibrate([good], { quantile: 95 }),
			"ERR_ALFA_RANGE",
			/quantile/,
			"1",
		);
		await expectRefusal(
			() => widget.calibrate([good], { margin: 0 }),
			"ERR_ALFA_RANGE",
			/margin/,
		);
		expect(widget.threshold).toBeUndefined();
	});
	test("toPng", async () => {
		const result = await widget.detect(good);
		await expectRefusal(
			() => result.toPng({ kind: "heatmpa" as never }),
			"ERR_ALFA_RANGE",
			"'heatmap'",
		);
		await expectRefusal(
			() => result.toPng({ colourmap: "turbo" } as never),
			"ERR_ALFA_ARGUMENT",
			"'colormap'",
		);
		await expectRefusal(
			() => result.toPng({ range: [1, 0] }),
			"ERR_ALFA_RANGE",
			/range/,
		);
		await expectRefusal(
			() => result.toPng({ kind: "mask" }),
			"ERR_ALFA_ARGUMENT",
			/threshold/,
		);
	});
});

describe("embeddings and metrics", () => {
	test("embedText", async () => {
		for (const texts of [7, [7], undefined, { 0: "a" }])
			await expectRefusal(
				() => engine.embedText(texts as never),
				"ERR_ALFA_ARGUMENT",
				/texts/,
			);
		expect(await engine.embedText([])).toEqual(new Float32Array(0));
	});
	test("exportOnnx", async () => {
		await expectRefusal(
			() => engine.exportOnnx(7 as never),
			"ERR_ALFA_ARGUMENT",
			/directory/,
		);
		await expectRefusal(
			() => engine.exportOnnx(""),
			"ERR_ALFA_RANGE",
			/directory/,
		);
	});
	test("auroc", async () => {
		const labels = Uint8Array.of(0, 1);
		await expectRefusal(
			() => metrics.auroc([0, 1] as never, new Float32Array(2)),
			"ERR_ALFA_ARGUMENT",
			/labels/,
			"Uint8Array",
		);
		await expectRefusal(
			() => metrics.auroc(labels, [0, 1] as never),
			"ERR_ALFA_ARGUMENT",
			/scores/,
		);
		await expectRefusal(
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
			await expectRefusal(
				() => metrics.auroc(bad, new Float32Array(bad.length)),
				"ERR_ALFA_RANGE",
			);
		await expectRefusal(
			() => metrics.auroc(labels, Float32Array.of(NaN, 1)),
			"ERR_ALFA_RANGE",
		);
		await expect(
			metrics.async.auroc(labels, new Float32Array(3)),
		).rejects.toMatchObject({ code: "ERR_ALFA_RANGE" });
	});
});
