// Every stored case of the method, through the calls that users make.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Engine, type CategoryOptions, type Detection } from "../dist/index.js";
import {
	expectedOf,
	farthest,
	numbers,
	picturesOf,
	readJson,
	type StoredArray,
} from "./support/expected.js";
import { fixture } from "./support/paths.js";

interface Variant {
	context: "on" | "off";
	scales: number[];
	aligner: "ridge" | "pinv" | "off";
	lambda: number;
	eps: number;
	temperature: number;
	weighting: "uniform" | "score";
	include_global: boolean;
	image_score: "half" | "global";
}
interface Case {
	variant: string;
	picture: number;
	list: "A" | "B";
	kept: Record<"normal" | "abnormal", number[]>;
	ambiguous: boolean;
	s_global: number;
	grid: number[][] | null;
	score: number;
	map?: StoredArray;
}

const stored: {
	model: string;
	variants: Record<string, Variant>;
	cases: Case[];
	lists: Record<string, Record<"normal" | "abnormal", { texts: string[] }>>;
} = readJson(fixture("detect.json"));
const pictures = picturesOf(expectedOf(stored.model));
const close = 1e-5;

/** The stored options in the API's words; every setting is given, so that no default is tested by accident. */
function optionsOf(
	{ variant, list }: Case,
	resolution: "grid" | "model",
): CategoryOptions {
	const v = stored.variants[variant]!;
	const { normal, abnormal } = stored.lists[list]!;
	return {
		prompts: { normal: normal.texts, abnormal: abnormal.texts },
		scales: v.scales,
		temperature: v.temperature,
		aligner: v.aligner,
		lambda: v.aligner === "pinv" ? v.eps : v.lambda,
		context: v.context === "off" ? "off" : { slope: 1, weighting: v.weighting },
		harmonic: { includeGlobal: v.include_global },
		imageScore: v.image_score === "half" ? "mean" : "global",
		fit: "squash",
		resolution,
	};
}

let engine: Engine;
beforeAll(async () => {
	engine = await Engine.open({ model: fixture(stored.model) });
});
afterAll(() => engine?.close());

async function detect(
	each: Case,
	resolution: "grid" | "model",
): Promise<Detection> {
	const category = await engine.category("widget", optionsOf(each, resolution));
	return category.detect(pictures[each.picture]!);
}

test("the 60 cases are there", () => expect(stored.cases).toHaveLength(60));

describe.each(Object.keys(stored.variants))("%s", (variant) => {
	const cases = stored.cases.filter((each) => each.variant === variant);

	test.each(cases)("picture $picture, prompts $list", async (each) => {
		const found = await detect(each, "grid");
		expect(Math.abs(found.score - each.score)).toBeLessThan(close);
		expect(Math.abs(found.globalScore - each.s_global)).toBeLessThan(close);
		expect(found.prompts.kept).toEqual([
			each.kept.normal.length,
			each.kept.abnormal.length,
		]);
		expect(found.prompts.of).toEqual([12, 10]);
		expect(found.prompts.ambiguous).toBe(each.ambiguous);
		expect(farthest(found.map, each.grid?.flat() ?? [])).toBeLessThan(close);
		if (each.grid)
			expect(
				Math.abs(found.localScore! - Math.max(...each.grid.flat())),
			).toBeLessThan(close);
		else expect(found.localScore).toBeUndefined();
	});

	test.each(cases.filter(({ map }) => map))(
		"picture $picture, prompts $list: the map at the model's resolution",
		async (each) => {
			const found = await detect(each, "model");
			expect([found.mapHeight, found.mapWidth]).toEqual(each.map!.shape);
			expect(farthest(found.map, numbers(each.map!))).toBeLessThan(close);
			expect(Math.abs(found.score - each.score)).toBeLessThan(close); // the score comes from the grid, not from the pixels
		},
	);
});

// The recipes are names for settings: those of the stored variants.
test.each(["alfa", "winclip", "clip-ac"] as const)(
	"the recipe '%s' alone gives its stored variant",
	async (recipe) => {
		for (const each of stored.cases.filter(
			({ variant }) => variant === recipe,
		)) {
			const { normal, abnormal } = stored.lists[each.list]!;
			const category = await engine.category("widget", {
				recipe,
				prompts: { normal: normal.texts, abnormal: abnormal.texts },
			});
			expect(
				Math.abs(
					(await category.detect(pictures[each.picture]!)).score - each.score,
				),
			).toBeLessThan(close);
		}
	},
);

test("one thread gives every stored case too, and in int8 what more threads give", async () => {
	await using alone = await Engine.open({
		model: fixture(stored.model),
		threads: 1,
	});
	expect(alone.info.threads).toBe(1);
	for (const each of stored.cases) {
		const found = await (
			await alone.category("widget", optionsOf(each, "grid"))
		).detect(pictures[each.picture]!);
		expect(Math.abs(found.score - each.score)).toBeLessThan(close);
		expect(farthest(found.map, each.grid?.flat() ?? [])).toBeLessThan(close);
	}
	const [{ map: one }, { map: more }] = await Promise.all(
		[{ threads: 1 }, {}].map(async (threads) => {
			await using engine = await Engine.open({
				model: fixture(stored.model),
				precision: "int8",
				...threads,
			});
			return await (
				await engine.category("widget", optionsOf(stored.cases[0]!, "grid"))
			).detect(pictures[0]!);
		}),
	);
	expect(farthest(one, more)).toBeLessThan(close);
});
