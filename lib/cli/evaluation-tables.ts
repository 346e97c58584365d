// The output of `alfa evaluate`: what the datasets contain, and tables of the results.
import type { ProblemKind } from "../datasets/category-data.js";
import type { Dataset } from "../datasets/dataset.js";
import { layouts } from "../datasets/layouts.js";
import {
	type Comparison,
	type DatasetResult,
	type Evaluation,
	type MetricName,
	type MetricValue,
	metricNames,
	type Variant,
} from "../report/evaluation/results.js";
import { colour, log, print, printable, Table } from "./terminal.js";

const metricTitles: Record<MetricName, string> = {
	imageAuroc: "AUROC",
	imageAp: "AP",
	imageAupr: "AUPR",
	imageF1: "F1-max",
	pixelAuroc: "pAUROC",
	pixelAp: "pAP",
	pixelF1: "pF1-max",
	pro: "PRO",
};
/** The metrics in the tables of categories. */
const categoryMetrics: readonly MetricName[] = [
	"imageAuroc",
	"pixelAuroc",
	"pro",
];
/** Problems that are only known after the evaluation. */
const lateProblems: readonly ProblemKind[] = [
	"failed-category",
	"unreadable-image",
	"damaged-image",
	"unreadable-mask",
	"lossy-mask",
	"mask-size",
	"empty-mask",
	"no-class-name",
	"damaged-journal",
];
/** An image, a mask or a category that could not be used because of an error. */
const failures: readonly ProblemKind[] = [
	"failed-category",
	"unreadable-image",
	"unreadable-mask",
	"missing-image",
];

/** The number of images, masks and categories that failed. */
export function countFailedItems({ datasets }: Evaluation): number {
	return datasets
		.flatMap(({ problems }) => problems)
		.filter(({ kind }) => failures.includes(kind)).length;
}

/** The number of problems of one kind that are printed. */
const maxProblems = 5;
/** With more variants, the tables of categories are not printed. */
const maxVariantsByCategory = 8;

/** Prints to stderr what a dataset contains and which problems it has. */
export function logDataset({
	name,
	layout,
	categories,
	problems,
}: Dataset): void {
	const test = categories.flatMap((category) => category.test);
	const defective = test.filter(({ anomalous }) => anomalous).length;
	const masks = test.filter(({ mask }) => mask !== undefined).length;
	const train = categories.reduce(
		(sum, category) => sum + category.train.length,
		0,
	);
	const title =
		layouts.find((candidate) => candidate.name === layout)?.title ?? layout;
	const categoryCount = countText(categories.length, "category", "categories");
	const testCount = countText(test.length, "test image", "test images");
	log(
		`${printable(name)}: ${title}, ${categoryCount}, ` +
			`${testCount} (${test.length - defective} good, ${defective} defective, ${masks} masks), ` +
			`${countText(train, "normal image", "normal images")} for references`,
	);
	logProblems(problems);
}

function countText(count: number, singular: string, plural: string): string {
	return `${count} ${count === 1 ? singular : plural}`;
}

function logProblems(problems: Dataset["problems"]): void {
	for (const kind of new Set(problems.map((problem) => problem.kind))) {
		const ofKind = problems.filter((problem) => problem.kind === kind);
		log(colour("yellow", `  ${kind}: ${ofKind.length}`));
		for (const { where, message } of ofKind.slice(0, maxProblems)) {
			log(`    ${printable(where)}: ${printable(message)}`);
		}
		if (ofKind.length > maxProblems) {
			log(`    and ${ofKind.length - maxProblems} more; the report lists all`);
		}
	}
}

