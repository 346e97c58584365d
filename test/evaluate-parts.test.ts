// What an evaluation is made of: the journal, the draws of references, the plan of systems, means, curves, the paper's tables.
import {
	appendFileSync,
	readFileSync,
	truncateSync,
	writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { thinned } from "../dist/evaluate/curves.js";
import type { CategoryData } from "../dist/datasets/dataset.js";
import { Journal, type Entry } from "../dist/evaluate/journal.js";
import { compare } from "../dist/evaluate/published.js";
import published from "../dist/evaluate/published.json" with { type: "json" };
import { metricNames } from "../dist/evaluate/results.js";
import { Sampler } from "../dist/evaluate/sampling.js";
import { deviationOf } from "../dist/evaluate/summarise.js";
import { ablationNames, ablationSystems } from "../dist/evaluate/ablations.js";
import { optionsFor, planOf, toSystem } from "../dist/evaluate/systems.js";
import { temporaryFolder } from "./support/folder.js";
import { png } from "./support/evaluation-data.js";

const entry = (image: string, ...looks: string[]): Entry => ({
	dataset: "d",
	category: "c",
	image,
	size: [8, 8],
	looks: Object.fromEntries(looks.map((id, i) => [id, { score: i / 10 }])),
});

describe("the journal", () => {
	const file = () => join(temporaryFolder(), "images.jsonl");

	test("gives back what it was given, merged over lines, also after opening again", async () => {
		const path = file();
		const first = await Journal.open(path, "run", false);
		await first.add(entry('å "1"\n', "a", "b"));
		await first.add(entry('å "1"\n', "c"));
		await first.add({
			dataset: "d",
			category: "c",
			image: "2",
			error: "broken",
		});
		await first.close();
		const again = await Journal.open(path, "run", true);
		expect(again.has(entry('å "1"\n'), ["a", "c"])).toBe(true);
		expect(again.has(entry('å "1"\n'), ["a", "d"])).toBe(false);
		expect(again.has(entry("2"), ["a"])).toBe(true);
		expect(again.has(entry("3"), ["a"])).toBe(false);
		expect(Object.keys((await again.get(entry('å "1"\n')))!.looks!)).toEqual([
			"a",
			"b",
			"c",
		]);
		expect(await again.get(entry("3"))).toBeUndefined();
		await again.close();
	});

	test.each([1, 5, 20])(
		"cut off %d bytes before its end loses one image and goes on",
		async (cut) => {
			const path = file();
			const first = await Journal.open(path, "run", false);
			for (const id of ["1", "2", "3"]) await first.add(entry(id, "a"));
			await first.close();
			const whole = readFileSync(path, "utf8");
			truncateSync(path, whole.length - cut);
			const again = await Journal.open(path, "run", true);
			expect(["1", "2", "3"].map((id) => again.has(entry(id), ["a"]))).toEqual([
				true,
				true,
				false,
			]);
			await again.add(entry("3", "a"));
			await again.close();
			expect(readFileSync(path, "utf8")).toBe(whole);
		},
	);

	test("a damaged line is done again, the rest stays", async () => {
		const path = file();
		const first = await Journal.open(path, "run", false);
		await first.add(entry("1", "a"));
		await first.close();
		appendFileSync(path, 'garbage\n[1,2]\nnull\n{"dataset":1}\n');
		const again = await Journal.open(path, "run", true);
		expect(again.has(entry("1"), ["a"])).toBe(true);
		await again.add(entry("2", "a"));
		expect((await again.get(entry("2")))!.image).toBe("2");
		await again.close();
	});

	test("of another run is refused, and left as it is", async () => {
		const path = file();
		writeFileSync(path, '{"run":"other"}\n');
		await expect(Journal.open(path, "run", true)).rejects.toMatchObject({
			code: "ERR_ALFA_EVALUATION",
		});
		expect(readFileSync(path, "utf8")).toBe('{"run":"other"}\n');
		writeFileSync(path, "no journal at all\n");
		await expect(Journal.open(path, "run", true)).rejects.toMatchObject({
			code: "ERR_ALFA_EVALUATION",
		});
		await expect(
			Journal.open(join(temporaryFolder(), "missing", "x.jsonl"), "run", false),
		).rejects.toMatchObject({ code: "ERR_ALFA_WRITE" });
	});
});

describe("draws of references", () => {
	const folder = temporaryFolder();
	const file = (id: string) => join(folder, id);
	const data = (
		train: string[],
		good: string[] = ["g1", "g2", "g3"],
	): CategoryData => ({
		name: "c",
		train: train.map((id) => ({ id, file: file(id) })),
		test: [
			...good.map((id) => ({
				id,
				file: file(id),
				kind: "good",
				anomalous: false,
			})),
			{ id: "bad", file: file("bad"), kind: "x", anomalous: true },
		],
	});
	const names = Array.from({ length: 12 }, (_, i) => `t${i}`);
	for (const name of [...names, "g1", "g2", "g3", "bad"])
		writeFileSync(file(name), png);
	writeFileSync(file("broken"), "no picture");

	test("without replacement, the same each time, another for each seed, few among more", async () => {
		const sampler = new Sampler(data(names));
		const draws = await Promise.all(
			[0, 1, 2, 3].map((seed) => sampler.draw(4, seed)),
		);
		for (const each of draws) expect(new Set(each!.files).size).toBe(4);
		expect(new Set(draws.map((each) => each!.files.join())).size).toBe(4);
		expect(await new Sampler(data([...names].reverse())).draw(4, 0)).toEqual(
			draws[0],
		);
		expect((await sampler.draw(2, 0))!.files).toEqual(
			draws[0]!.files.slice(0, 2),
		);
		expect(draws[0]!.spent.size).toBe(0);
		expect(await sampler.draw(12, 0)).toBeDefined();
		expect(await sampler.draw(13, 0)).toBeUndefined();
	});

	test("every image is drawn about equally often", async () => {
		const sampler = new Sampler(data(names));
		const count = new Map<string, number>();
		for (let seed = 0; seed < 600; seed++)
			for (const each of (await sampler.draw(3, seed))!.files)
				count.set(each, (count.get(each) ?? 0) + 1);
		expect(count.size).toBe(12);
		for (const each of count.values())
			expect(Math.abs(each - 150)).toBeLessThan(6 * Math.sqrt(150 * 0.75)); // binomial, six sigma
	});

	test("good test images serve where there are no others, and are spent; one is left", async () => {
		const sampler = new Sampler(data([]));
		const drawn = (await sampler.draw(2, 0))!;
		expect([...drawn.spent].map(file).sort()).toEqual([...drawn.files].sort());
		expect(await sampler.draw(3, 0)).toBeUndefined();
	});

	test("an unreadable one is passed over and told", async () => {
		const sampler = new Sampler(data(["broken", ...names.slice(0, 3)]));
		expect(
			(await sampler.draw(3, 0))!.files.every(
				(each) => !each.endsWith("broken"),
			),
		).toBe(true);
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
	) => planOf(systems.map(toSystem), shots, seeds, 240, 240);

	test("every system at the shots it can do", () => {
		expect(
			plan(["alfa", "patchcore", "musc"], [0, 4], 3).variants.map(
				({ id, seeds }) => [id, seeds],
			),
		).toEqual([
			["alfa", 1],
			["alfa 4-shot", 3],
			["patchcore 4-shot", 3],
			["musc", 1],
		]);
	});

	test("what differs only in how the score is read is looked at once", () => {
		const { looks, variants } = plan(ablationSystems(["score"]));
		expect(variants).toHaveLength(3);
		expect(looks).toHaveLength(1);
	});

	test("every ablation resolves, with titles of its own", () => {
		const { variants } = plan(ablationSystems(ablationNames), [0, 1]);
		expect(new Set(variants.map(({ id }) => id)).size).toBe(variants.length);
	});

	test.each([
		[["patchcore"], [0], RangeError],
		[["musc"], [1], RangeError],
		[["alfa", "alfa"], [0], RangeError],
		[["alfa", { title: "alfa", scales: [2] }], [0], RangeError],
		[["nothing"], [0], RangeError],
		[[{ title: "" }], [0], TypeError],
		[[{ title: "x", references: [] }], [0], TypeError],
		[[{ title: "x", readout: "best" }], [0], RangeError],
		[[{ title: "x", scale: [2] }], [0], TypeError],
		[
			[{ title: "x", recipe: "patchcore", readout: "one-class" }],
			[1],
			TypeError,
		],
	] as const)("%j at %j is refused", (systems, shots, kind) => {
		expect(() => plan(systems as never, [...shots])).toThrow(kind);
	});

	test("a category's own prompts stand where the library's would", () => {
		const own = { normal: ["fine valve"], abnormal: ["bent valve"] };
		const { looks } = plan([
			"alfa",
			"winclip",
			{ title: "own", prompts: "library" },
		]);
		const [alfa, winclip, library] = looks.map(
			(look) => optionsFor(look, "valve", own).prompts,
		);
		expect(alfa).toMatchObject({
			normal: expect.arrayContaining(["fine valve"]),
		});
		expect((alfa as { normal: string[] }).normal.length).toBeGreaterThan(10);
		expect(winclip).toBeUndefined();
		expect(library).toMatchObject(own);
	});
});

test("the standard deviation is that of a sample", () => {
	expect(deviationOf([2, 4, 4, 4, 5, 5, 7, 9])).toBeCloseTo(2.138089935, 8); // statistics.stdev
	expect(deviationOf([1])).toBeNull();
});

test("a thinned curve has few points and stays within a picture of the whole", () => {
	const x = Float64Array.from({ length: 1000 }, (_, i) => i / 999);
	const y = x.map((each) => Math.round(30 * Math.sqrt(each)) / 30);
	const { x: a, y: b } = thinned(x, y);
	expect(a.length).toBeLessThanOrEqual(200);
	expect([a[0], b[0], a.at(-1), b.at(-1)]).toEqual([0, 0, 1, 1]);
	for (let i = 1, at = 0; i < 999; i++) {
		while (a[at + 1]! < x[i]!) at++;
		const share =
			a[at + 1]! === a[at]! ? 0 : (x[i]! - a[at]!) / (a[at + 1]! - a[at]!);
		expect(
			Math.abs(b[at]! + share * (b[at + 1]! - b[at]!) - y[i]!),
		).toBeLessThan(0.04);
	}
	expect(thinned(new Float64Array(0), new Float64Array(0))).toEqual({
		x: [],
		y: [],
	});
});

describe("the paper's tables", () => {
	const rows = published.tables.flatMap(({ table, rows }) =>
		rows.map((row) => ({ table, ...row }) as Record<string, unknown>),
	);

	test("hold percentages of known metrics, seven tables of them", () => {
		expect(published.tables.map(({ table }) => table)).toEqual([
			1, 2, 3, 4, 5, 6, 7,
		]);
		for (const row of rows) {
			for (const [key, value] of Object.entries(row))
				if (metricNames.includes(key as never))
					expect(
						(value as number) > 0 && (value as number) <= 100,
						JSON.stringify(row),
					).toBe(true);
			expect(["MVTec AD", "VisA"]).toContain(row["dataset"]);
		}
	});

	test("agree with each other where they state the same twice", () => {
		const find = (table: number, method: string, dataset = "MVTec AD") =>
			rows.find(
				(each) =>
					each["table"] === table &&
					each["dataset"] === dataset &&
					each["method"] === method,
			)!;
		for (const metric of [
			"imageAuroc",
			"imageAp",
			"imageF1",
			"pixelAuroc",
			"pixelF1",
			"pro",
		])
			expect(find(2, "template, LLM, S_c, aligner")[metric]).toBe(
				find(1, "ALFA")[metric],
			);
		expect(
			find(3, "ALFA with GPT-3.5, syntactic consistency")["imageAuroc"],
		).toBe(find(1, "ALFA")["imageAuroc"]);
		expect(find(7, "ALFA, 4-shot, training-free")["pixelAuroc"]).toBe(
			rows.find(
				(each) =>
					each["table"] === 5 &&
					each["method"] === "ALFA" &&
					each["shots"] === 4,
			)!["pixelAuroc"],
		);
	});

	test("every system they name is one of ours", () => {
		const known = [...ablationSystems(ablationNames).map(({ title }) => title)];
		for (const { system } of rows)
			if (system !== undefined) expect(known).toContain(system);
	});

	test("stand beside what was measured of the same variant, on the same dataset, and of nothing else", () => {
		const variants = planOf([toSystem("alfa")], [0, 4], 1, 240, 240).variants;
		const figure = { mean: 0.9, std: null, categories: 15 };
		const mean = Object.fromEntries(
			variants.map(({ id }) => [
				id,
				{
					...Object.fromEntries(metricNames.map((name) => [name, figure])),
					pro: { ...figure, mean: null },
				},
			]),
		) as never;
		const found = compare("MVTec AD", mean, variants);
		expect(found).toContainEqual({
			variant: "alfa",
			metric: "imageAuroc",
			ours: 0.9,
			published: 0.932,
			source: "Table 1, ALFA",
		});
		expect(found).toContainEqual({
			variant: "alfa 4-shot",
			metric: "pixelAuroc",
			ours: 0.9,
			published: 0.976,
			source: "Table 5, ALFA",
		});
		expect(found.some(({ metric }) => metric === "pro")).toBe(false);
		expect(compare("wood", mean, variants)).toEqual([]);
	});
});
