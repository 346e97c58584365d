// Compares measured values with the paper's tables. The tables are in published.json.

import {
	type Comparison,
	type DatasetResult,
	type MetricName,
	metricNames,
	type Variant,
} from "../report/evaluation/results.js";
import published from "./published.json" with { type: "json" };

/** A row without `recipe` and `system` is a method that this package does not have. */
type Row = {
	readonly dataset: string;
	readonly method: string;
	readonly recipe?: string;
	readonly system?: string;
	readonly shots?: number;
} & Partial<Record<MetricName, number>>;

/** All measured values of a dataset for which the paper has a value. */
export function compareWithPublished(
	dataset: string,
	mean: DatasetResult["mean"],
	variants: readonly Variant[],
): Comparison[] {
	return published.tables.flatMap(({ table, rows }) =>
		(rows as readonly Row[])
			.filter((row) => row.dataset === dataset)
			.flatMap((row) => compareRow(table, row, mean, variants)),
	);
}

function compareRow(
	table: number,
	row: Row,
	mean: DatasetResult["mean"],
	variants: readonly Variant[],
): Comparison[] {
	const variant = variants.find(
		({ system, shots }) =>
			shots === row.shots && (system === row.recipe || system === row.system),
	);
	if (!variant) return [];
	return metricNames.flatMap((metric) => {
		const ours = mean[variant.id]?.[metric].mean ?? null;
		const percent = row[metric];
		if (percent === undefined || ours === null) return [];
		return [
			{
				variant: variant.id,
				metric,
				ours,
				published: percent / 100,
				source: `Table ${table}, ${row.method}`,
			},
		];
	});
}
