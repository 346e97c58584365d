// What a result says in words: reasons of the image, regions of the map with their reasons, and the judged prompts.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
	type Category,
	type CategoryOptions,
	Engine,
	type RawImage,
} from "../dist/index.js";
import { runAlfa } from "./support/child.js";
import {
	decodeArray,
	expectedImages,
	readExpected,
	readJson,
} from "./support/expected.js";
import { temporaryFolder } from "./support/folder.js";
import { fixture, root, tinyModel } from "./support/paths.js";

const stored = readExpected("tiny-open-clip-gelu");
const [noise, , shapes] = expectedImages(stored) as [
	RawImage,
	RawImage,
	RawImage,
];
const { normal, abnormal } = readJson(fixture("detect.json")).lists.A;
const prompts = {
	normal: normal.texts as string[],
	abnormal: abnormal.texts as string[],
	descriptors: ["torn edge", "dark spot", "bent pin"],
};

let engine: Engine;
let category: Category;
beforeAll(async () => {
	engine = await Engine.open({ model: tinyModel });
	category = await engine.category("part", { prompts, resolution: "grid" });
});
afterAll(() => engine.close());

/** Cosine similarity of each descriptor to a unit vector. */
async function descriptorSimilarities(
	vector: Float32Array,
): Promise<Map<string, number>> {
	const similarities = new Map<string, number>();
	for (const text of prompts.descriptors) {
		const embedding = await engine.embedText(text);
		similarities.set(
			text,
			embedding.reduce((sum, value, i) => sum + value * vector[i]!, 0),
		);
	}
	return similarities;
}

async function detectShapes(options: CategoryOptions) {
	const category = await engine.category("part", { prompts, ...options });
	return category.detect(shapes);
}

test("reasons are the descriptors by cosine similarity to the image", async () => {
	const { reasons } = await category.detect(shapes);
	const similarities = await descriptorSimilarities(
		await engine.embedImage(shapes),
	);
	const ranked = [...prompts.descriptors].sort(
		(a, b) => similarities.get(b)! - similarities.get(a)!,
	);
	expect(reasons.map(({ text }) => text)).toEqual(ranked);
	for (const { text, similarity } of reasons)
		expect(similarity).toBeCloseTo(similarities.get(text)!, 5);
});

test("judgedPrompts lists all prompts and marks as many as kept as the result counts", async () => {
	const result = await category.detect(noise);
	const judged = result.judgedPrompts();
	expect(judged.map(({ text }) => text)).toEqual([
		...prompts.normal,
		...prompts.abnormal,
	]);
	const countKept = (label: string) =>
		judged.filter((prompt) => prompt.label === label && prompt.kept).length;
	expect([countKept("normal"), countKept("abnormal")]).toEqual(
		result.prompts.kept,
	);
	for (const { similarity } of judged)
		expect(Math.abs(similarity)).toBeLessThanOrEqual(1 + 1e-6);
});

