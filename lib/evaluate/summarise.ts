// From figures per seed to figures per variant, and from categories to their mean: plain arithmetic.
import {
	metricNames,
	type CategoryResult,
	type DatasetResult,
	type MetricValue,
	type MetricValues,
	type MetricName,
	type Variant,
	type VariantResult,
} from "./results.js";
import type { LookFigures } from "./measure.js";

/** Over the seeds; one seed that cannot be measured leaves the figure without a mean. */
export function overSeeds(
	seeds: readonly LookFigures[],
	why: string | undefined,
): VariantResult {
	const first = seeds[0];
	const figures = Object.fromEntries(
		metricNames.map((name) => {
			const values = seeds.map((each) => each.values[name]);
			const reason =
				why ??
				seeds.find((each) => each.values[name] === null)?.reasons[name] ??
				"no results";
			return [name, figureOf(values, reason)];
		}),
	) as unknown as MetricValues;
	return {
		figures,
		threshold: first?.threshold ?? null,
		curves: first?.curves ?? {},
		images: first?.images ?? 0,
		pixelImages: first?.pixelImages ?? 0,
	};
}

function figureOf(
	values: readonly (number | null)[],
	reason: string,
): MetricValue {
	const known = values.filter((each) => each !== null);
	if (known.length === 0 || known.length < values.length)
		return { mean: null, std: null, reason };
	return { mean: meanOf(known), std: deviationOf(known) };
}

export const meanOf = (values: readonly number[]): number =>
	values.reduce((sum, each) => sum + each, 0) / values.length;

/** With n - 1; null for fewer than two values. */
export function deviationOf(values: readonly number[]): number | null {
	if (values.length < 2) return null;
	const mean = meanOf(values);
	return Math.sqrt(
		values.reduce((sum, each) => sum + (each - mean) ** 2, 0) /
			(values.length - 1),
	);
}

/** Per seed figures of every category: what the mean over categories and its deviation over seeds need. */
export type SeedTable = ReadonlyMap<
	string,
	ReadonlyMap<string, readonly LookFigures[]>
>; // category -> variant -> seeds

/** The unweighted mean over the categories that could be measured; its deviation is that of the seeds' means. */
export function meanOverCategories(
	categories: readonly CategoryResult[],
	table: SeedTable,
	variants: readonly Variant[],
): DatasetResult["mean"] {
	return Object.fromEntries(
		variants.map(({ id, seeds }) => [
			id,
			Object.fromEntries(
				metricNames.map((name) => [name, meanFigure(id, name, seeds)]),
			) as DatasetResult["mean"][string],
		]),
	);

	function meanFigure(
		variant: string,
		name: MetricName,
		seeds: number,
	): MetricValue & { categories: number } {
		const measured = categories.filter(
			(each) => each.variants[variant]!.figures[name].mean !== null,
		);
		if (measured.length === 0) {
			const reasons = [
				...new Set(
					categories.map(
						(each) =>
							each.variants[variant]!.figures[name].reason ?? "no results",
					),
				),
			];
			return {
				mean: null,
				std: null,
				reason: categories.length === 0 ? "no categories" : reasons.join("; "),
				categories: 0,
			};
		}
		const perSeed = Array.from({ length: seeds }, (_, seed) =>
			meanOf(
				measured.map(
					(each) => table.get(each.name)!.get(variant)![seed]!.values[name]!,
				),
			),
		);
		return {
			mean: meanOf(perSeed),
			std: deviationOf(perSeed),
			categories: measured.length,
		};
	}
}
