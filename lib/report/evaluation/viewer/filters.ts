// Which images are shown, and in which order.

interface Filters {
	system: number;
	category: string;
	kind: string;
	verdict: string;
	sort: string;
	text: string;
}

const filterFields = [
	"system",
	"category",
	"kind",
	"verdict",
	"sort",
	"text",
] as const;

function filterField(
	name: (typeof filterFields)[number],
): HTMLSelectElement | HTMLInputElement {
	return byId(`filter-${name}`);
}

function readFilters(): Filters {
	const [system, category, kind, verdict, sort, text] = filterFields.map(
		(name) => filterField(name).value,
	) as [string, string, string, string, string, string];
	return {
		system: Number(system),
		category,
		kind,
		verdict,
		sort,
		text: text.trim().toLowerCase(),
	};
}

/** `category`: 'all', 'DATASET' or 'DATASET/CATEGORY'. */
function inCategory(row: ImageRow, category: string): boolean {
	return (
		category === "all" ||
		category === String(row.dataset) ||
		category === `${row.dataset}/${row.category}`
	);
}

/** `kind`: 'all', 'good', 'defective', or ':' and the name of a kind of defect. */
function ofKind(row: ImageRow, kind: string): boolean {
	if (kind === "all") return true;
	return row.anomalous
		? kind === "defective" || kind === `:${row.kind}`
		: kind === "good";
}

/** Places in `rows`. */
function filtered({
	system,
	category,
	kind,
	verdict,
	sort,
	text,
}: Filters): number[] {
	const found = [...rows.keys()].filter((i) => {
		const row = rows[i]!;
		if (
			!inCategory(row, category) ||
			!ofKind(row, kind) ||
			(text && !row.id.toLowerCase().includes(text))
		)
			return false;
		if (verdict === "all") return true;
		const given = verdictOf(row, system);
		return verdict === "wrong"
			? given === "missed" || given === "alarm"
			: given === verdict;
	});
	return found.sort(order(sort, system));
}

/** Images without a score come last, whatever the order. */
function order(sort: string, system: number): (a: number, b: number) => number {
	const ranks = ranksOf(system);
	const sign = sort === "worst" || sort === "down" ? -1 : 1;
	return (a, b) => {
		const rankA = ranks[a],
			rankB = ranks[b];
		if (!rankA || !rankB) return (rankA ? 0 : 1) - (rankB ? 0 : 1) || a - b;
		const by =
			sort === "up" || sort === "down"
				? rows[a]!.scores[system]! - rows[b]!.scores[system]!
				: rankA.wrong - rankB.wrong ||
					(rankA.beyond === rankB.beyond ? 0 : rankA.beyond - rankB.beyond);
		return sign * by || a - b;
	};
}

function fillCategories(): void {
	const groups = categoryChoices();
	options(filterField("category") as HTMLSelectElement, [
		{
			choices: [
				{ value: "all", label: "all" },
				...(page.datasets.length > 1
					? page.datasets.map(({ name }, i) => ({
							value: String(i),
							label: `all of ${name}`,
						}))
					: []),
			],
		},
		...groups,
	]);
}

/** The kinds of the chosen category; a choice that it does not have falls back to all. */
function fillKinds(): void {
	const select = filterField("kind") as HTMLSelectElement;
	const category = filterField("category").value;
	const kinds = [
		...new Set(
			rows
				.filter((row) => row.anomalous && inCategory(row, category))
				.map((row) => row.kind),
		),
	].sort();
	options(
		select,
		[
			{
				choices: [
					{ value: "all", label: "all" },
					{ value: "good", label: "good" },
					{ value: "defective", label: "any defect" },
				],
			},
			{
				label: "Defects",
				choices: kinds.map((kind) => ({ value: `:${kind}`, label: kind })),
			},
		],
		select.value,
	);
}
