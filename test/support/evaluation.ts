// An evaluation that never happened, as plain data: two datasets, three systems (one few-shot),
// figures that agree with the scores of its images, published figures, a category without good
// images, and problems. The same options give the same.
import { metrics } from "../../dist/index.js";
import {
	metricNames,
	type DatasetResult,
	type Evaluation,
	type MetricValue,
	type MetricName,
	type RunInfo,
	type Variant,
	type VariantResult,
} from "../../dist/evaluate/results.js";
import type {
	EvaluationPage,
	PageImage,
} from "../../dist/report/evaluation/page.js";
import { recipes } from "../../dist/recipes.js";
import { productImage } from "./product-image.js";

export interface DatasetPlan {
	name: string;
	categories: readonly string[];
	kinds: readonly string[];
	good: number;
	defective: number;
}
export interface Plan {
	datasets?: readonly DatasetPlan[];
	prompt?: string;
	pictures?: boolean;
}

export const plans: readonly DatasetPlan[] = [
	{
		name: "MVTec AD",
		categories: [
			"bottle",
			"cable",
			"capsule",
			"carpet",
			"hazelnut",
			"metal_nut",
			"screw",
			"transistor",
		],
		kinds: ["broken_large", "contamination", "scratch"],
		good: 20,
		defective: 36,
	},
	{
		name: "VisA",
		categories: ["candle", "cashew", "macaroni1", "pcb1", "pipe_fryum"],
		kinds: ["bad"],
		good: 24,
		defective: 24,
	},
];
/** Of the first dataset: nothing can be told apart where nothing is good. */
export const withoutGood = "transistor";
export const noGoodReason = "The category transistor has no good test images.";

const variants: Variant[] = [
	{
		id: "alfa",
		system: "alfa",
		recipe: "alfa",
		shots: 0,
		seeds: 1,
		settings: recipes.alfa,
		readout: "score",
	},
	{
		id: "alfa 4-shot",
		system: "alfa",
		recipe: "alfa",
		shots: 4,
		seeds: 3,
		settings: recipes.alfa,
		readout: "score",
	},
	{
		id: "winclip",
		system: "winclip",
		recipe: "winclip",
		shots: 0,
		seeds: 1,
		settings: recipes.winclip,
		readout: "score",
	},
];
/** How far apart each system holds good and defective images. */
const skill: Record<string, number> = {
	alfa: 3.2,
	"alfa 4-shot": 3.9,
	winclip: 2.6,
};
const words = [
	"a bottle with a broken rim",
	"a scratched surface",
	"a damaged bottle with contamination",
	"an image of a flawless bottle",
	"a bottle with a crack",
	"a stained object",
];

