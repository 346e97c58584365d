// A made-up evaluation: two datasets, three systems (one few-shot), metric values that agree with the scores
// of the images, published values, a category without good images, and problems. The same options give the
// same evaluation.

import type {
	DatasetResult,
	Evaluation,
	MetricName,
	MetricValue,
	RunInfo,
	Variant,
	VariantResult,
} from "../../dist/index.js";
import { metrics } from "../../dist/index.js";
import { recipes } from "../../dist/recipes.js";
import type { EvaluationPage } from "../../dist/report/evaluation/page.js";
import type { PageImage } from "../../dist/report/evaluation/page-image.js";
import { metricNames } from "../../dist/report/evaluation/results.js";
import { productImage } from "./product-image.js";

export interface DatasetPlan {
	name: string;
	categories: readonly string[];
	/** Kinds of defects. */
	kinds: readonly string[];
	/** Good images per category. */
	good: number;
	/** Defective images per category. */
	defective: number;
}

export interface EvaluationPlan {
	datasets?: readonly DatasetPlan[];
	/** The first reason of every image. */
	prompt?: string;
	/** Default true. */
	withImages?: boolean;
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
/** The category of the first dataset that has no good images. */
export const withoutGood = "transistor";
export const noGoodReason = "The category transistor has no good test images.";

function makeVariant(
	recipe: "alfa" | "winclip",
	shots: number,
	seeds: number,
): Variant {
	return {
		id: shots > 0 ? `${recipe} ${shots}-shot` : recipe,
		system: recipe,
		recipe,
		shots,
		seeds,
		settings: recipes[recipe],
		readout: "score",
	};
}

const variants = [
	makeVariant("alfa", 0, 1),
	makeVariant("alfa", 4, 3),
	makeVariant("winclip", 0, 1),
];

/** How well each variant separates good and defective images. */
const skill: Record<string, number> = {
	alfa: 3.2,
	"alfa 4-shot": 3.9,
	winclip: 2.6,
};

const reasonTexts = [
	"a bottle with a broken rim",
	"a scratched surface",
	"a damaged bottle with contamination",
	"an image of a flawless bottle",
	"a bottle with a crack",
	"a stained object",
];

type Random = () => number;

export async function makeEvaluation({
	datasets = plans,
	prompt,
	withImages = true,
}: EvaluationPlan = {}): Promise<EvaluationPage & { images: PageImage[] }> {
	const random = makeRandom(7);
	const images: PageImage[] = [];
	const results: DatasetResult[] = [];
	for (const plan of datasets) {
		const categories: DatasetResult["categories"][number][] = [];
		for (const name of plan.categories) {
			const contrast = 0.45 + 0.9 * random();
			const count = goodCount(plan, name) + plan.defective;
			const categoryImages: PageImage[] = [];
			for (let i = 0; i < count; i++) {
				categoryImages.push(
					await makeImage(plan, name, i, contrast, random, {
						prompt,
						withImages,
					}),
				);
			}
			images.push(...categoryImages);
			const normal = categoryImages.filter((image) => !image.anomalous).length;
			categories.push({
				name,
				normal,
				anomalous: categoryImages.length - normal,
				unreadable: name === "cable" ? 1 : 0,
				variants: Object.fromEntries(
					variants.map((variant) => [
						variant.id,
						makeResult(categoryImages, variant, contrast, name, random),
					]),
				),
			});
		}
		const mean = meanOfCategories(categories);
		const isFirst = plan === datasets[0];
		results.push({
			name: plan.name,
			layout: plan.name === "VisA" ? "visa" : "mvtec",
			categories,
			mean,
			published:
				plan.name === "MVTec AD" && categories.length > 0
					? makePublished(mean)
					: [],
			problems: isFirst && categories.length > 0 ? makeProblems(plan) : [],
		});
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

function goodCount(plan: DatasetPlan, category: string): number {
	return category === withoutGood ? 0 : plan.good;
}

async function makeImage(
	plan: DatasetPlan,
	category: string,
	index: number,
	contrast: number,
	random: Random,
	{ prompt, withImages }: { prompt: string | undefined; withImages: boolean },
): Promise<PageImage> {
	const anomalous = index >= goodCount(plan, category);
	const kind = anomalous ? plan.kinds[index % plan.kinds.length]! : "good";
	const product = await productImage(
		plan.categories.indexOf(category),
		index % 12,
		anomalous,
	);
	const hasMask = anomalous && index % 9 !== 0;
	const makeScore = (variant: string) => {
		const logit =
			randomNormal(random) + (anomalous ? skill[variant]! * contrast : 0) - 1;
		return Math.fround(1 / (1 + Math.exp(-logit)));
	};
	const makeReasons = () =>
		Array.from({ length: 3 }, (_, k) => ({
			text:
				k === 0 && prompt
					? prompt
					: reasonTexts[Math.floor(random() * reasonTexts.length)]!,
			similarity: 0.31 - 0.02 * k - 0.01 * random(),
		}));
	const results = variants.map(({ id }) => {
		const hasPrompts = id !== "winclip";
		return [
			id,
			{
				score: makeScore(id),
				...(hasPrompts && {
					kept: [Math.floor(20 * random()), 20 + Math.floor(40 * random())] as [
						number,
						number,
					],
					of: [77, 80] as [number, number],
					ambiguous: random() < 0.05,
				}),
				reasons: makeReasons(),
				map: product.map(hasPrompts ? 0.3 : 0.8, random),
			},
		] as const;
	});
	return {
		category,
		dataset: plan.name,
		kind,
		anomalous,
		id: `${category}/test/${kind}/${String(index).padStart(3, "0")}.png`,
		...(withImages && {
			thumbnail: product.picture,
			...(hasMask && { mask: product.mask }),
		}),
		variants: Object.fromEntries(results),
	};
}

const steps = Array.from({ length: 101 }, (_, i) => i / 100);

function makeResult(
	images: readonly PageImage[],
	{ id, seeds }: Variant,
	contrast: number,
	category: string,
	random: Random,
): VariantResult {
	const hasGood = images.some((image) => !image.anomalous);
	const labels = Uint8Array.from(images, (image) => Number(image.anomalous));
	const scores = Float64Array.from(
		images,
		(image) => image.variants[id]!.score,
	);
	const measured = hasGood
		? metrics.image(labels, scores, { curves: true })
		: undefined;
	const level = 1 - Math.exp(-skill[id]! * contrast);
	const values: Partial<Record<MetricName, number>> = {
		...(measured && {
			imageAuroc: measured.auroc,
			imageAp: measured.averagePrecision,
			imageAupr: measured.aupr,
			imageF1: measured.f1,
		}),
		pixelAuroc: 0.75 + 0.22 * level,
		pixelAp: 0.5 * level,
		pixelF1: 0.1 + 0.45 * level,
		pro: 0.55 + 0.38 * level,
	};
	const figures = metricNames.map((name) => [
		name,
		makeValue(values[name], seeds, category, random),
	]);
	return {
		figures: Object.fromEntries(figures),
		threshold: measured?.threshold ?? null,
		images: images.length,
		pixelImages: images.length,
		curves: {
			...(measured?.curves && {
				roc: toArrays(measured.curves.roc),
				pr: toArrays(measured.curves.pr),
			}),
			pixelRoc: { x: steps, y: steps.map((x) => x ** (0.35 - 0.25 * level)) },
			pixelPr: { x: steps, y: steps.map((x) => level * (1 - x ** 1.5)) },
			pro: {
				x: steps.map((x) => x * 0.3),
				y: steps.map((x) => level * x ** 0.3),
			},
		},
	};
}

function makeValue(
	mean: number | undefined,
	seeds: number,
	category: string,
	random: Random,
): MetricValue {
	if (mean === undefined) {
		return {
			mean: null,
			std: null,
			reason: `The category ${category} has no good test images.`,
		};
	}
	return { mean, std: seeds > 1 ? 0.004 + 0.01 * random() : null };
}

function toArrays({ x, y }: { x: Float64Array; y: Float64Array }) {
	return { x: [...x], y: [...y] };
}

function meanOfCategories(
	categories: DatasetResult["categories"],
): DatasetResult["mean"] {
	const meanValues = ({ id }: Variant) =>
		metricNames.map((name) => [
			name,
			meanOf(
				categories.map((category) => category.variants[id]!.figures[name]),
			),
		]);
	return Object.fromEntries(
		variants.map((variant) => [
			variant.id,
			Object.fromEntries(meanValues(variant)),
		]),
	) as DatasetResult["mean"];
}

function meanOf(
	values: readonly MetricValue[],
): MetricValue & { categories: number } {
	const measured = values.filter(({ mean }) => mean !== null);
	if (measured.length === 0) {
		return {
			mean: null,
			std: null,
			categories: 0,
			reason: "No category could be measured.",
		};
	}
	const average = (key: "mean" | "std") =>
		measured[0]![key] === null
			? null
			: measured.reduce((sum, value) => sum + value[key]!, 0) / measured.length;
	return {
		mean: average("mean"),
		std: average("std"),
		categories: measured.length,
	};
}

const run: RunInfo = {
	started: "2026-03-14T09:26:53.000Z",
	seconds: 1384,
	command:
		"alfa evaluate data/mvtec data/visa --recipe alfa,winclip --shots 0,4 --seeds 3 --report report",
	machine: {
		cpu: "AMD EPYC 9354 32-Core",
		cores: 64,
		memory: 128 * 2 ** 30,
		platform: "linux-x64",
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

const publishedValues: readonly {
	variant: string;
	source: string;
	values: Partial<Record<MetricName, number>>;
}[] = [
	{
		variant: "alfa",
		source: "Table 1, ALFA",
		values: {
			imageAuroc: 0.932,
			imageAp: 0.973,
			imageF1: 0.939,
			pixelAuroc: 0.906,
			pro: 0.789,
		},
	},
	{
		variant: "winclip",
		source: "Table 1, WinCLIP",
		values: {
			imageAuroc: 0.918,
			imageAp: 0.965,
			imageF1: 0.929,
			pixelAuroc: 0.851,
			pro: 0.646,
		},
	},
];

function makePublished(
	mean: DatasetResult["mean"],
): DatasetResult["published"] {
	return publishedValues.flatMap(({ variant, source, values }) =>
		Object.entries(values).map(([name, published]) => {
			const metric = name as MetricName;
			return {
				variant,
				metric,
				ours: mean[variant]![metric].mean ?? 0,
				published,
				source,
			};
		}),
	);
}

function makeProblems({ categories }: DatasetPlan): DatasetResult["problems"] {
	const first = categories[0]!;
	const last = categories.at(-1)!;
	const missingMasks = Array.from({ length: 14 }, (_, i) => {
		const where = `${first}/test/scratch/${String(i).padStart(3, "0")}.png`;
		const message = `${where} has no mask: it counts for image metrics only`;
		return { kind: "missing-mask" as const, category: first, where, message };
	});
	return [
		...missingMasks,
		{
			kind: "no-good",
			category: last,
			where: last,
			message: `${last} has no normal test images: its images cannot be ranked`,
		},
		{
			kind: "unreadable-image",
			category: first,
			where: `${first}/test/good/009.png`,
			message: `${first}/test/good/009.png is damaged or truncated`,
		},
	];
}

/** The generator mulberry32: numbers in [0, 1). */
function makeRandom(seed: number): Random {
	let state = seed;
	return () => {
		state = (state + 0x6d2b79f5) | 0;
		let t = Math.imul(state ^ (state >>> 15), 1 | state);
		t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
		return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
	};
}

/** A number with a normal distribution, by the Box-Muller transform. */
function randomNormal(random: Random): number {
	return (
		Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())
	);
}
