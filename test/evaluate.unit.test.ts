// Parts of an evaluation whose faults are hard to see in its results: the draws of references, the plan of
// configurations, the standard deviation, the simplified curves, and the paper's tables.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { CategoryData } from "../dist/datasets/category-data.js";
import { ablationNames, ablationSystems } from "../dist/evaluate/ablations.js";
import { standardDeviation } from "../dist/evaluate/aggregate.js";
import { categoryOptionsFor, makePlan } from "../dist/evaluate/plan.js";
import { compareWithPublished } from "../dist/evaluate/published.js";
import published from "../dist/evaluate/published.json" with { type: "json" };
import { ReferenceSampler } from "../dist/evaluate/reference-sampler.js";
import { simplifyCurve } from "../dist/evaluate/simplify-curve.js";
import { toSystem } from "../dist/evaluate/systems.js";
import { defaultReading } from "../dist/options/reading.js";
import { metricNames } from "../dist/report/evaluation/results.js";
import { imageBytes } from "./support/datasets.js";
import { temporaryFolder } from "./support/folder.js";

describe("draws of references", () => {
	const folder = temporaryFolder();
	const pathOf = (id: string) => join(folder, id);
	const makeCategory = (train: string[]): CategoryData => ({
		name: "c",
		train: train.map((id) => ({ id, file: pathOf(id) })),
		test: [
			...["g1", "g2", "g3"].map((id) => ({
				id,
				file: pathOf(id),
				kind: "good",
				anomalous: false,
			})),
			{ id: "bad", file: pathOf("bad"), kind: "x", anomalous: true },
		],
	});
	const names = Array.from({ length: 12 }, (_, i) => `t${i}`);
	for (const name of [...names, "g1", "g2", "g3", "bad"])
		writeFileSync(pathOf(name), imageBytes);
	writeFileSync(pathOf("broken"), "not an image");

	test("are without replacement, reproducible, different for each seed, and nested for fewer shots", async () => {
		const sampler = new ReferenceSampler(makeCategory(names), defaultReading);
		const draws = await Promise.all(
			[0, 1, 2, 3].map((seed) => sampler.draw(4, seed)),
		);
		for (const draw of draws) expect(new Set(draw!.files).size).toBe(4);
		expect(new Set(draws.map((draw) => draw!.files.join())).size).toBe(4);
		const reversed = new ReferenceSampler(
			makeCategory([...names].reverse()),
			defaultReading,
		);
		expect(await reversed.draw(4, 0)).toEqual(draws[0]);
		expect((await sampler.draw(2, 0))!.files).toEqual(
			draws[0]!.files.slice(0, 2),
		);
		expect(draws[0]!.testIds.size).toBe(0);
		expect(await sampler.draw(12, 0)).toBeDefined();
		expect(await sampler.draw(13, 0)).toBeUndefined();
	});

	test("draw every image about equally often", async () => {
		const sampler = new ReferenceSampler(makeCategory(names), defaultReading);
		const counts = new Map<string, number>();
		for (let seed = 0; seed < 600; seed++) {
			const draw = await sampler.draw(3, seed);
			for (const file of draw!.files)
				counts.set(file, (counts.get(file) ?? 0) + 1);
		}
		expect(counts.size).toBe(12);
		// A binomial distribution: six standard deviations.
		const limit = 6 * Math.sqrt(150 * 0.75);
		for (const count of counts.values())
			expect(Math.abs(count - 150)).toBeLessThan(limit);
	});

	test("use good test images if there are no training images, and leave one", async () => {
		const sampler = new ReferenceSampler(makeCategory([]), defaultReading);
		const draw = (await sampler.draw(2, 0))!;
		expect([...draw.testIds].map(pathOf).sort()).toEqual(
			[...draw.files].sort(),
		);
		expect(await sampler.draw(3, 0)).toBeUndefined();
	});

	test("skip and report an image that cannot be decoded", async () => {
		const sampler = new ReferenceSampler(
			makeCategory(["broken", ...names.slice(0, 3)]),
			defaultReading,
		);
		const draw = (await sampler.draw(3, 0))!;
		expect(draw.files.every((file) => !file.endsWith("broken"))).toBe(true);
		expect(await sampler.draw(4, 0)).toBeUndefined();
		expect(sampler.problems).toMatchObject([
			{ kind: "unreadable-image", where: "broken" },
		]);
	});
});

describe("the plan", () => {
	const plan = (
		systems: Parameters<typeof toSystem>[0][],
		shots = [0],
		seeds = 5,
	) => makePlan(systems.map(toSystem), shots, seeds, 240, 240);

	test("has variants of each system only for the numbers of shots that it supports", () => {
		const { variants } = plan(["alfa", "patchcore", "musc"], [0, 4], 3);
		expect(variants.map(({ id, seeds }) => [id, seeds])).toEqual([
			["alfa", 1],
			["alfa 4-shot", 3],
			["patchcore 4-shot", 3],
			["musc", 1],
		]);
	});

	test("resolves every ablation, with unique titles", () => {
		const { variants } = plan(ablationSystems(ablationNames), [0, 1]);
		expect(new Set(variants.map(({ id }) => id)).size).toBe(variants.length);
	});

	test("replaces the prompts of the library with those of the user", () => {
		const prompts = { normal: ["fine valve"], abnormal: ["bent valve"] };
		const { configurations } = plan([
			"alfa",
			"winclip",
			{ title: "only library", prompts: "library" },
		]);
		const [alfa, winclip, library] = configurations.map(
			(configuration) =>
				categoryOptionsFor(configuration, "valve", prompts).prompts,
		);
		expect(alfa).toMatchObject({
			normal: expect.arrayContaining(["fine valve"]),
		});
		expect((alfa as { normal: string[] }).normal.length).toBeGreaterThan(10);
		expect(winclip).toBeUndefined();
		expect(library).toMatchObject(prompts);
	});
});

