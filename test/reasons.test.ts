// What a result says in words: reasons of the image, regions of the map with theirs, and the prompts behind the score.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Engine, type Category } from "../dist/index.js";
import { alfa } from "./support/child.js";
import { expectedOf, picturesOf, readJson } from "./support/expected.js";
import { temporaryFolder } from "./support/folder.js";
import { fixture, root, tiny } from "./support/paths.js";

const [noise, , shapes] = picturesOf(expectedOf("tiny-open-clip-gelu"));
const { normal, abnormal } = readJson(fixture("detect.json")).lists.A;
const prompts = {
	normal: normal.texts as string[],
	abnormal: abnormal.texts as string[],
	descriptors: ["torn edge", "dark spot", "bent pin"],
};

let engine: Engine;
let category: Category;
beforeAll(async () => {
	engine = await Engine.open({ model: tiny });
	category = await engine.category("part", { prompts, resolution: "grid" });
});
afterAll(() => engine.close());

test("reasons are the descriptors by cosine similarity to the image", async () => {
	const { reasons } = await category.detect(shapes!);
	const image = await engine.embedImage(shapes!);
	const width = engine.info.embedDim;
	const rows = await engine.embedText(prompts.descriptors);
	const wanted = prompts.descriptors
		.map((text, i) => ({
			text,
			similarity: rows
				.subarray(i * width, (i + 1) * width)
				.reduce((sum, v, j) => sum + v * image[j]!, 0),
		}))
		.sort((a, b) => b.similarity - a.similarity);
	expect(reasons.map(({ text }) => text)).toEqual(
		wanted.map(({ text }) => text),
	);
	reasons.forEach(({ similarity }, i) =>
		expect(similarity).toBeCloseTo(wanted[i]!.similarity, 5),
	);
});

test("judged prompts: all of them, as many kept as the result counts, similarities in [-1, 1]", async () => {
	const result = await category.detect(noise!);
	const judged = result.judgedPrompts();
	expect(judged.map(({ text }) => text)).toEqual([
		...prompts.normal,
		...prompts.abnormal,
	]);
	expect(
		["normal", "abnormal"].map(
			(label) =>
				judged.filter((each) => each.label === label && each.kept).length,
		),
	).toEqual(result.prompts.kept);
	for (const { similarity } of judged)
		expect(Math.abs(similarity)).toBeLessThanOrEqual(1 + 1e-6);
});

