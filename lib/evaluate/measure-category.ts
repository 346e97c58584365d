// Measures all variants in one category, from the detections in the journal.
import type { CategoryData, Problem } from "../datasets/category-data.js";
import type {
	CategoryResult,
	Variant,
	VariantResult,
} from "../report/evaluation/results.js";
import { aggregateSeeds } from "./aggregate.js";
import type { FailedConfigurations } from "./detect-images.js";
import type { Journal } from "./journal.js";
import { type LabelledImages, loadLabelledImages } from "./labelled-images.js";
import { type MetricOptions, measure, type SeedMetrics } from "./measure.js";
import type { Plan } from "./plan.js";
import type { ReferenceSampler } from "./reference-sampler.js";

/** What all categories of an evaluation share. */
interface MeasureInput {
	readonly plan: Plan;
	readonly journal: Journal;
	readonly metricOptions: MetricOptions;
	readonly signal: AbortSignal | undefined;
}

export interface MeasuredCategory {
	result: CategoryResult;
	/** By the id of the variant. */
	perSeed: Map<string, SeedMetrics[]>;
	problems: Problem[];
}

export async function measureCategory(
	{ plan, journal, metricOptions, signal }: MeasureInput,
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
