// One metric of every system, or every metric of one system, by category.

interface Column {
	label: string;
	level?: string;
	figure: (category: PayloadCategory | null) => MetricValue | undefined;
}

/** `show`: 'metric:NUMBER' or 'system:NUMBER'; a null category is the mean over all. */
function columnsOf(show: string, dataset: number): Column[] {
	const [kind, number] = show.split(":") as [string, string];
	const { mean } = page.datasets[dataset]!;
	const figure =
		(system: number, metric: MetricName) =>
		(category: PayloadCategory | null) =>
			(category ? category.variants[system]?.figures : mean[system])?.[metric];
	if (kind === "metric")
		return page.variants.map(({ id }, system) => ({
			label: id,
			figure: figure(system, page.metrics[Number(number)]!.name),
		}));
	return page.metrics.map(({ name, label, level }) => ({
		label,
		level: level === "image" ? "Images" : "Pixels",
		figure: figure(Number(number), name),
	}));
}

function headOf(columns: readonly Column[]): HTMLElement {
	const levels = [...new Set(columns.map(({ level }) => level))].filter(
		(level) => level !== undefined,
	);
	const span = levels.length > 0 ? { rowspan: 2 } : {};
	const first = ["Category", "Good", "Defective"].map((label, i) =>
		make("th", { scope: "col", ...span, class: i > 0 && "count" }, label),
	);
	const labels = columns.map(({ label }) =>
		make("th", { scope: "col" }, bdi(label, ""), make("i")),
	);
	if (levels.length === 0)
		return make("thead", {}, make("tr", {}, ...first, ...labels));
	const groups = levels.map((level) =>
		make(
			"th",
			{
				scope: "colgroup",
				colspan: columns.filter((column) => column.level === level).length,
			},
			level,
		),
	);
	return make(
		"thead",
		{},
		make("tr", {}, ...first, ...groups),
		make("tr", {}, ...labels),
	);
}

function drawCategoryTable(): void {
	const dataset = Number(byId<HTMLSelectElement>("category-dataset").value);
	const show = byId<HTMLSelectElement>("category-show").value;
	const { categories } = page.datasets[dataset]!;
	const columns = columnsOf(show, dataset);
	const ranked = show.startsWith("metric") && columns.length > 1;
	const notes = new FootNotes("category-note");
	const cells = (category: PayloadCategory | null) => {
		const figures = columns.map(({ figure }) => figure(category));
		const printed = figures.map((figure) =>
			figure?.mean == null ? undefined : percent(figure.mean),
		);
		const best = ranked
			? percent(Math.max(...figures.map((figure) => figure?.mean ?? -1)))
			: undefined;
		return figures.map((figure, i) =>
			figureCell(figure, notes, best !== undefined && printed[i] === best),
		);
	};
	const count = (value: number) =>
		make("td", { class: "count" }, String(value));
	const sum = (of: "normal" | "anomalous") =>
		categories.reduce((total, category) => total + category[of], 0);
	byId("category-table").replaceChildren(
		headOf(columns),
		make(
			"tbody",
			{},
			...categories.map((category) =>
				make(
					"tr",
					{},
					make("th", { scope: "row" }, bdi(category.name)),
					count(category.normal),
					count(category.anomalous),
					...cells(category),
				),
			),
		),
		make(
			"tfoot",
			{},
			make(
				"tr",
				{},
				make("th", { scope: "row" }, "Mean"),
				count(sum("normal")),
				count(sum("anomalous")),
				...cells(null),
			),
		),
	);
	notes.fill(byId("category-notes"));
	byId("category-caption").textContent =
		`In percent.${ranked ? " Best system of each category in bold." : ""}`;
}

function startCategoryTable(): void {
	const dataset = byId<HTMLSelectElement>("category-dataset"),
		show = byId<HTMLSelectElement>("category-show");
	options(dataset, [
		{
			choices: page.datasets.map(({ name }, i) => ({
				value: String(i),
				label: name,
			})),
		},
	]);
	byId("category-dataset-label").hidden = page.datasets.length < 2;
	const levels = { image: "images", pixel: "pixels" };
	options(
		show,
		[
			{
				label: "A metric of every system",
				choices: page.metrics.map(({ label, level }, i) => ({
					value: `metric:${i}`,
					label: `${label} of ${levels[level]}`,
				})),
			},
			{
				label: "Every metric of a system",
				choices: page.variants.map(({ id }, i) => ({
					value: `system:${i}`,
					label: id,
				})),
			},
		],
		page.variants.length === 1 ? "system:0" : "metric:0",
	);
	for (const select of [dataset, show])
		select.addEventListener("change", drawCategoryTable);
	drawCategoryTable();
}