describe("regions", () => {
	test("none without a pixel threshold", async () => {
		expect(category.pixelThreshold).toBeUndefined();
		expect((await category.detect(shapes!)).regions).toEqual([]);
	});

	test.each(["grid", "model", "image"] as const)(
		"cover exactly the pixels above the threshold, at %s resolution",
		async (resolution) => {
			const { map, mapWidth, mapHeight } = await (
				await engine.category("part", { prompts, resolution })
			).detect(shapes!);
			const pixelThreshold = [...map].sort((a, b) => a - b)[
				Math.floor(map.length * 0.8)
			]!;
			const { regions } = await (
				await engine.category("part", { prompts, resolution, pixelThreshold })
			).detect(shapes!);
			expect(regions.length).toBeGreaterThan(0);
			expect(regions.reduce((sum, { area }) => sum + area, 0)).toBe(
				map.filter((value) => value > pixelThreshold).length,
			);
			for (const { box, peak, peakAt, reason, reasons } of regions) {
				expect(map[peakAt.y * mapWidth + peakAt.x]).toBe(peak);
				expect(box.left + box.width).toBeLessThanOrEqual(mapWidth);
				expect(box.top + box.height).toBeLessThanOrEqual(mapHeight);
				expect(
					peakAt.x >= box.left &&
						peakAt.x < box.left + box.width &&
						peakAt.y >= box.top &&
						peakAt.y < box.top + box.height,
				).toBe(true);
				expect(reasons.map(({ text }) => text).sort()).toEqual(
					[...prompts.descriptors].sort(),
				);
				expect(reason).toBe(reasons[0]!.text);
			}
			expect(regions.map(({ peak }) => peak)).toEqual(
				regions.map(({ peak }) => peak).sort((a, b) => b - a),
			);
		},
	);

	test("a region's similarities are those of the window that covers it best", async () => {
		const { map } = await category.detect(shapes!);
		const pixelThreshold = [...map].sort((a, b) => b - a)[1]!; // one pixel of the 6 x 6 grid is above it
		const {
			regions: [region],
		} = await (
			await engine.category("part", {
				prompts,
				resolution: "grid",
				pixelThreshold,
			})
		).detect(shapes!);
		expect(region!.area).toBe(1);
		// A patch is covered best by the first 2 x 2 window over it: overlap 1 of 4.
		const { x, y } = region!.peakAt;
		const window = Math.max(y - 1, 0) * 5 + Math.max(x - 1, 0);
		const stored = expectedOf("tiny-open-clip-gelu") as unknown as {
			scales: Record<string, { embeddings: { data: string } }>;
		};
		const bytes = Buffer.from(stored.scales["2"]!.embeddings.data, "base64");
		const width = engine.info.embedDim;
		const embedding = new Float32Array(
			bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length),
		).subarray((2 * 25 + window) * width, (2 * 25 + window + 1) * width);
		const rows = await engine.embedText(prompts.descriptors);
		for (const { text, similarity } of region!.reasons) {
			const i = prompts.descriptors.indexOf(text);
			expect(similarity).toBeCloseTo(
				rows
					.subarray(i * width, (i + 1) * width)
					.reduce((sum, v, j) => sum + v * embedding[j]!, 0),
				4,
			);
		}
	});

	test("calibrate sets the pixel threshold from normal pictures alone", async () => {
		const fresh = await engine.category("part", { prompts });
		const { pixelThreshold } = await fresh.calibrate([noise!, shapes!], {
			quantile: 1,
		});
		expect(fresh.pixelThreshold).toBe(pixelThreshold);
		for (const image of [noise!, shapes!])
			expect((await fresh.detect(image)).regions).toEqual([]);
	});
});

describe("alfa explain", () => {
	const picture = join(
		root,
		"demo",
		"pictures",
		"cookie",
		"test",
		"burn",
		"00.jpg",
	);

	test("says score, reasons and prompts, and writes a page without scripts or links", async () => {
		const page = join(temporaryFolder(), "page.html");
		const { code, stdout } = await alfa([
			"explain",
			picture,
			"--class",
			"cookie",
			"--prompts",
			"--pixel-threshold",
			"0.1",
			"--page",
			page,
		]);
		expect(code).toBe(0);
		expect(stdout).toMatch(/score \d\.\d{3}/);
		expect(stdout).toContain("prompts kept:");
		expect(stdout).toContain("region 1:");
		const html = readFileSync(page, "utf8");
		expect(html).not.toMatch(/<script|https?:|javascript:/i);
		expect(html).toContain("data:image/png;base64,");
	});

	test("names are data: neither the terminal nor the page runs them", async () => {
		const page = join(temporaryFolder(), "page.html");
		const name = "\u001b[31m<img src=x onerror=alert(1)>";
		const { code, stdout, stderr } = await alfa([
			"explain",
			picture,
			"--class",
			name,
			"--page",
			page,
			"--prompts",
		]);
		expect(code).toBe(0);
		expect(stdout + stderr).not.toContain("\u001b[31m<");
		expect(readFileSync(page, "utf8")).not.toContain("<img src=x");
	});

	test("--json", async () => {
		const { code, stdout } = await alfa([
			"explain",
			picture,
			"--class",
			"cookie",
			"--json",
			"--prompts",
		]);
		expect(code).toBe(0);
		expect(JSON.parse(stdout)).toMatchObject({
			class: "cookie",
			recipe: "alfa",
			reasons: expect.any(Array),
			judged: expect.any(Array),
		});
	});
});
