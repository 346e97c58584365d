// Detects and measures all categories of all datasets: docs/method.md, step 12.
import type { CategoryData, Problem } from "../datasets/category-data.js";
import type { Dataset } from "../datasets/dataset.js";
import type { Engine } from "../engine.js";
import type {
	CategoryResult,
	DatasetResult,
} from "../report/evaluation/results.js";
import { meanOverCategories } from "./aggregate.js";
import { detectImages, type FailedConfigurations } from "./detect-images.js";
import { displayNameOf, displayNameProblem } from "./display-names.js";
import type { Journal } from "./journal.js";
import { damageProblems } from "./journal-damage.js";
import type { MetricOptions, SeedMetrics } from "./measure.js";
import { type MeasuredCategory, measureCategory } from "./measure-category.js";
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
	readonly signal: AbortSignal | undefined;
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
		signal: options.signal,
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