/** Prints for each dataset the mean of every variant, the categories, and the comparison with the paper. */
export function printResults({
	datasets,
	variants,
	resolution,
}: Evaluation): void {
	for (const dataset of datasets) {
		const { name, categories, published, problems } = dataset;
		const scope =
			categories.length > 1
				? `mean of ${categories.length} categories`
				: "1 category";
		const size =
			resolution === "image" ? "each image's size" : `${resolution} px`;
		print(
			`\n${colour("bold", printable(name))}: ${scope}, maps and masks at ${size}; percent`,
		);
		printMeans(dataset, variants);
		for (const remark of missingValues(dataset))
			print(colour("dim", `  – ${remark}`));
		if (categories.length > 1) printCategories(dataset, variants);
		if (published.length > 0) printComparison(published);
		logProblems(problems.filter(({ kind }) => lateProblems.includes(kind)));
	}
}

function printMeans(
	{ mean }: DatasetResult,
	variants: readonly Variant[],
): void {
	const longest = Math.max(
		7,
		...variants.map(({ id }) => printable(id).length),
	);
	const width = variants.some(({ seeds }) => seeds > 1) ? 10 : 7;
	const table = new Table([
		{ title: "variant", width: Math.min(44, longest) },
		...metricNames.map((name) => ({
			title: metricTitles[name],
			width,
			right: true,
		})),
	]);
	table.printHeader();
	for (const { id } of variants) {
		table.printRow([
			printable(id),
			...metricNames.map((name) => metricText(mean[id]![name])),
		]);
	}
}

function metricText({ mean, std }: MetricValue): string {
	if (mean === null) return "–";
	const deviation = std === null ? "" : ` ±${percent(std)}`;
	return percent(mean) + deviation;
}

function percent(value: number): string {
	return (100 * value).toFixed(1);
}

/** Why values are missing: one line per variant and reason. */
function missingValues({ mean, categories }: DatasetResult): string[] {
	const remarks: string[] = [];
	for (const [id, values] of Object.entries(mean)) {
		const byReason = new Map<string, MetricName[]>();
		for (const metric of metricNames) {
			const reason = missingReason(values[metric], categories.length);
			if (reason !== undefined)
				byReason.set(reason, [...(byReason.get(reason) ?? []), metric]);
		}
		for (const [reason, metrics] of byReason) {
			const titles = metrics.map((metric) => metricTitles[metric]).join(", ");
			remarks.push(`${printable(id)} ${titles}: ${printable(reason)}`);
		}
	}
	return remarks;
}

function missingReason(
	{ mean, reason, categories }: MetricValue & { readonly categories: number },
	total: number,
): string | undefined {
	if (mean === null) return reason ?? "no results";
	if (categories < total)
		return `mean of the ${categories} categories in which it can be computed`;
	return undefined;
}

function printCategories(
	{ categories }: DatasetResult,
	variants: readonly Variant[],
): void {
	if (variants.length > maxVariantsByCategory) {
		print(colour("dim", "\nThe report lists the categories"));
		return;
	}
	for (const { id } of variants) {
		print(`\n${printable(id)}`);
		const table = new Table([
			{ title: "category", width: 20 },
			...categoryMetrics.map((metric) => ({
				title: metricTitles[metric],
				width: 10,
				right: true,
			})),
		]);
		table.printHeader();
		for (const category of categories) {
			const { figures } = category.variants[id]!;
			table.printRow([
				printable(category.name),
				...categoryMetrics.map((metric) => metricText(figures[metric])),
			]);
		}
	}
}

function printComparison(comparisons: readonly Comparison[]): void {
	print("\nCompared with the paper");
	const table = new Table([
		{ title: "variant", width: 24 },
		{ title: "metric", width: 8 },
		{ title: "here", width: 6, right: true },
		{ title: "paper", width: 6, right: true },
		{ title: "difference", width: 10, right: true },
		{ title: "source", width: 32 },
	]);
	table.printHeader();
	for (const { variant, metric, ours, published, source } of comparisons) {
		const difference = ours - published;
		const sign = difference > 0 ? "+" : "";
		table.printRow([
			printable(variant),
			metricTitles[metric],
			percent(ours),
			percent(published),
			sign + percent(difference),
			source,
		]);
	}
}
