// Aggregates metrics: over the seeds of a variant, and over the categories of a dataset.

import {
	type CategoryResult,
	type DatasetResult,
	type MetricName,
	type MetricValue,
	type MetricValues,
	metricNames,
	type Variant,
	type VariantResult,
} from "../report/evaluation/results.js";
import type { SeedMetrics } from "./measure.js";

/**
 * Aggregates over the seeds. If a metric is missing for one seed, its mean is null. `reason`: why there are
 * no results at all.
 */
export function aggregateSeeds(
	seeds: readonly SeedMetrics[],
	reason: string | undefined,
): VariantResult {
	const first = seeds[0];
	const figures = Object.fromEntries(
		metricNames.map((name) => {
			const values = seeds.map((seed) => seed.values[name]);
			const missing = seeds.find((seed) => seed.values[name] === null);
			return [
				name,
				aggregate(values, reason ?? missing?.reasons[name] ?? "no results"),
			];
		}),
	) as MetricValues;
	return {
		figures,
		threshold: first?.threshold ?? null,
		curves: first?.curves ?? {},
		images: first?.images ?? 0,
		pixelImages: first?.pixelImages ?? 0,
	};
}

function aggregate(
	values: readonly (number | null)[],
	reason: string,
): MetricValue {
	const known = values.filter((value) => value !== null);
	if (known.length === 0 || known.length < values.length)
		return { mean: null, std: null, reason };
	return { mean: mean(known), std: standardDeviation(known) };
}

function mean(values: readonly number[]): number {
	return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** The sample standard deviation, with divisor n - 1. null for fewer than two values. */
export function standardDeviation(values: readonly number[]): number | null {
	if (values.length < 2) return null;
	const center = mean(values);
	const squares = values.reduce((sum, value) => sum + (value - center) ** 2, 0);
	return Math.sqrt(squares / (values.length - 1));
}

/** The metrics of every seed: category -> variant -> seeds. */
export type SeedTable = ReadonlyMap<
	string,
	ReadonlyMap<string, readonly SeedMetrics[]>
>;

/**
 * The unweighted mean over the categories in which a metric can be computed. Its standard deviation is that
 * of the means of the single seeds.
 */
export function meanOverCategories(
	categories: readonly CategoryResult[],
	table: SeedTable,
	variants: readonly Variant[],
): DatasetResult["mean"] {
	return Object.fromEntries(
		variants.map((variant) => {
			const values = metricNames.map(
				(name) => [name, meanValue(categories, table, variant, name)] as const,
			);
			return [
				variant.id,
				Object.fromEntries(values) as DatasetResult["mean"][string],
			];
		}),
	);
}

function meanValue(
	categories: readonly CategoryResult[],
	table: SeedTable,
	{ id, seeds }: Variant,
	name: MetricName,
): MetricValue & { categories: number } {
	const valueIn = (category: CategoryResult) =>
		category.variants[id]!.figures[name];
	const measured = categories.filter(
		(category) => valueIn(category).mean !== null,
	);
	if (measured.length === 0) {
		const reasons = new Set(
			categories.map((category) => valueIn(category).reason ?? "no results"),
		);
		const reason =
			categories.length === 0 ? "no categories" : [...reasons].join("; ");
		return { mean: null, std: null, reason, categories: 0 };
	}
	const perSeed = Array.from({ length: seeds }, (_, seed) =>
		mean(
			measured.map(
				(category) => table.get(category.name)!.get(id)![seed]!.values[name]!,
			),
		),
	);
	return {
		mean: mean(perSeed),
		std: standardDeviation(perSeed),
		categories: measured.length,
	};
}
