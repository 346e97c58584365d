// One table per dataset with the mean of every variant. The paper's values stand in the row below the variant.
import { escapeHtml } from "../../util/escape.js";
import { groupBy } from "./group-by.js";
import {
	Footnotes,
	metricCell,
	percent,
	signedPercent,
} from "./metric-cells.js";
import { levelText, metricText } from "./metric-text.js";
import {
	type DatasetResult,
	type Evaluation,
	type MetricName,
	metricNames,
	type Variant,
} from "./results.js";

export function summarySection(evaluation: Evaluation): string {
	const { datasets, variants } = evaluation;
	const tables = datasets.map((dataset, index) =>
		datasetTable(dataset, index, variants),
	);
	const meanings = metricNames.map((name) => metricMeaning(name, evaluation));
	return `<section id="summary" aria-labelledby="summary-title"><h2 id="summary-title">Summary</h2>
${tables.join("\n")}
<details class="quiet"><summary>What the columns mean</summary><dl class="meanings">${meanings.join("")}</dl></details>
</section>`;
}

function datasetTable(
	dataset: DatasetResult,
	index: number,
	variants: readonly Variant[],
): string {
	const footnotes = new Footnotes(`summary-note-${index}`);
	const best = new Map(
		metricNames.map((name) => [name, bestPercent(dataset, variants, name)]),
	);
	const rows = variants.map(
		(variant) =>
			variantRow(dataset, variant, best, footnotes) +
			publishedRows(dataset, variant),
	);
	return `<h3 id="summary-${index}"><bdi>${escapeHtml(dataset.name)}</bdi></h3>
<p class="caption">${caption(dataset, variants)}</p>
<div class="wide" role="region" aria-labelledby="summary-${index}" tabindex="0"><table class="metrics">
${tableHead()}
<tbody>${rows.join("\n")}</tbody></table></div>
${footnotes.html()}`;
}

function caption(
	{ categories, published }: DatasetResult,
	variants: readonly Variant[],
): string {
	const count = categories.length;
	const sentences = [
		count === 1
			? "One category, in percent."
			: `Mean over ${count} categories, in percent.`,
	];
	if (variants.some(({ seeds }) => seeds > 1)) {
		sentences.push("± standard deviation over the draws of references.");
	}
	if (variants.length > 1) sentences.push("Best of each column in bold.");
	if (published.length > 0)
		sentences.push(
			"Published rows: the paper’s value, and our value minus the paper’s.",
		);
	return sentences.join(" ");
}

function tableHead(): string {
	const levels = (["image", "pixel"] as const).map((level) => {
		const count = metricNames.filter(
			(name) => metricText[name].level === level,
		).length;
		return `<th scope="colgroup" colspan="${count}">${levelText[level]}</th>`;
	});
	const labels = metricNames.map((name) => {
		const { meaning, label } = metricText[name];
		return `<th scope="col" title="${escapeHtml(meaning)}">${label}<i></i></th>`;
	});
	return `<thead><tr><th scope="col" rowspan="2">System</th>${levels.join("")}</tr>
<tr>${labels.join("")}</tr></thead>`;
}

function variantRow(
	dataset: DatasetResult,
	{ id, seeds, readout }: Variant,
	best: ReadonlyMap<MetricName, string | undefined>,
	footnotes: Footnotes,
): string {
	const remarks = [
		...(seeds > 1 ? [`${seeds} draws`] : []),
		...(readout === "score" ? [] : [readout]),
	];
	const remarkText =
		remarks.length > 0
			? ` <small>${escapeHtml(remarks.join(", "))}</small>`
			: "";
	const cells = metricNames.map((name) => {
		const value = dataset.mean[id]?.[name];
		return metricCell(value, footnotes, {
			categoryCount: dataset.categories.length,
			best: value?.mean != null && percent(value.mean) === best.get(name),
		});
	});
	return `<tr><th scope="row"><bdi>${escapeHtml(id)}</bdi>${remarkText}</th>${cells.join("")}</tr>`;
}

/** The best value as it is printed: values that print the same are all best. */
function bestPercent(
	dataset: DatasetResult,
	variants: readonly Variant[],
	name: MetricName,
): string | undefined {
	const means = variants.flatMap(
		({ id }) => dataset.mean[id]?.[name].mean ?? [],
	);
	return means.length > 1 ? percent(Math.max(...means)) : undefined;
}

function publishedRows({ published }: DatasetResult, variant: Variant): string {
	const ofVariant = published.filter(
		(comparison) => comparison.variant === variant.id,
	);
	const bySource = groupBy(ofVariant, (comparison) => comparison.source);
	const rows = [...bySource].map(([source, comparisons]) => {
		const cells = metricNames.map((name) => {
			const comparison = comparisons.find(({ metric }) => metric === name);
			if (!comparison) return "<td></td>";
			const difference = signedPercent(comparison.ours - comparison.published);
			return `<td>${percent(comparison.published)}<i>${difference}</i></td>`;
		});
		const header = `<th scope="row">published: <bdi>${escapeHtml(source)}</bdi></th>`;
		return `<tr class="published">${header}${cells.join("")}</tr>`;
	});
	return rows.join("");
}

function metricMeaning(
	name: MetricName,
	{ maxFpr, proThresholds }: Evaluation,
): string {
	const { label, level, meaning } = metricText[name];
	const details =
		name === "pro"
			? ` Up to a false positive rate of ${maxFpr}, over ${proThresholds} thresholds.`
			: "";
	return `<dt>${levelText[level]}: ${label}</dt><dd>${escapeHtml(meaning + details)}</dd>`;
}
