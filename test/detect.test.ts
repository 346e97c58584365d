// The 60 stored cases of the method (test/fixtures/README.md), through the public API.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type CategoryOptions, type Detection, Engine } from "../dist/index.js";
import {
	decodeArray,
	expectedImages,
	maxDifference,
	readExpected,
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
const model = fixture(stored.model);
const images = expectedImages(readExpected(stored.model));
const tolerance = 1e-5;

function promptsOf({ list }: Case) {
	const { normal, abnormal } = stored.lists[list]!;
	return { normal: normal.texts, abnormal: abnormal.texts };
}

/** The stored variant as options. Every setting is passed, so that no test depends on a default. */
function optionsOf(
	reference: Case,
	resolution: "grid" | "model",
): CategoryOptions {
	const variant = stored.variants[reference.variant]!;
	return {
		prompts: promptsOf(reference),
		scales: variant.scales,
		temperature: variant.temperature,
		aligner: variant.aligner,
		lambda: variant.aligner === "pinv" ? variant.eps : variant.lambda,
		context:
			variant.context === "off"
				? "off"
				: { slope: 1, weighting: variant.weighting },
		harmonic: { includeGlobal: variant.include_global },
		imageScore: variant.image_score === "half" ? "mean" : "global",
		fit: "squash",
		resolution,
	};
}

async function detect(
	engine: Engine,
	reference: Case,
	options: CategoryOptions,
): Promise<Detection> {
	const category = await engine.category("widget", options);
	return category.detect(images[reference.picture]!);
}

function expectScores(result: Detection, { score, grid }: Case): void {
	expect(Math.abs(result.score - score)).toBeLessThan(tolerance);
	expect(maxDifference(result.map, grid?.flat() ?? [])).toBeLessThan(tolerance);
}

let engine: Engine;
beforeAll(async () => {
	engine = await Engine.open({ model });
});
afterAll(() => engine?.close());

test("all 60 cases are stored", () => expect(stored.cases).toHaveLength(60));

describe.each(Object.keys(stored.variants))("variant %s", (variant) => {
	const cases = stored.cases.filter(
		(reference) => reference.variant === variant,
	);

	test.each(cases)(
		"image $picture, prompts $list: scores, prompts and map on the grid",
		async (reference) => {
			const result = await detect(
				engine,
				reference,
				optionsOf(reference, "grid"),
			);
			expectScores(result, reference);
			expect(Math.abs(result.globalScore! - reference.s_global)).toBeLessThan(
				tolerance,
			);
			expect(result.prompts).toEqual({
				kept: [reference.kept.normal.length, reference.kept.abnormal.length],
				of: [12, 10],
				ambiguous: reference.ambiguous,
			});
			if (reference.grid) {
				const highest = Math.max(...reference.grid.flat());
				expect(Math.abs(result.localScore! - highest)).toBeLessThan(tolerance);
			} else {
				expect(result.localScore).toBeUndefined();
			}
		},
	);

	test.each(cases.filter(({ map }) => map))(
		"image $picture, prompts $list: the map at the model's resolution",
		async (reference) => {
			const result = await detect(
				engine,
				reference,
				optionsOf(reference, "model"),
			);
			expect([result.mapHeight, result.mapWidth]).toEqual(reference.map!.shape);
			expect(
				maxDifference(result.map, decodeArray(reference.map!)),
			).toBeLessThan(tolerance);
			// The score is computed on the grid, whatever the resolution of the map.
			expect(Math.abs(result.score - reference.score)).toBeLessThan(tolerance);
		},
	);
});

test.each(["alfa", "winclip", "clip-ac"] as const)(
	"the recipe '%s' without further options has the settings of its variant",
	async (recipe) => {
		for (const reference of stored.cases.filter(
			({ variant }) => variant === recipe,
		)) {
			const { score } = await detect(engine, reference, {
				recipe,
				prompts: promptsOf(reference),
			});
			expect(Math.abs(score - reference.score)).toBeLessThan(tolerance);
		}
	},
);

test("one thread gives the same results", async () => {
	await using engine = await Engine.open({ model, threads: 1 });
	expect(engine.info.threads).toBe(1);
	for (const reference of stored.cases) {
		expectScores(
			await detect(engine, reference, optionsOf(reference, "grid")),
			reference,
		);
	}
});

test("int8 gives the same map with one thread and with all threads", async () => {
	const options = optionsOf(stored.cases[0]!, "grid");
	const [one, all] = await Promise.all(
		[1, 0].map(async (threads) => {
			await using engine = await Engine.open({
				model,
				precision: "int8",
				threads,
			});
			return await detect(engine, stored.cases[0]!, options);
		}),
	);
	expect(maxDifference(one!.map, all!.map)).toBeLessThan(tolerance);
});
