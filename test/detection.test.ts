// What a result holds.
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Engine, type Category, type RawImage } from "../dist/index.js";
import { farthest } from "./support/expected.js";
import { tiny } from "./support/paths.js";
import { scene } from "./support/images.js";
import { expectRefusal } from "./support/refusal.js";

const prompts = {
	normal: ["a clean widget", "a flawless widget"],
	abnormal: ["a broken widget", "a widget with a crack"],
	descriptors: ["a crack", "a stain", "dust"],
};
const image: RawImage = {
	data: scene(70, 50, 3),
	width: 70,
	height: 50,
	channels: 3,
};

let engine: Engine;
let widget: Category;
beforeAll(async () => {
	engine = await Engine.open({ model: tiny });
	widget = await engine.category("widget", { prompts, context: "off" });
});
afterAll(() => engine?.close());

test("the engine says what it is", () => {
	expect(engine.info).toMatchObject({
		model: tiny,
		directory: tiny,
		device: "cpu",
		precision: "fp32",
		imageSize: 48,
		patch: 8,
		grid: 6,
		embedDim: 40,
		context: 77,
		vocabulary: 640,
	});
	expect(engine.info.ortVersion).toMatch(/^\d+\.\d+\.\d+/);
	expect(engine.info.threads).toBeGreaterThan(0);
	expect(Object.isFrozen(engine.info)).toBe(true);
});

test.each([
	["grid", 6, 6],
	["model", 48, 48],
	["image", 70, 50],
] as const)(
	"resolution '%s': the map has %d x %d values in [0, 1]",
	async (resolution, width, height) => {
		const category = await engine.category("widget", { prompts, resolution });
		const result = await category.detect(image);
		expect([result.mapWidth, result.mapHeight, result.map.length]).toEqual([
			width,
			height,
			width * height,
		]);
		expect(result.map.every((value) => value >= 0 && value <= 1)).toBe(true);
		for (const score of [result.score, result.globalScore, result.localScore!])
			expect(score >= 0 && score <= 1).toBe(true);
		expect(result.score).toBeCloseTo(
			(result.globalScore + result.localScore!) / 2,
			6,
		);
	},
);

test("with fit 'crop' the map at the image's resolution lies where the crop lies: its middle square", async () => {
	const wide: RawImage = {
		data: scene(96, 48, 8),
		width: 96,
		height: 48,
		channels: 3,
	};
	const [model, whole] = await Promise.all(
		(["model", "image"] as const).map(async (resolution) =>
			(
				await engine.category("widget", { prompts, fit: "crop", resolution })
			).detect(wide),
		),
	);
	expect([whole!.mapWidth, whole!.mapHeight]).toEqual([96, 48]);
	const middle = whole!.map.filter((_, i) => i % 96 >= 24 && i % 96 < 72);
	expect(farthest(middle, model!.map)).toBeLessThan(1e-5);
});

test("all scores stay in [0, 1] at extreme temperatures", async () => {
	for (const temperature of [1e-6, 1e6]) {
		const { score, map } = await (
			await engine.category("widget", { prompts, temperature })
		).detect(image);
		expect(score >= 0 && score <= 1, `${score}`).toBe(true);
		expect(map.every((value) => value >= 0 && value <= 1)).toBe(true);
	}
});

test("timings are milliseconds that add up to no more than the whole", async () => {
	const { timings } = await widget.detect(image);
	const { decode, queue, resize, forward, score, total } = timings;
	for (const each of [decode, queue, resize, forward, score, total])
		expect(each).toBeGreaterThanOrEqual(0);
	expect(forward).toBeGreaterThan(0);
	expect(decode + queue + resize + forward + score).toBeLessThanOrEqual(
		total * 1.01 + 1,
	);
});

test("reasons are the descriptors by similarity, highest first", async () => {
	const { reasons } = await widget.detect(image);
	expect(reasons.map(({ text }) => text).sort()).toEqual(
		[...prompts.descriptors].sort(),
	);
	expect(reasons.map(({ similarity }) => similarity)).toEqual(
		reasons.map(({ similarity }) => similarity).sort((a, b) => b - a),
	);
	const vector = await engine.embedImage(image);
	const text = await engine.embedText(reasons[0]!.text);
	expect(reasons[0]!.similarity).toBeCloseTo(
		vector.reduce((sum, value, i) => sum + value * text[i]!, 0),
		5,
	);
});

test("a threshold makes the verdict, and normal images make the threshold", async () => {
	expect((await widget.detect(image)).anomalous).toBeUndefined();
	const strict = await engine.category("widget", { prompts, threshold: 0 });
	expect((await strict.detect(image)).anomalous).toBe(true);
	const own = await engine.category("widget", { prompts });
	const { threshold, scores } = await own.calibrate(
		[image, { data: scene(60, 60, 9), width: 60, height: 60, channels: 3 }],
		{ quantile: 0.5, margin: 1.1 },
	);
	expect(scores).toHaveLength(2);
	expect(threshold).toBeCloseTo((1.1 * (scores[0]! + scores[1]!)) / 2, 9);
	expect(own.threshold).toBe(threshold);
	expect((await own.detect(image)).anomalous).toBe(scores[0]! > threshold);
});

test("a recipe without windows has a score, no map and nothing to draw", async () => {
	const plain = await engine.category("widget", { recipe: "clip-ac" });
	const result = await plain.detect(image);
	expect([
		result.map.length,
		result.mapWidth,
		result.mapHeight,
		result.localScore,
	]).toEqual([0, 0, 0, undefined]);
	expect(result.score).toBe(result.globalScore);
	expect(result.prompts.of).toEqual([1, 1]);
	await expectRefusal(() => result.toPng(), "ERR_ALFA_NO_MAP", "recipe");
});

describe("toPng", () => {
	test.each([
		["overlay", 70, 50],
		["heatmap", 48, 48],
		["mask", 48, 48],
	] as const)(
		"'%s' is a PNG of %d x %d with something on it",
		async (kind, width, height) => {
			const result = await widget.detect(image);
			const spread = [...result.map].sort((a, b) => a - b);
			const middle = spread[spread.length >> 1]!;
			const png = await result.toPng({
				kind,
				range: [spread[0]!, spread.at(-1)!],
				...(kind === "mask" && { threshold: middle }),
			});
			expect(await sharp(png).metadata()).toMatchObject({
				format: "png",
				width,
				height,
			});
			const { channels } = await sharp(png).stats();
			expect(channels.some(({ min, max }) => max > min)).toBe(true);
		},
	);

	test("a mask is white exactly where the map is over the threshold", async () => {
		const result = await widget.detect(image);
		const threshold = result.localScore! - 0.01;
		const pixels = await sharp(await result.toPng({ kind: "mask", threshold }))
			.extractChannel(0)
			.raw()
			.toBuffer();
		expect([...pixels]).toEqual(
			Array.from(result.map, (value) => (value > threshold ? 255 : 0)),
		);
	});

	test("an overlay of nothing is the picture itself", async () => {
		const result = await widget.detect(image);
		const pixels = await sharp(await result.toPng({ range: [1, 2] }))
			.removeAlpha()
			.raw()
			.toBuffer();
		expect(farthest(pixels, image.data)).toBe(0);
	});
});
