// Per dataset, a table of the systems' means; what the paper published stands below the row it belongs to.
import { escapeHtml } from "../../util/escape.js";
import {
	metricNames,
	type Comparison,
	type DatasetResult,
	type Evaluation,
	type MetricName,
	type Variant,
} from "../../evaluate/results.js";
import { groupBy } from "./group.js";
import { difference, figureCell, Notes, percent } from "./figures.js";
import { levelText, metricText } from "./metric-text.js";

export function summary({
	datasets,
	variants,
	maxFpr,
	proThresholds,
}: Evaluation): string {
	return `<section id="summary" aria-labelledby="summary-title"><h2 id="summary-title">Summary</h2>
${datasets.map((dataset, i) => table(dataset, i, variants)).join("\n")}
<details class="quiet"><summary>What the columns mean</summary><dl class="meanings">${metricNames.map((name) => meaning(name, maxFpr, proThresholds)).join("")}</dl></details>
</section>`;
}

function table(
	dataset: DatasetResult,
	at: number,
	variants: readonly Variant[],
): string {
	const notes = new Notes(`summary-note-${at}`);
	const best = Object.fromEntries(
		metricNames.map((name) => [name, bestOf(dataset, variants, name)]),
	) as Record<MetricName, string | undefined>;
	const rows = variants
		.map(
			(variant) =>
				ours(dataset, variant, best, notes) + published(dataset, variant),
		)
		.join("\n");
	const count = dataset.categories.length;
	const seeds = variants.some((variant) => variant.seeds > 1);
	return `<h3 id="summary-${at}"><bdi>${escapeHtml(dataset.name)}</bdi></h3>
<p class="caption">${count === 1 ? "One category" : `Mean over ${count} categories`}, in percent.${seeds ? " ± standard deviation over the draws of references." : ""}${variants.length > 1 ? " Best of each column in bold." : ""}${dataset.published.length > 0 ? " Published rows: the paper’s figure, and ours minus it." : ""}</p>
<div class="wide" role="region" aria-labelledby="summary-${at}" tabindex="0"><table class="figures">
<thead><tr><th scope="col" rowspan="2">System</th>${(["image", "pixel"] as const).map((level) => `<th scope="colgroup" colspan="${metricNames.filter((name) => metricText[name].level === level).length}">${levelText[level]}</th>`).join("")}</tr>
<tr>${metricNames.map((name) => `<th scope="col" title="${escapeHtml(metricText[name].meaning)}">${metricText[name].label}<i></i></th>`).join("")}</tr></thead>
<tbody>${rows}</tbody></table></div>
${notes.html()}`;
}

function ours(
	dataset: DatasetResult,
	variant: Variant,
	best: Record<MetricName, string | undefined>,
	notes: Notes,
): string {
	const mean = dataset.mean[variant.id];
	const more = [
		...(variant.seeds > 1 ? [`${variant.seeds} draws`] : []),
		...(variant.readout === "score" ? [] : [variant.readout]),
	];
	return `<tr><th scope="row"><bdi>${escapeHtml(variant.id)}</bdi>${more.length > 0 ? ` <small>${escapeHtml(more.join(", "))}</small>` : ""}</th>${metricNames
		.map((name) => {
			const figure = mean?.[name];
			return figureCell(figure, notes, {
				of: dataset.categories.length,
				best: figure?.mean != null && percent(figure.mean) === best[name],
			});
		})
		.join("")}</tr>`;
}

/** As printed: what looks the same is as good. */
function bestOf(
	dataset: DatasetResult,
	variants: readonly Variant[],
	name: MetricName,
): string | undefined {
	const means = variants.flatMap(
		(variant) => dataset.mean[variant.id]?.[name].mean ?? [],
	);
	return means.length > 1
		? percent(means.reduce((a, b) => Math.max(a, b)))
		: undefined;
}

function published({ published }: DatasetResult, variant: Variant): string {
	const rows = groupBy(
		published.filter((each) => each.variant === variant.id),
		(each) => each.source,
	);
	return [...rows]
		.map(
			([source, row]) =>
				`<tr class="published"><th scope="row">published: <bdi>${escapeHtml(source)}</bdi></th>${metricNames
					.map((name) => {
						const found: Comparison | undefined = row.find(
							(each) => each.metric === name,
						);
						return found
							? `<td>${percent(found.published)}<i>${difference(found.ours - found.published)}</i></td>`
							: "<td></td>";
					})
					.join("")}</tr>`,
		)
		.join("");
}

function meaning(
	name: MetricName,
	maxFpr: number,
	proThresholds: Evaluation["proThresholds"],
): string {
	const { label, level, meaning } = metricText[name];
	const more =
		name === "pro"
			? ` Up to a false positive rate of ${maxFpr}, over ${proThresholds === "all" ? "all" : proThresholds} thresholds.`
			: "";
	return `<dt>${levelText[level]}: ${label}</dt><dd>${escapeHtml(meaning + more)}</dd>`;
}
