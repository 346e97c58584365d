// Detects and measures all categories of all datasets: docs/method.md, section 11.
import type { CategoryData, Problem } from "../datasets/category-data.js";
import type { Dataset } from "../datasets/dataset.js";
import type { Engine } from "../engine.js";
import type {
	CategoryResult,
	DatasetResult,
	Variant,
	VariantResult,
} from "../report/evaluation/results.js";
import { aggregateSeeds, meanOverCategories } from "./aggregate.js";
import { detectImages } from "./detect-images.js";
import type { Journal } from "./journal.js";
import { type LabelledImages, loadLabelledImages } from "./labelled-images.js";
import { type MetricOptions, measure, type SeedMetrics } from "./measure.js";
import type { EvaluateOptions } from "./options.js";
import type { Plan } from "./plan.js";
import { ProgressTracker } from "./progress.js";
import { compareWithPublished } from "./published.js";
import { ReferenceSampler } from "./reference-sampler.js";

export async function evaluateDatasets(
	engine: Engine,
	datasets: readonly Dataset[],
	plan: Plan,
	journal: Journal,
	metricOptions: MetricOptions,
	options: EvaluateOptions,
): Promise<DatasetResult[]> {
	const progress = new ProgressTracker(datasets, plan, options.onProgress);
	const results: DatasetResult[] = [];
	for (const dataset of datasets) {
		const categories: CategoryResult[] = [];
		const problems: Problem[] = [...dataset.problems];
		const seedTable = new Map<string, Map<string, SeedMetrics[]>>();
		for (const data of dataset.categories) {
			const sampler = new ReferenceSampler(data);
			const { prompts, signal } = options;
			progress.startCategory(dataset.name, data.name);
			await detectImages(
				engine,
				{
					dataset: dataset.name,
					data,
					sampler,
					prompts:
						prompts && Object.hasOwn(prompts, data.name)
							? prompts[data.name]
							: undefined,
				},
				plan.configurations,
				journal,
				{
					signal,
					onImage: (known) => progress.imageDone(known),
					onCategoryReady: () => progress.categoryReady(),
				},
			);
			progress.startMetrics();
			const measured = await measureCategory(
				dataset.name,
				data,
				sampler,
				plan,
				journal,
				metricOptions,
				signal,
			);
			categories.push(measured.result);
			problems.push(...measured.problems);
			seedTable.set(data.name, measured.perSeed);
		}
		const mean = meanOverCategories(categories, seedTable, plan.variants);
		results.push({
			name: dataset.name,
			layout: dataset.layout,
			categories,
			mean,
			published: compareWithPublished(dataset.name, mean, plan.variants),
			problems,
		});
	}
	return results;
}

interface MeasuredCategory {
	result: CategoryResult;
	/** By the id of the variant. */
	perSeed: Map<string, SeedMetrics[]>;
	problems: Problem[];
}

async function measureCategory(
	dataset: string,
	data: CategoryData,
	sampler: ReferenceSampler,
	plan: Plan,
	journal: Journal,
	metricOptions: MetricOptions,
	signal: AbortSignal | undefined,
): Promise<MeasuredCategory> {
	// Masks depend on `fit`, so the images are loaded once for each of its values.
	const imagesByFit = new Map<string, LabelledImages>();
	const perSeed = new Map<string, SeedMetrics[]>();
	// A list of entries and not an object, because a title can be '__proto__'.
	const variants: [string, VariantResult][] = [];
	for (const variant of plan.variants) {
		signal?.throwIfAborted();
		const { fit } = variant.settings;
		let labelled = imagesByFit.get(fit);
		if (!labelled) {
			labelled = await loadLabelledImages(
				dataset,
				data,
				journal,
				metricOptions.resolution,
				fit,
				signal,
			);
			imagesByFit.set(fit, labelled);
		}
		const { seeds, reason } = await measureSeeds(
			labelled,
			variant,
			sampler,
			plan,
			metricOptions,
		);
		perSeed.set(variant.id, seeds);
		variants.push([
			variant.id,
			aggregateSeeds(reason === undefined ? seeds : [], reason),
		]);
	}
	// The counts and problems are the same for every `fit`, except for masks; the first is reported.
	const { images, problems } = [...imagesByFit.values()][0]!;
	const anomalous = images.filter(({ image }) => image.anomalous).length;
	const result: CategoryResult = {
		name: data.name,
		normal: images.length - anomalous,
		anomalous,
		unreadable: problems.filter(({ kind }) => kind === "unreadable-image")
			.length,
		variants: Object.fromEntries(variants),
	};
	// An unreadable good test image may also have been a candidate for references.
	const reported = new Set(problems.map(({ where }) => where));
	const samplerProblems = sampler.problems.filter(
		({ where }) => !reported.has(where),
	);
	return { result, perSeed, problems: [...problems, ...samplerProblems] };
}

/** `reason`: why a seed has no results. */
async function measureSeeds(
	{ images }: LabelledImages,
	{ id, shots, readout, settings }: Variant,
	sampler: ReferenceSampler,
	plan: Plan,
	metricOptions: MetricOptions,
): Promise<{ seeds: SeedMetrics[]; reason?: string }> {
	const seeds: SeedMetrics[] = [];
	let reason: string | undefined;
	for (const configuration of plan.configurationsOf.get(id)!) {
		const draw =
			shots > 0 ? await sampler.draw(shots, configuration.seed) : undefined;
		if (shots > 0 && !draw) {
			reason = `needs ${shots} normal images as references, but only ${sampler.maxShots} are available`;
			continue;
		}
		const excluded = draw?.testIds ?? new Set<string>();
		seeds.push(
			await measure(
				images,
				configuration.id,
				excluded,
				readout,
				settings.alignCorners,
				metricOptions,
			),
		);
	}
	return { seeds, ...(reason !== undefined && { reason }) };
}
