// The section of charts: one category and any number of systems. A chart is drawn again when the choice changes.
import type { CurveName } from "../payload.js";
import type { MetricName, MetricValue } from "../results.js";
import {
	drawCurveChart,
	type Line,
	type Plot,
	plotSize,
	valueAt,
	withRisingX,
} from "./curve-chart.js";
import { curvesOf, page, rows } from "./data.js";
import {
	byId,
	type Child,
	categoryChoices,
	createElement,
	isolatedText,
	setChoices,
	systemChoices,
} from "./dom.js";
import { drawHistogram, histogramLegend, makeBins } from "./histogram.js";
import { percent } from "./metric-cells.js";
import { onThemeChange, swatch } from "./theme.js";

interface CurvePanel {
	name: CurveName;
	/** Labels of the axes. */
	x: string;
	y: string;
	/** The metric that is the area under the curve. */
	area: MetricName;
}

const curvePanels: readonly CurvePanel[] = [
	{
		name: "roc",
		x: "false positive rate",
		y: "true positive rate",
		area: "imageAuroc",
	},
	{ name: "pr", x: "recall", y: "precision", area: "imageAp" },
	{
		name: "pixelRoc",
		x: "false positive rate",
		y: "true positive rate",
		area: "pixelAuroc",
	},
	{ name: "pixelPr", x: "recall", y: "precision", area: "pixelAp" },
	{
		name: "pro",
		x: "false positive rate",
		y: "overlap per region",
		area: "pro",
	},
];

const initialSystems = 6;
const plots = new Map<string, Plot>();
const selectedSystems = new Set(page.variants.slice(0, initialSystems).keys());

/** An empty panel: the previous chart is removed. */
function clearPanel(name: string): { plot: HTMLElement; legend: HTMLElement } {
	plots.get(name)?.destroy();
	plots.delete(name);
	const panel = byId(`chart-${name}`);
	const plot = panel.querySelector<HTMLElement>(".plot")!;
	plot.replaceChildren();
	return { plot, legend: panel.querySelector<HTMLElement>(".legend")! };
}

function showMessage(plot: HTMLElement, text: string): void {
	plot.append(createElement("p", { class: "empty" }, text));
}

function selectedCategory(): { dataset: number; category: number } {
	const [dataset, category] = byId<HTMLSelectElement>("chart-category")
		.value.split("/")
		.map(Number);
	return { dataset: dataset!, category: category! };
}

function drawCurves(): void {
	for (const panel of curvePanels) drawCurvePanel(panel);
}

function drawCurvePanel({ name, x, y, area }: CurvePanel): void {
	const selected = selectedCategory();
	const category =
		page.datasets[selected.dataset]!.categories[selected.category]!;
	const curves = curvesOf(category);
	const systems = [...selectedSystems].sort((a, b) => a - b);
	const lines = systems.flatMap((system): Line[] => {
		const curve = curves[system]?.[name];
		return curve && curve.x.length > 0
			? [{ system, ...withRisingX(curve) }]
			: [];
	});
	const { plot, legend } = clearPanel(name);
	const areaLabel = page.metrics.find((metric) => metric.name === area)!.label;
	const areaText = ({ system }: Line) =>
		percentText(category.variants[system]?.metrics[area]);
	const showLegend = (position: number | null) => {
		const content =
			position === null
				? curveLegend(lines, areaLabel, areaText)
				: curveLegend(
						lines,
						`at ${position.toFixed(3)}`,
						(line) => valueAt(line, position)?.toFixed(3) ?? "–",
					);
		legend.replaceChildren(...content);
	};
	showLegend(null);
	if (systems.length === 0) showMessage(plot, "No system is selected.");
	else if (lines.length === 0)
		showMessage(plot, "Not available for this category.");
	else
		plots.set(
			name,
			drawCurveChart(
				plot,
				lines,
				{ x, y },
				name === "pro" ? page.maxFpr : 1,
				showLegend,
			),
		);
}

function percentText(value: MetricValue | undefined): string {
	const mean = value?.mean ?? null;
	return mean === null ? "–" : percent(mean);
}

function curveLegend(
	lines: readonly Line[],
	label: string,
	valueText: (line: Line) => string,
): Child[] {
	if (lines.length === 0) return [];
	const items = lines.map((line) => {
		const name = isolatedText(page.variants[line.system]!.id, "");
		return createElement(
			"span",
			{},
			swatch(line.system),
			name,
			` ${valueText(line)}`,
		);
	});
	return [createElement("span", {}, label), ...items];
}

function drawScores(): void {
	const { dataset, category } = selectedCategory();
	const system = Number(byId<HTMLSelectElement>("chart-system").value);
	const threshold =
		page.datasets[dataset]!.categories[category]!.variants[system]?.threshold ??
		null;
	const images = rows.filter(
		(row) => row.dataset === dataset && row.category === category,
	);
	const scoresOf = (anomalous: boolean) =>
		images
			.filter((row) => row.anomalous === anomalous)
			.flatMap((row) => row.scores[system] ?? []);
	const good = scoresOf(false);
	const defective = scoresOf(true);
	const { plot, legend } = clearPanel("scores");
	const bins = makeBins(good, defective);
	if (!bins) {
		legend.replaceChildren();
		showMessage(plot, "No image of this category has a score.");
		return;
	}
	legend.replaceChildren(...histogramLegend(good, defective, threshold));
	plots.set("scores", drawHistogram(plot, bins, threshold));
}

function systemCheckbox({ id }: { id: string }, system: number): HTMLElement {
	const checkbox = createElement("input", {
		type: "checkbox",
		checked: selectedSystems.has(system),
	});
	checkbox.addEventListener("change", () => {
		if (checkbox.checked) selectedSystems.add(system);
		else selectedSystems.delete(system);
		drawCurves();
	});
	return createElement("label", {}, checkbox, swatch(system), isolatedText(id));
}

export function startCharts(): void {
	const category = byId<HTMLSelectElement>("chart-category");
	const system = byId<HTMLSelectElement>("chart-system");
	setChoices(category, categoryChoices());
	if (category.options.length === 0) return;
	setChoices(system, [{ choices: systemChoices }]);
	byId("chart-systems").replaceChildren(...page.variants.map(systemCheckbox));
	const drawAll = () => {
		drawCurves();
		drawScores();
	};
	category.addEventListener("change", drawAll);
	system.addEventListener("change", drawScores);
	drawAll();
	onThemeChange(() => {
		for (const plot of plots.values()) plot.redraw();
	});
	const resizeAll = () => {
		for (const plot of plots.values())
			plot.setSize(plotSize(plot.root.parentElement!));
	};
	new ResizeObserver(resizeAll).observe(document.querySelector(".charts")!);
}