test("the standard deviation is that of a sample", () => {
	// statistics.stdev in Python gives 2.138089935.
	expect(standardDeviation([2, 4, 4, 4, 5, 5, 7, 9])).toBeCloseTo(
		2.138089935,
		8,
	);
	expect(standardDeviation([1])).toBeNull();
});

test("a simplified curve has few points and stays close to the original", () => {
	const x = Float64Array.from({ length: 1000 }, (_, i) => i / 999);
	const y = x.map((value) => Math.round(30 * Math.sqrt(value)) / 30);
	const simplified = simplifyCurve(x, y);
	expect(simplified.x.length).toBeLessThanOrEqual(200);
	expect([simplified.x[0], simplified.y[0]]).toEqual([0, 0]);
	expect([simplified.x.at(-1), simplified.y.at(-1)]).toEqual([1, 1]);
	for (let i = 1; i < 999; i++) {
		expect(Math.abs(interpolate(simplified, x[i]!) - y[i]!)).toBeLessThan(0.04);
	}
	expect(simplifyCurve(new Float64Array(0), new Float64Array(0))).toEqual({
		x: [],
		y: [],
	});
});

function interpolate(
	{ x, y }: { x: readonly number[]; y: readonly number[] },
	position: number,
): number {
	const next = x.findIndex((value) => value >= position);
	const [x0, x1, y0, y1] = [x[next - 1]!, x[next]!, y[next - 1]!, y[next]!];
	return x1 === x0 ? y0 : y0 + ((y1 - y0) * (position - x0)) / (x1 - x0);
}

describe("the paper's tables", () => {
	const rows = published.tables.flatMap(({ table, rows }) =>
		rows.map((row) => ({ table, ...row }) as Record<string, unknown>),
	);
	const findRow = (condition: Record<string, unknown>) =>
		rows.find((row) =>
			Object.entries(condition).every(([key, value]) => row[key] === value),
		)!;

	test("contain percentages of known metrics on known datasets", () => {
		expect(published.tables.map(({ table }) => table)).toEqual([
			1, 2, 3, 4, 5, 6, 7,
		]);
		for (const row of rows) {
			for (const name of metricNames) {
				if (row[name] === undefined) continue;
				expect(row[name], JSON.stringify(row)).toBeGreaterThan(0);
				expect(row[name], JSON.stringify(row)).toBeLessThanOrEqual(100);
			}
			expect(["MVTec AD", "VisA"]).toContain(row["dataset"]);
		}
	});

	test("agree with each other where two tables have the same value", () => {
		const alfa = findRow({ table: 1, dataset: "MVTec AD", method: "ALFA" });
		const components = findRow({
			table: 2,
			dataset: "MVTec AD",
			method: "template, LLM, S_c, aligner",
		});
		for (const metric of [
			"imageAuroc",
			"imageAp",
			"imageF1",
			"pixelAuroc",
			"pixelF1",
			"pro",
		]) {
			expect(components[metric]).toBe(alfa[metric]);
		}
		const prompts = findRow({
			table: 3,
			dataset: "MVTec AD",
			method: "ALFA with GPT-3.5, syntactic consistency",
		});
		expect(prompts["imageAuroc"]).toBe(alfa["imageAuroc"]);
		const fewShot = findRow({ table: 5, method: "ALFA", shots: 4 });
		const comparison = findRow({
			table: 7,
			dataset: "MVTec AD",
			method: "ALFA, 4-shot, training-free",
		});
		expect(comparison["pixelAuroc"]).toBe(fewShot["pixelAuroc"]);
	});

	test("name only systems that this package has", () => {
		const titles = ablationSystems(ablationNames).map(({ title }) => title);
		for (const { system } of rows) {
			if (system !== undefined) expect(titles).toContain(system);
		}
	});

	test("are compared only with the same variant on the same dataset", () => {
		const { variants } = makePlan([toSystem("alfa")], [0, 4], 1, 240, 240);
		const value = { mean: 0.9, std: null, categories: 15 };
		const values = Object.fromEntries(metricNames.map((name) => [name, value]));
		const mean = Object.fromEntries(
			variants.map(({ id }) => [
				id,
				{ ...values, pro: { ...value, mean: null } },
			]),
		) as never;
		const comparisons = compareWithPublished("MVTec AD", mean, variants);
		expect(comparisons).toContainEqual({
			variant: "alfa",
			metric: "imageAuroc",
			ours: 0.9,
			published: 0.932,
			source: "Table 1, ALFA",
		});
		expect(comparisons).toContainEqual({
			variant: "alfa 4-shot",
			metric: "pixelAuroc",
			ours: 0.9,
			published: 0.976,
			source: "Table 5, ALFA",
		});
		expect(comparisons.some(({ metric }) => metric === "pro")).toBe(false);
		expect(compareWithPublished("wood", mean, variants)).toEqual([]);
	});
});
