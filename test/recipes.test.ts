// Every recipe and option against its stored reference, through the public API.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
	type CategoryOptions,
	type Detection,
	Engine,
	type RawImage,
	type RecipeName,
} from "../dist/index.js";
import {
	type EngineHandle,
	loadAddon,
	type NativeSettings,
} from "../dist/native/addon.js";
import { nativeSettings } from "../dist/native/settings.js";
import { findCpuRuntime } from "../dist/onnxruntime/cpu-runtime.js";
import { recipes } from "../dist/recipes.js";
import {
	decodeArray,
	expectedImages,
	maxDifference,
	readExpected,
	readJson,
	type StoredArray,
} from "./support/expected.js";
import { fixture } from "./support/paths.js";

type Grid = number[][];
interface Variant {
	context: "on" | "off";
	scales: number[];
	aligner: "ridge" | "pinv";
	lambda: number;
	eps: number;
	temperature: number;
	weighting: "uniform" | "score";
	slope: number;
	fallback: "side" | "both";
	include_global: boolean;
	values: "output" | "raw";
	class_row: boolean;
	mask: "drop" | "zero";
}
interface Case {
	picture: number;
	list: "A" | "B";
	grid: Grid;
	score: number;
	map?: StoredArray;
}
interface VariantCase extends Case {
	variant: string;
	kept: { normal: number[]; abnormal: number[] };
	s_global: number;
	ambiguous: boolean;
}
interface BankMaps {
	augment: "none" | "rotate4";
	picture: number | string;
	levels: Grid[];
	bank: Grid;
}
interface FewShotCase extends Case {
	recipe: RecipeName;
	augment: "none" | "rotate4";
}
interface MutualRun {
	name: string;
	pictures: number;
	grids: Grid[];
	max: number[];
	scores: number[];
	map?: StoredArray;
}

const stored: {
	model: string;
	references: StoredArray;
	batch: StoredArray;
	variants: Record<string, Variant>;
	cases: VariantCase[];
	maskclip: Case[];
	anovl: { cases: Case[] };
	trans_mm: (Case & { model: string; prompts: StoredArray })[];
	few_shot: {
		options: { references: number; layers: number[] };
		banks: BankMaps[];
		cases: FewShotCase[];
	};
	patchcore: {
		cases: {
			bank: "full" | "coreset";
			picture: number;
			grid: Grid;
			score: number;
		}[];
		coreset: number[];
	};
	musc: { options: { layers: number[] }; runs: MutualRun[] };
} = readJson(fixture("recipes.json"));
const lists: Record<
	string,
	Record<"normal" | "abnormal", { texts: string[] }>
> = readJson(fixture("detect.json")).lists;
const inputs = expectedImages(readExpected(stored.model));
const references = images(stored.references);
const batch = images(stored.batch);
const tolerance = 1e-5;

function images(array: StoredArray): RawImage[] {
	return expectedImages({ pictures: array } as Parameters<
		typeof expectedImages
	>[0]);
}

const promptsOf = (list: string) => ({
	normal: lists[list]!.normal.texts,
	abnormal: lists[list]!.abnormal.texts,
});

let engine: Engine;
beforeAll(async () => {
	engine = await Engine.open({ model: fixture(stored.model) });
});
afterAll(() => engine?.close());

async function detect(
	image: RawImage,
	options: CategoryOptions,
): Promise<Detection> {
	return (await engine.category("widget", options)).detect(image);
}

function expectCase(
	found: Detection,
	{ grid, score }: { grid: Grid; score: number },
): void {
	expect(maxDifference(found.map, grid.flat())).toBeLessThan(tolerance);
	expect(Math.abs(found.localScore! - Math.max(...grid.flat()))).toBeLessThan(
		tolerance,
	);
	expect(Math.abs(found.score - score)).toBeLessThan(tolerance);
}

describe.each(Object.entries(stored.variants))("option %s", (name, v) => {
	test.each(stored.cases.filter(({ variant }) => variant === name))(
		"image $picture, prompts $list",
		async (each) => {
			const found = await detect(inputs[each.picture]!, {
				prompts: promptsOf(each.list),
				scales: v.scales,
				temperature: v.temperature,
				aligner: v.aligner,
				lambda: v.aligner === "pinv" ? v.eps : v.lambda,
				context:
					v.context === "off"
						? "off"
						: { slope: v.slope, weighting: v.weighting, fallback: v.fallback },
				values: v.values === "raw" ? "raw" : "projected",
				classRow: v.class_row,
				mask: v.mask,
				harmonic: { includeGlobal: v.include_global },
				resolution: "grid",
			});
			expectCase(found, each);
			expect(Math.abs(found.globalScore! - each.s_global)).toBeLessThan(
				tolerance,
			);
			expect(found.prompts.kept).toEqual([
				each.kept.normal.length,
				each.kept.abnormal.length,
			]);
			expect(found.prompts.ambiguous).toBe(each.ambiguous);
		},
	);
});

test.each(stored.maskclip)(
	"maskclip: image $picture, prompts $list",
	async (each) => {
		expectCase(
			await detect(inputs[each.picture]!, {
				recipe: "maskclip",
				prompts: promptsOf(each.list),
				resolution: "grid",
			}),
			each,
		);
	},
);

describe("anovl", () => {
	test.each(stored.anovl.cases)(
		"image $picture, prompts $list",
		async (each) => {
			expectCase(
				await detect(inputs[each.picture]!, {
					recipe: "anovl",
					prompts: promptsOf(each.list),
					resolution: "grid",
				}),
				each,
			);
			if (each.map)
				expect(
					maxDifference(
						(
							await detect(inputs[each.picture]!, {
								recipe: "anovl",
								prompts: promptsOf(each.list),
							})
						).map,
						decodeArray(each.map),
					),
				).toBeLessThan(tolerance);
		},
	);
});