describe("regions", () => {
	test("there are none without a pixel threshold", async () => {
		expect(category.pixelThreshold).toBeUndefined();
		expect((await category.detect(shapes)).regions).toEqual([]);
	});

	test.each(["grid", "model", "image"] as const)(
		"resolution '%s': they cover exactly the map values above the threshold",
		async (resolution) => {
			const { map, mapWidth, mapHeight } = await detectShapes({ resolution });
			const sorted = [...map].sort((a, b) => a - b);
			const pixelThreshold = sorted[Math.floor(map.length * 0.8)]!;
			const { regions } = await detectShapes({ resolution, pixelThreshold });
			expect(regions.length).toBeGreaterThan(0);
			const area = regions.reduce((sum, region) => sum + region.area, 0);
			expect(area).toBe(map.filter((value) => value > pixelThreshold).length);
			for (const { box, peak, peakAt, reason, reasons } of regions) {
				expect(map[peakAt.y * mapWidth + peakAt.x]).toBe(peak);
				expect(box.left + box.width).toBeLessThanOrEqual(mapWidth);
				expect(box.top + box.height).toBeLessThanOrEqual(mapHeight);
				expect(peakAt.x).toBeGreaterThanOrEqual(box.left);
				expect(peakAt.x).toBeLessThan(box.left + box.width);
				expect(peakAt.y).toBeGreaterThanOrEqual(box.top);
				expect(peakAt.y).toBeLessThan(box.top + box.height);
				expect(reasons.map(({ text }) => text).sort()).toEqual(
					[...prompts.descriptors].sort(),
				);
				expect(reason).toBe(reasons[0]!.text);
			}
			const peaks = regions.map(({ peak }) => peak);
			expect(peaks).toEqual([...peaks].sort((a, b) => b - a));
		},
	);

	test("a region's reasons are those of the window that covers it best", async () => {
		const { map } = await category.detect(shapes);
		// Only the highest patch of the 6 x 6 grid is above the second highest value.
		const pixelThreshold = [...map].sort((a, b) => b - a)[1]!;
		const { regions } = await detectShapes({
			resolution: "grid",
			pixelThreshold,
		});
		const region = regions[0]!;
		expect(region.area).toBe(1);
		// All 2 x 2 windows over one patch cover it equally well; the first one is used. There are 5 x 5 windows per image.
		const { x, y } = region.peakAt;
		const window = Math.max(y - 1, 0) * 5 + Math.max(x - 1, 0);
		const width = engine.info.embedDim;
		const row = 2 * 25 + window; // `shapes` is image 2
		const embeddings = decodeArray(
			stored.scales["2"]!.embeddings,
		) as Float32Array;
		const similarities = await descriptorSimilarities(
			embeddings.subarray(row * width, (row + 1) * width),
		);
		for (const { text, similarity } of region.reasons) {
			expect(similarity).toBeCloseTo(similarities.get(text)!, 4);
		}
	});

	test("calibrate sets the pixel threshold from normal images", async () => {
		const calibrated = await engine.category("part", { prompts });
		const { pixelThreshold } = await calibrated.calibrate([noise, shapes], {
			quantile: 1,
		});
		expect(calibrated.pixelThreshold).toBe(pixelThreshold);
		for (const image of [noise, shapes]) {
			expect((await calibrated.detect(image)).regions).toEqual([]);
		}
	});
});

describe("alfa explain", () => {
	const image = join(
		root,
		"demo",
		"pictures",
		"cookie",
		"test",
		"burn",
		"00.jpg",
	);
	const explain = (className: string, ...flags: string[]) =>
		runAlfa(["explain", image, "--class", className, "--prompts", ...flags]);

	test("prints score, reasons and prompts, and writes a page without scripts or links", async () => {
		const page = join(temporaryFolder(), "page.html");
		const { code, stdout } = await explain(
			"cookie",
			"--pixel-threshold",
			"0.1",
			"--page",
			page,
		);
		expect(code).toBe(0);
		expect(stdout).toMatch(/score \d\.\d{3}/);
		expect(stdout).toContain("prompts kept:");
		expect(stdout).toContain("region 1:");
		const html = readFileSync(page, "utf8");
		expect(html).not.toMatch(/<script|https?:|javascript:/i);
		expect(html).toContain("data:image/png;base64,");
	});

	test("escapes the class name in the terminal and on the page", async () => {
		const page = join(temporaryFolder(), "page.html");
		const className = "\u001b[31m<img src=x onerror=alert(1)>";
		const { code, stdout, stderr } = await explain(className, "--page", page);
		expect(code).toBe(0);
		expect(stdout + stderr).not.toContain("\u001b[31m<");
		expect(readFileSync(page, "utf8")).not.toContain("<img src=x");
	});

	test("--json prints the result as JSON", async () => {
		const { code, stdout } = await explain("cookie", "--json");
		expect(code).toBe(0);
		expect(JSON.parse(stdout)).toMatchObject({
			class: "cookie",
			recipe: "alfa",
			reasons: expect.any(Array),
			judged: expect.any(Array),
		});
	});
});