export async function makeEvaluation({
	datasets = plans,
	prompt,
	pictures = true,
}: Plan = {}): Promise<EvaluationPage & { images: PageImage[] }> {
	const random = generator(7);
	const images: PageImage[] = [];
	const results: DatasetResult[] = [];
	for (const plan of datasets) {
		const categories: DatasetResult["categories"][number][] = [];
		for (const name of plan.categories) {
			const hardness = 0.45 + 0.9 * random();
			const own: PageImage[] = [];
			for (
				let i = 0;
				i < (name === withoutGood ? 0 : plan.good) + plan.defective;
				i++
			)
				own.push(await image(plan, name, i, hardness));
			images.push(...own);
			const normal = own.filter((each) => !each.anomalous).length;
			categories.push({
				name,
				normal,
				anomalous: own.length - normal,
				unreadable: name === "cable" ? 1 : 0,
				variants: Object.fromEntries(
					variants.map((variant) => [
						variant.id,
						result(own, variant, hardness, name),
					]),
				),
			});
		}
		const mean = Object.fromEntries(
			variants.map(({ id }) => [
				id,
				Object.fromEntries(
					metricNames.map((metric) => [
						metric,
						meanOf(
							categories.map(
								(category) => category.variants[id]!.figures[metric],
							),
						),
					]),
				),
			]),
		) as DatasetResult["mean"];
		results.push({
			name: plan.name,
			layout: plan.name === "VisA" ? "visa" : "mvtec",
			categories,
			mean,
			published:
				plan.name === "MVTec AD" && plan.categories.length > 0
					? published(mean)
					: [],
			problems:
				plan === datasets[0] && plan.categories.length > 0
					? problemsOf(plan)
					: [],
		});
	}

	async function image(
		plan: DatasetPlan,
		category: string,
		i: number,
		hardness: number,
	): Promise<PageImage> {
		const good = category === withoutGood ? 0 : plan.good;
		const anomalous = i >= good;
		const kind = anomalous ? plan.kinds[i % plan.kinds.length]! : "good";
		const drawn = await productImage(
			plan.categories.indexOf(category),
			i % 12,
			anomalous,
		);
		return {
			category,
			dataset: plan.name,
			kind,
			anomalous,
			id: `${category}/test/${kind}/${String(i).padStart(3, "0")}.png`,
			...(pictures && {
				picture: drawn.picture,
				...(anomalous && i % 9 !== 0 && { mask: drawn.mask }),
			}),
			variants: Object.fromEntries(
				variants.map(({ id }) => [
					id,
					{
						score: Math.fround(
							1 /
								(1 +
									Math.exp(
										-(
											normalOf(random) +
											(anomalous ? skill[id]! * hardness : 0) -
											1
										),
									)),
						),
						...(id !== "winclip" && {
							kept: [
								Math.floor(20 * random()),
								20 + Math.floor(40 * random()),
							] as [number, number],
							of: [77, 80] as [number, number],
							ambiguous: random() < 0.05,
						}),
						reasons: Array.from({ length: 3 }, (_, k) => ({
							text:
								k === 0 && prompt
									? prompt
									: words[Math.floor(random() * words.length)]!,
							similarity: 0.31 - 0.02 * k - 0.01 * random(),
						})),
						map: drawn.map(id === "winclip" ? 0.8 : 0.3, random),
					},
				]),
			),
		};
	}

	function result(
		own: readonly PageImage[],
		{ id, seeds }: Variant,
		hardness: number,
		category: string,
	): VariantResult {
		const found = own.some((each) => !each.anomalous)
			? metrics.image(
					Uint8Array.from(own, (each) => Number(each.anomalous)),
					Float64Array.from(own, (each) => each.variants[id]!.score),
					{ curves: true },
				)
			: undefined;
		const measured: Partial<Record<MetricName, number>> = found
			? {
					imageAuroc: found.auroc,
					imageAp: found.averagePrecision,
					imageAupr: found.aupr,
					imageF1: found.f1,
				}
			: {};
		const level = 1 - Math.exp(-skill[id]! * hardness);
		Object.assign(measured, {
			pixelAuroc: 0.75 + 0.22 * level,
			pixelAp: 0.5 * level,
			pixelF1: 0.1 + 0.45 * level,
			pro: 0.55 + 0.38 * level,
		});
		const figures = Object.fromEntries(
			metricNames.map((name) => [
				name,
				figure(measured[name], seeds, category),
			]),
		) as VariantResult["figures"];
		const bow = (power: number) => ({
			x: steps,
			y: steps.map((x) => x ** power),
		});
		return {
			figures,
			threshold: found?.threshold ?? null,
			images: own.length,
			pixelImages: own.length,
			curves: {
				...(found?.curves && {
					roc: lists(found.curves.roc),
					pr: lists(found.curves.pr),
				}),
				pixelRoc: bow(0.35 - 0.25 * level),
				pixelPr: { x: steps, y: steps.map((x) => level * (1 - x ** 1.5)) },
				pro: {
					x: steps.map((x) => x * 0.3),
					y: steps.map((x) => level * x ** 0.3),
				},
			},
		};
	}

	function figure(
		mean: number | undefined,
		seeds: number,
		category: string,
	): MetricValue {
		return mean === undefined
			? {
					mean: null,
					std: null,
					reason: `The category ${category} has no good test images.`,
				}
			: { mean, std: seeds > 1 ? 0.004 + 0.01 * random() : null };
	}

	const evaluation: Evaluation = {
		format: 1,
		model: {
			name: "ViT-B-16-plus-240 laion400m_e32",
			sha256: "3b2f9b5d".repeat(8),
			precision: "fp32",
		},
		resolution: 240,
		maxFpr: 0.3,
		proThresholds: "all",
		variants,
		datasets: results,
	};
	return { evaluation, run, images };
}

