// Selects and sorts the images of the gallery.
import type { ImageRow } from "../payload.js";
import { page, rows } from "./data.js";
import { byId, categoryChoices, setChoices } from "./dom.js";
import { outcomeOf, ranksOf } from "./ranking.js";

export const filterNames = [
	"system",
	"category",
	"kind",
	"outcome",
	"sort",
	"text",
] as const;
export type FilterName = (typeof filterNames)[number];

interface Filters {
	system: number;
	/** 'all', 'DATASET' or 'DATASET/CATEGORY'. */
	category: string;
	/** 'all', 'good', 'defective', or ':' and the name of a kind of defect. */
	kind: string;
	/** 'all', 'wrong', or an Outcome. */
	outcome: string;
	/** 'worst', 'best', 'up' or 'down'. */
	sort: string;
	/** A part of the id, in lower case. */
	text: string;
}

export function filterElement(
	name: FilterName,
): HTMLSelectElement | HTMLInputElement {
	return byId(`filter-${name}`);
}

export function readFilters(): Filters {
	const value = (name: FilterName) => filterElement(name).value;
	return {
		system: Number(value("system")),
		category: value("category"),
		kind: value("kind"),
		outcome: value("outcome"),
		sort: value("sort"),
		text: value("text").trim().toLowerCase(),
	};
}

function hasCategory(row: ImageRow, category: string): boolean {
	return [
		"all",
		String(row.dataset),
		`${row.dataset}/${row.category}`,
	].includes(category);
}

function hasKind(row: ImageRow, kind: string): boolean {
	const kinds = row.anomalous
		? ["all", "defective", `:${row.kind}`]
		: ["all", "good"];
	return kinds.includes(kind);
}

function hasOutcome(row: ImageRow, system: number, outcome: string): boolean {
	if (outcome === "all") return true;
	const found = outcomeOf(row, system);
	if (outcome === "wrong") return found === "missed" || found === "alarm";
	return found === outcome;
}

/** The indices of the matching rows, sorted. */
export function filterRows({
	system,
	category,
	kind,
	outcome,
	sort,
	text,
}: Filters): number[] {
	const matching = [...rows.keys()].filter((i) => {
		const row = rows[i]!;
		return (
			hasCategory(row, category) &&
			hasKind(row, kind) &&
			row.id.toLowerCase().includes(text) &&
			hasOutcome(row, system, outcome)
		);
	});
	return matching.sort(comparator(sort, system));
}

/** Compares row indices. Images without a score always come last. */
function comparator(
	sort: string,
	system: number,
): (a: number, b: number) => number {
	const ranks = ranksOf(system);
	const byScore = sort === "up" || sort === "down";
	const sign = sort === "worst" || sort === "down" ? -1 : 1;
	return (a, b) => {
		const rankA = ranks[a];
		const rankB = ranks[b];
		if (!rankA || !rankB) return Number(!rankA) - Number(!rankB) || a - b;
		const difference = byScore
			? rows[a]!.scores[system]! - rows[b]!.scores[system]!
			: rankA.wrong - rankB.wrong || compare(rankA.beyond, rankB.beyond);
		return sign * difference || a - b;
	};
}

/** Not a difference, because both can be -Infinity. */
function compare(a: number, b: number): number {
	return a === b ? 0 : a - b;
}

export function fillCategoryFilter(): void {
	const wholeDatasets = page.datasets.map(({ name }, i) => ({
		value: String(i),
		label: `all of ${name}`,
	}));
	const choices = [
		{ value: "all", label: "all" },
		...(page.datasets.length > 1 ? wholeDatasets : []),
	];
	setChoices(filterElement("category") as HTMLSelectElement, [
		{ choices },
		...categoryChoices(),
	]);
}

/** The kinds of the selected category. If the selected kind is not among them, the filter becomes 'all'. */
export function fillKindFilter(): void {
	const select = filterElement("kind") as HTMLSelectElement;
	const category = filterElement("category").value;
	const defective = rows.filter(
		(row) => row.anomalous && hasCategory(row, category),
	);
	const kinds = [...new Set(defective.map((row) => row.kind))].sort();
	setChoices(
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
