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
import { detectImages, type FailedConfigurations } from "./detect-images.js";
import { displayNameOf, displayNameProblem } from "./display-names.js";
import type { Journal } from "./journal.js";
import { damageProblems } from "./journal-damage.js";
import { type LabelledImages, loadLabelledImages } from "./labelled-images.js";
import { type MetricOptions, measure, type SeedMetrics } from "./measure.js";
import type { EvaluateOptions } from "./options.js";
import type { Plan } from "./plan.js";
import { ProgressTracker } from "./progress.js";
import { compareWithPublished } from "./published.js";
import { ReferenceSampler } from "./reference-sampler.js";

/** Everything that the categories of an evaluation share. */
interface Run {
	readonly engine: Engine;
	readonly plan: Plan;
	readonly journal: Journal;
	readonly metricOptions: MetricOptions;
	readonly options: EvaluateOptions;
	readonly progress: ProgressTracker;
	/** The errors of categories that failed for a configuration, in order. */
	readonly failures: Error[];
}

/** Rejects with an error of a category only if every category failed for every configuration. */
export async function evaluateDatasets(
	engine: Engine,
	datasets: readonly Dataset[],
	plan: Plan,
	journal: Journal,
	metricOptions: MetricOptions,
	options: EvaluateOptions,
): Promise<DatasetResult[]> {
	const progress = new ProgressTracker(datasets, plan, options.onProgress);
	const failures: Error[] = [];
	const run: Run = {
		engine,
		plan,
		journal,
		metricOptions,
		options,
		progress,
		failures,
	};
	const results: DatasetResult[] = [];
	for (const dataset of datasets)
		results.push(await evaluateDataset(run, dataset));
	const categories = datasets.flatMap((dataset) => dataset.categories);
	if (failures.length === categories.length * plan.configurations.length)
		throw failures[0];
	const damage = damageProblems(journal, datasets);
	return results.map((result) => ({
		...result,
		problems: [...result.problems, ...damage.get(result.name)!],
	}));
}

async function evaluateDataset(
	run: Run,
	dataset: Dataset,
): Promise<DatasetResult> {
	const { variants } = run.plan;
	const categories: CategoryResult[] = [];
	const problems: Problem[] = [...dataset.problems];
	const seedTable = new Map<string, Map<string, SeedMetrics[]>>();
	for (const data of dataset.categories) {
		const measured = await evaluateCategory(run, dataset.name, data);
		categories.push(measured.result);
		problems.push(...measured.problems);
		seedTable.set(data.name, measured.perSeed);
	}
	const mean = meanOverCategories(categories, seedTable, variants);
	return {
		name: dataset.name,
		layout: dataset.layout,
		categories,
		mean,
		published: compareWithPublished(dataset.name, mean, variants),
		problems,
	};
}

async function evaluateCategory(
	run: Run,
	dataset: string,
	data: CategoryData,
): Promise<MeasuredCategory> {
	const { engine, plan, journal, progress, options } = run;
	const { prompts, displayNames, signal } = options;
	const sampler = new ReferenceSampler(data, engine.info.images);
	progress.startCategory(dataset, data.name);
	const task = {
		dataset,
		data,
		sampler,
		prompts:
			prompts && Object.hasOwn(prompts, data.name)
				? prompts[data.name]
				: undefined,
		displayName: displayNameOf(data.name, displayNames),
	};
	const failed = await detectImages(
		engine,
		task,
		plan.configurations,
		journal,
		{
			signal,
			onImage: (known) => progress.imageDone(known),
			onCategoryReady: () => progress.categoryReady(),
		},
	);
	run.failures.push(...failed.values());
	progress.startMetrics();
	const measured = await measureCategory(run, dataset, data, sampler, failed);
	const nameProblem = displayNameProblem(data.name, displayNames);
	return {
		...measured,
		problems: [
			...measured.problems,
			...failureProblems(data.name, failed),
			...(nameProblem ? [nameProblem] : []),
		],
	};
}

/** One problem per message: configurations of one category often fail for the same reason. */
function failureProblems(
	category: string,
	failed: FailedConfigurations,
): Problem[] {
	const idsByMessage = new Map<string, string[]>();
	for (const [id, { message }] of failed)
		idsByMessage.set(message, [...(idsByMessage.get(message) ?? []), id]);
	return [...idsByMessage].map(([message, ids]) => ({
		kind: "failed-category",
		category,
		where: category,
		message: `${ids.join(", ")}: ${message}`,
	}));
}

interface MeasuredCategory {
	result: CategoryResult;
	/** By the id of the variant. */
	perSeed: Map<string, SeedMetrics[]>;
	problems: Problem[];
}

async function measureCategory(
	{ plan, journal, metricOptions, options: { signal } }: Run,
	dataset: string,
	data: CategoryData,
	sampler: ReferenceSampler,
	failed: FailedConfigurations,
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
			failed,
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
	failed: FailedConfigurations,
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
		const failure = failed.get(configuration.id);
		if (failure) {
			reason = failure.message;
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
