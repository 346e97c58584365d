// What a result contains.
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Category, Engine, type RawImage } from "../dist/index.js";
import { expectError } from "./support/errors.js";
import { maxDifference } from "./support/expected.js";
import { sceneImage } from "./support/images.js";
import { tinyModel } from "./support/paths.js";

const prompts = {
	normal: ["a clean widget", "a flawless widget"],
	abnormal: ["a broken widget", "a widget with a crack"],
	descriptors: ["a crack", "a stain", "dust"],
};
const image: RawImage = sceneImage(70, 50, 3);
const isShare = (value: number) => value >= 0 && value <= 1;

let engine: Engine;
let widget: Category;
beforeAll(async () => {
	engine = await Engine.open({ model: tinyModel });
	widget = await engine.category("widget", { prompts, context: "off" });
});
afterAll(() => engine?.close());

test("engine.info describes the open model", () => {
	expect(engine.info).toMatchObject({
		model: tinyModel,
		directory: tinyModel,
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
		const { map, mapWidth, mapHeight, score, globalScore, localScore } = result;
		expect([mapWidth, mapHeight, map.length]).toEqual([
			width,
			height,
			width * height,
		]);
		expect(map.every(isShare)).toBe(true);
		expect([score, globalScore!, localScore!].every(isShare)).toBe(true);
		expect(score).toBeCloseTo((globalScore! + localScore!) / 2, 6);
	},
);

test("fit 'crop': the map at the image's resolution has the scores in its centre square", async () => {
	const wide = sceneImage(96, 48, 8);
	const [square, full] = await Promise.all(
		(["model", "image"] as const).map(async (resolution) => {
			const category = await engine.category("widget", {
				prompts,
				fit: "crop",
				resolution,
			});
			return category.detect(wide);
		}),
	);
	expect([full!.mapWidth, full!.mapHeight]).toEqual([96, 48]);
	const centre = full!.map.filter((_, i) => i % 96 >= 24 && i % 96 < 72);
	expect(maxDifference(centre, square!.map)).toBeLessThan(1e-5);
});

test.each([1e-6, 1e6])(
	"temperature %d: all scores are in [0, 1]",
	async (temperature) => {
		const category = await engine.category("widget", { prompts, temperature });
		const { score, map } = await category.detect(image);
		expect(isShare(score), `${score}`).toBe(true);
		expect(map.every(isShare)).toBe(true);
	},
);

test("timings are not negative and add up to at most the total", async () => {
	const { timings } = await widget.detect(image);
	const { decode, queue, resize, forward, score, total } = timings;
	for (const duration of [decode, queue, resize, forward, score, total]) {
		expect(duration).toBeGreaterThanOrEqual(0);
	}
	expect(forward).toBeGreaterThan(0);
	expect(decode + queue + resize + forward + score).toBeLessThanOrEqual(
		total * 1.01 + 1,
	);
});

test("reasons are the descriptors by cosine similarity to the image, the highest first", async () => {
	const { reasons } = await widget.detect(image);
	expect(reasons.map(({ text }) => text).sort()).toEqual(
		[...prompts.descriptors].sort(),
	);
	const similarities = reasons.map(({ similarity }) => similarity);
	expect(similarities).toEqual([...similarities].sort((a, b) => b - a));
	const embedding = await engine.embedImage(image);
	const descriptor = await engine.embedText(reasons[0]!.text);
	const cosine = embedding.reduce(
		(sum, value, i) => sum + value * descriptor[i]!,
		0,
	);
	expect(reasons[0]!.similarity).toBeCloseTo(cosine, 5);
});

test("anomalous needs a threshold, from the options or from calibrate", async () => {
	expect((await widget.detect(image)).anomalous).toBeUndefined();
	const strict = await engine.category("widget", { prompts, threshold: 0 });
	expect((await strict.detect(image)).anomalous).toBe(true);
	const calibrated = await engine.category("widget", { prompts });
	const normalImages = [image, sceneImage(60, 60, 9)];
	const { threshold, scores } = await calibrated.calibrate(normalImages, {
		quantile: 0.5,
		margin: 1.1,
	});
	expect(scores).toHaveLength(2);
	expect(threshold).toBeCloseTo((1.1 * (scores[0]! + scores[1]!)) / 2, 9);
	expect(calibrated.threshold).toBe(threshold);
	expect((await calibrated.detect(image)).anomalous).toBe(
		scores[0]! > threshold,
	);
});

test("a recipe without windows gives a score but no map", async () => {
	const category = await engine.category("widget", { recipe: "clip-ac" });
	const result = await category.detect(image);
	const { map, mapWidth, mapHeight, localScore } = result;
	expect([map.length, mapWidth, mapHeight, localScore]).toEqual([
		0,
		0,
		0,
		undefined,
	]);
	expect(result.score).toBe(result.globalScore);
	expect(result.prompts.of).toEqual([1, 1]);
	await expectError(() => result.toPng(), "ERR_ALFA_NO_MAP", "recipe");
});

describe("toPng", () => {
	test.each([
		["overlay", 70, 50],
		["heatmap", 48, 48],
		["mask", 48, 48],
	] as const)(
		"'%s' is a PNG of %d x %d pixels that are not all equal",
		async (kind, width, height) => {
			const result = await widget.detect(image);
			const sorted = [...result.map].sort((a, b) => a - b);
			const median = sorted[sorted.length >> 1]!;
			const png = await result.toPng({
				kind,
				range: [sorted[0]!, sorted.at(-1)!],
				...(kind === "mask" && { threshold: median }),
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

	test("'mask' is white exactly where the map is above the threshold", async () => {
		const result = await widget.detect(image);
		const threshold = result.localScore! - 0.01;
		const png = await result.toPng({ kind: "mask", threshold });
		const pixels = await sharp(png).extractChannel(0).raw().toBuffer();
		expect([...pixels]).toEqual(
			Array.from(result.map, (value) => (value > threshold ? 255 : 0)),
		);
	});

	test("'overlay' shows the unchanged image where the map is at the low end of the range", async () => {
		const result = await widget.detect(image);
		const png = await result.toPng({ range: [1, 2] });
		const pixels = await sharp(png).removeAlpha().raw().toBuffer();
		expect(maxDifference(pixels, image.data)).toBe(0);
	});
});
