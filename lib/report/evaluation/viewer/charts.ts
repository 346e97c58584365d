// The section of curves: one category, any number of systems; each panel is drawn anew when its choice changes.

const curvePanels: readonly {
	name: CurveName;
	x: string;
	y: string;
	area: MetricName;
}[] = [
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
const plots = new Map<string, Plot>();
let drawnSystems = new Set(page.variants.slice(0, 6).keys());

function panelOf(name: string): { place: HTMLElement; readout: HTMLElement } {
	plots.get(name)?.destroy();
	plots.delete(name);
	const panel = byId(`chart-${name}`);
	const place = panel.querySelector<HTMLElement>(".plot")!;
	place.replaceChildren();
	return { place, readout: panel.querySelector<HTMLElement>(".readout")! };
}

function drawCurves(): void {
	const [dataset, number] = chosenCategory();
	const category = page.datasets[dataset]!.categories[number]!;
	const curves = curvesOf(category);
	for (const { name, x, y, area } of curvePanels) {
		const { place, readout } = panelOf(name);
		const lines = [...drawnSystems]
			.sort((a, b) => a - b)
			.flatMap((system): Line[] => {
				const curve = curves[system]?.[name];
				return curve && curve.x.length > 0
					? [{ system, ...rising(curve) }]
					: [];
			});
		const areas = page.metrics.find((metric) => metric.name === area)!.label;
		const say = (at: number | null) =>
			readout.replaceChildren(
				...(at === null
					? readoutOf(lines, areas, (line) =>
							percentOf(category.variants[line.system]?.figures[area]),
						)
					: readoutOf(
							lines,
							`at ${at.toFixed(3)}`,
							(line) => valueAt(line, at)?.toFixed(3) ?? "–",
						)),
			);
		say(null);
		if (lines.length === 0)
			place.append(
				make(
					"p",
					{ class: "empty" },
					drawnSystems.size === 0
						? "No system is chosen."
						: "Cannot be drawn for this category.",
				),
			);
		else
			plots.set(
				name,
				curveChart(
					place,
					lines,
					{ x, y },
					name === "pro" ? page.maxFpr : 1,
					say,
				),
			);
	}
}

function percentOf(figure: MetricValue | undefined): string {
	return figure?.mean == null ? "–" : percent(figure.mean);
}

function readoutOf(
	lines: readonly Line[],
	label: string,
	value: (line: Line) => string,
): Child[] {
	if (lines.length === 0) return [];
	return [
		make("span", {}, label),
		...lines.map((line) =>
			make(
				"span",
				{},
				swatch(line.system),
				bdi(page.variants[line.system]!.id, ""),
				` ${value(line)}`,
			),
		),
	];
}

function drawScores(): void {
	const [dataset, number] = chosenCategory();
	const system = Number(byId<HTMLSelectElement>("chart-system").value);
	const threshold =
		page.datasets[dataset]!.categories[number]!.variants[system]?.threshold ??
		null;
	const scores = (anomalous: boolean) =>
		rows.flatMap((row) =>
			row.dataset === dataset &&
			row.category === number &&
			row.anomalous === anomalous
				? (row.scores[system] ?? [])
				: [],
		);
	const good = scores(false),
		defective = scores(true);
	const { place, readout } = panelOf("scores");
	const bins = binsOf(good, defective);
	readout.replaceChildren(
		...(bins ? histogramText(good, defective, threshold) : []),
	);
	if (bins) plots.set("scores", histogramChart(place, bins, threshold));
	else
		place.append(
			make("p", { class: "empty" }, "No image of this category has a score."),
		);
}

function chosenCategory(): [number, number] {
	return byId<HTMLSelectElement>("chart-category")
		.value.split("/")
		.map(Number) as [number, number];
}

function systemChip({ id }: { id: string }, system: number): HTMLElement {
	const box = make("input", {
		type: "checkbox",
		checked: drawnSystems.has(system),
	});
	box.addEventListener("change", () => {
		if (box.checked) drawnSystems.add(system);
		else drawnSystems.delete(system);
		drawCurves();
	});
	return make("label", {}, box, swatch(system), bdi(id));
}

function startCharts(): void {
	const category = byId<HTMLSelectElement>("chart-category"),
		system = byId<HTMLSelectElement>("chart-system");
	options(category, categoryChoices());
	if (category.options.length === 0) return;
	options(system, [{ choices: systemChoices }]);
	byId("chart-systems").replaceChildren(...page.variants.map(systemChip));
	category.addEventListener("change", () => {
		drawCurves();
		drawScores();
	});
	system.addEventListener("change", drawScores);
	drawCurves();
	drawScores();
	onTheme(() => {
		for (const plot of plots.values()) plot.redraw();
	});
	new ResizeObserver(() => {
		for (const plot of plots.values())
			plot.setSize(plotSize(plot.root.parentElement!));
	}).observe(document.querySelector(".charts")!);
}