const run: RunInfo = {
	started: "2026-03-14T09:26:53.000Z",
	seconds: 1384,
	command:
		"alfa evaluate data/mvtec data/visa --systems alfa,winclip --shots 0,4 --seeds 3 --out report",
	machine: {
		cpu: "AMD EPYC 9354 32-Core",
		cores: 64,
		memory: 128 * 2 ** 30,
		platform: "linux x64",
	},
	versions: {
		"alfa-vad": "0.1.0",
		node: "20.20.2",
		onnxruntime: "1.30.0",
		sharp: "0.35.5",
	},
	device: "cuda",
	precision: "fp16",
};

const steps = Array.from({ length: 101 }, (_, i) => i / 100);
const lists = ({ x, y }: { x: Float64Array; y: Float64Array }) => ({
	x: [...x],
	y: [...y],
});

function meanOf(
	figures: readonly MetricValue[],
): MetricValue & { categories: number } {
	const found = figures.filter((each) => each.mean !== null);
	const average = (of: (figure: MetricValue) => number | null) =>
		found.length > 0 && of(found[0]!) !== null
			? found.reduce((sum, each) => sum + of(each)!, 0) / found.length
			: null;
	return {
		mean: average((each) => each.mean),
		std: average((each) => each.std),
		categories: found.length,
		...(found.length === 0 && { reason: "No category could be measured." }),
	};
}

function published(mean: DatasetResult["mean"]): DatasetResult["published"] {
	const rows: [string, string, Partial<Record<MetricName, number>>][] = [
		[
			"alfa",
			"Table 1, ALFA",
			{
				imageAuroc: 0.932,
				imageAp: 0.973,
				imageF1: 0.939,
				pixelAuroc: 0.906,
				pro: 0.789,
			},
		],
		[
			"winclip",
			"Table 1, WinCLIP",
			{
				imageAuroc: 0.918,
				imageAp: 0.965,
				imageF1: 0.929,
				pixelAuroc: 0.851,
				pro: 0.646,
			},
		],
	];
	return rows.flatMap(([variant, source, figures]) =>
		Object.entries(figures).map(([metric, value]) => ({
			variant,
			metric: metric as MetricName,
			ours: mean[variant]![metric as MetricName].mean ?? 0,
			published: value,
			source,
		})),
	);
}

function problemsOf({ categories }: DatasetPlan): DatasetResult["problems"] {
	const missing = Array.from({ length: 14 }, (_, i) => ({
		kind: "missing-mask" as const,
		category: categories[0]!,
		where: `${categories[0]}/test/scratch/${String(i).padStart(3, "0")}.png`,
		message:
			"This defective image has no mask; it counts for image figures alone.",
	}));
	return [
		...missing,
		{
			kind: "no-good",
			category: categories.at(-1)!,
			where: categories.at(-1)!,
			message:
				"There are no good test images, so nothing of images can be measured.",
		},
		{
			kind: "unreadable-image",
			category: categories[0]!,
			where: `${categories[0]}/test/good/009.png`,
			message: "The file ends before the picture does; it was left out.",
		},
	];
}

/** mulberry32: [0, 1). */
function generator(seed: number): () => number {
	return () => {
		seed = (seed + 0x6d2b79f5) | 0;
		let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
		t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
		return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
	};
}

function normalOf(random: () => number): number {
	return (
		Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())
	);
}