describe("trans-mm", () => {
	test.each(stored.trans_mm.filter(({ model }) => model === stored.model))(
		"image $picture, prompts $list",
		async (each) => {
			const found = await detect(inputs[each.picture]!, {
				recipe: "trans-mm",
				prompts: promptsOf(each.list),
				resolution: "grid",
			});
			expectCase(found, each);
			// The values are small, so the tolerance is relative to the largest one.
			expect(maxDifference(found.map, each.grid.flat())).toBeLessThan(
				1e-3 * Math.max(...each.grid.flat()),
			);
		},
	);

	// Other GELUs and layouts. Their prompts are stored as embeddings, which only the addon accepts.
	test.each(
		[...new Set(stored.trans_mm.map(({ model }) => model))].filter(
			(model) => model !== stored.model,
		),
	)("%s", async (model) => {
		const addon = loadAddon();
		const handle: EngineHandle = await addon.openEngine({
			directory: fixture(model),
			runtime: findCpuRuntime(),
			precision: "fp32",
			threads: 1,
			maxBatch: 1,
			queue: 4,
		});
		const settings: NativeSettings = nativeSettings(
			{ ...recipes["trans-mm"], resolution: "grid" },
			addon.info(handle).layers,
		);
		const modelImages = expectedImages(readExpected(model));
		for (const each of stored.trans_mm.filter((one) => one.model === model)) {
			const directions = Float32Array.from(decodeArray(each.prompts)),
				width = directions.length / 2;
			const category = addon.createCategory(
				handle,
				settings,
				directions.subarray(0, width),
				directions.subarray(width),
				new Float32Array(0),
			);
			const image = modelImages[each.picture]!;
			const [found] = await addon.detect(
				handle,
				[category],
				{ ...image, data: Uint8Array.from(image.data) },
				[Infinity],
			);
			expect(maxDifference(found!.map, each.grid.flat())).toBeLessThan(
				1e-3 * Math.max(...each.grid.flat()),
			);
			expect(Math.abs(found!.score - each.score)).toBeLessThan(tolerance);
		}
		await addon.closeEngine(handle);
	});
});

describe("few-shot", () => {
	const { options, cases, banks } = stored.few_shot;
	const features = { layers: options.layers };
	const fewShotOptions = (augment: "none" | "rotate4") => ({
		references: { images: references.slice(0, options.references), augment },
		features,
		resolution: "grid" as const,
	});

	test.each(cases)(
		"$recipe, $augment: image $picture, prompts $list",
		async (each) => {
			const windows =
				each.recipe === "alfa" || each.recipe === "winclip"
					? {}
					: { scales: [2, 3] };
			const image =
				typeof each.picture === "number"
					? inputs[each.picture]!
					: references[0]!;
			expectCase(
				await detect(image, {
					recipe: each.recipe,
					prompts: promptsOf(each.list),
					...fewShotOptions(each.augment),
					...windows,
				}),
				each,
			);
		},
	);

	test.each(banks.filter(({ picture }) => typeof picture === "number"))(
		"only the bank, $augment: image $picture",
		async ({ augment, picture, bank }) => {
			const found = await detect(inputs[picture as number]!, {
				recipe: {
					name: "patchcore",
					features: {
						...features,
						neighbourhoods: [1],
						join: false,
						windows: true,
					},
					bank: { distance: "cosine", share: 1 },
					imageScore: "max",
				},
				scales: [2, 3],
				...fewShotOptions(augment),
			});
			expect(maxDifference(found.map, bank.flat())).toBeLessThan(tolerance);
			expect(found.globalScore).toBeUndefined();
			expect(Math.abs(found.score - Math.max(...bank.flat()))).toBeLessThan(
				tolerance,
			);
		},
	);
});

describe("patchcore", () => {
	test.each(stored.patchcore.cases)(
		"$bank bank, image $picture",
		async ({ bank, picture, ...each }) => {
			const category = await engine.category("widget", {
				recipe: "patchcore",
				features: { layers: [2, 3] },
				resolution: "grid",
				references: { images: references, share: bank === "full" ? 1 : 0.1 },
			});
			expect(category.references).toEqual({
				images: 6,
				entries: [bank === "full" ? 216 : stored.patchcore.coreset.length],
			});
			expectCase(await category.detect(inputs[picture]!), each);
		},
	);
});

describe("musc", () => {
	test.each(stored.musc.runs)("$name images", async (run) => {
		for (const resolution of ["grid", "model"] as const) {
			const category = await engine.category("widget", {
				recipe: "musc",
				features: { layers: stored.musc.options.layers },
				resolution,
			});
			const found = [];
			for await (const result of category.detectMany(
				[...batch, ...inputs].slice(0, run.pictures),
			))
				found.push(result);
			expect(found).toHaveLength(run.pictures);
			for (const [i, result] of found.entries()) {
				expect(Math.abs(result.score - run.scores[i]!)).toBeLessThan(tolerance);
				expect(Math.abs(result.localScore! - run.max[i]!)).toBeLessThan(
					tolerance,
				);
				if (resolution === "grid")
					expect(maxDifference(result.map, run.grids[i]!.flat())).toBeLessThan(
						tolerance,
					);
			}
			if (resolution === "model" && run.map)
				expect(maxDifference(found[0]!.map, decodeArray(run.map))).toBeLessThan(
					tolerance,
				);
		}
	});
});
