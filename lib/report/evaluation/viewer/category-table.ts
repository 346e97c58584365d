// The table of categories: one metric of every system, or every metric of one system.
import type { PayloadCategory } from "../payload.js";
import type { MetricName, MetricValue } from "../results.js";
import { page } from "./data.js";
import { byId, createElement, isolatedText, setChoices } from "./dom.js";
import { Footnotes, metricCell, percent } from "./metric-cells.js";

interface Column {
	label: string;
	level?: string;
	/** The value in a category, or the mean over all categories for null. */
	value: (category: PayloadCategory | null) => MetricValue | undefined;
}

/** `show`: 'metric:INDEX' for all systems, or 'system:INDEX' for all metrics. */
function columnsOf(show: string, dataset: number): Column[] {
	const [kind, index] = show.split(":") as [string, string];
	const { mean } = page.datasets[dataset]!;
	const metricOf =
		(system: number, metric: MetricName) =>
		(category: PayloadCategory | null) =>
			(category ? category.variants[system]?.metrics : mean[system])?.[metric];
	if (kind === "metric") {
		const { name } = page.metrics[Number(index)]!;
		return page.variants.map(({ id }, system) => ({
			label: id,
			value: metricOf(system, name),
		}));
	}
	return page.metrics.map(({ name, label, level }) => ({
		label,
		level: level === "image" ? "Images" : "Pixels",
		value: metricOf(Number(index), name),
	}));
}

function tableHead(columns: readonly Column[]): HTMLElement {
	const levels = [...new Set(columns.map(({ level }) => level))].filter(
		(level) => level !== undefined,
	);
	const rowSpan = levels.length > 0 ? { rowspan: 2 } : {};
	const first = ["Category", "Good", "Defective"].map((label, i) =>
		createElement(
			"th",
			{ scope: "col", ...rowSpan, class: i > 0 && "count" },
			label,
		),
	);
	const labels = columns.map(({ label }) =>
		createElement(
			"th",
			{ scope: "col" },
			isolatedText(label, ""),
			createElement("i"),
		),
	);
	if (levels.length === 0)
		return createElement(
			"thead",
			{},
			createElement("tr", {}, ...first, ...labels),
		);
	const groups = levels.map((level) => {
		const colspan = columns.filter((column) => column.level === level).length;
		return createElement("th", { scope: "colgroup", colspan }, level);
	});
	return createElement(
		"thead",
		{},
		createElement("tr", {}, ...first, ...groups),
		createElement("tr", {}, ...labels),
	);
}

function drawCategoryTable(): void {
	const dataset = Number(byId<HTMLSelectElement>("category-dataset").value);
	const show = byId<HTMLSelectElement>("category-show").value;
	const { categories } = page.datasets[dataset]!;
	const columns = columnsOf(show, dataset);
	const marksBest = show.startsWith("metric") && columns.length > 1;
	const footnotes = new Footnotes("category-note");
	const sum = (key: "normal" | "anomalous") =>
		categories.reduce((total, category) => total + category[key], 0);
	const body = categories.map((category) =>
		tableRow(
			isolatedText(category.name),
			category.normal,
			category.anomalous,
			metricCells(columns, category, marksBest, footnotes),
		),
	);
	const means = metricCells(columns, null, marksBest, footnotes);
	byId("category-table").replaceChildren(
		tableHead(columns),
		createElement("tbody", {}, ...body),
		createElement(
			"tfoot",
			{},
			tableRow("Mean", sum("normal"), sum("anomalous"), means),
		),
	);
	footnotes.fill(byId("category-notes"));
	const bestText = marksBest ? " Best system of each category in bold." : "";
	byId("category-caption").textContent = `In percent.${bestText}`;
}

function tableRow(
	header: Node | string,
	normal: number,
	anomalous: number,
	cells: readonly HTMLElement[],
): HTMLElement {
	return createElement(
		"tr",
		{},
		createElement("th", { scope: "row" }, header),
		createElement("td", { class: "count" }, String(normal)),
		createElement("td", { class: "count" }, String(anomalous)),
		...cells,
	);
}

function metricCells(
	columns: readonly Column[],
	category: PayloadCategory | null,
	marksBest: boolean,
	footnotes: Footnotes,
): HTMLElement[] {
	const values = columns.map(({ value }) => value(category));
	// Compared as printed: values that print the same are all best.
	const best = percent(Math.max(...values.map((value) => value?.mean ?? -1)));
	return values.map((value) => {
		const mean = value?.mean ?? null;
		return metricCell(
			value,
			footnotes,
			marksBest && mean !== null && percent(mean) === best,
		);
	});
}

export function startCategoryTable(): void {
	const dataset = byId<HTMLSelectElement>("category-dataset");
	const show = byId<HTMLSelectElement>("category-show");
	setChoices(dataset, [
		{
			choices: page.datasets.map(({ name }, i) => ({
				value: String(i),
				label: name,
			})),
		},
	]);
	byId("category-dataset-label").hidden = page.datasets.length < 2;
	const levels = { image: "images", pixel: "pixels" };
	const metrics = page.metrics.map(({ label, level }, i) => ({
		value: `metric:${i}`,
		label: `${label} of ${levels[level]}`,
	}));
	const systems = page.variants.map(({ id }, i) => ({
		value: `system:${i}`,
		label: id,
	}));
	setChoices(
		show,
		[
			{ label: "A metric of every system", choices: metrics },
			{ label: "Every metric of a system", choices: systems },
		],
		page.variants.length === 1 ? "system:0" : "metric:0",
	);
	for (const select of [dataset, show])
		select.addEventListener("change", drawCategoryTable);
	drawCategoryTable();
}
