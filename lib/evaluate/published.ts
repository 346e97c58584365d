// The paper's tables beside what was measured: only for the paper's datasets, whole.
import published from "./published.json" with { type: "json" };
import {
	metricNames,
	type Comparison,
	type DatasetResult,
	type MetricName,
	type Variant,
} from "./results.js";

type Row = {
	readonly dataset: string;
	readonly method: string;
	readonly recipe?: string;
	readonly system?: string;
	readonly shots?: number;
} & Partial<Record<MetricName, number>>;

/** Every figure of ours that the paper has too. Rows without a recipe or system of ours are for readers alone. */
export function compare(
	dataset: string,
	mean: DatasetResult["mean"],
	variants: readonly Variant[],
): Comparison[] {
	return published.tables.flatMap(({ table, rows }) =>
		(rows as readonly Row[])
			.filter((row) => row.dataset === dataset)
			.flatMap((row) => {
				const variant = variants.find(
					({ system, shots }) =>
						shots === row.shots &&
						(system === row.recipe || system === row.system),
				);
				return variant === undefined
					? []
					: metricNames.flatMap((metric) => {
							const ours = mean[variant.id]?.[metric].mean;
							const theirs = row[metric];
							return theirs === undefined || ours === null || ours === undefined
								? []
								: [
										{
											variant: variant.id,
											metric,
											ours,
											published: theirs / 100,
											source: `Table ${table}, ${row.method}`,
										},
									];
						});
			}),
	);
}
