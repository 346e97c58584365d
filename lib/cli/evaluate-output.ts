// What alfa evaluate says: the data it found, how far it is, and the tables.
import type { Dataset } from "../datasets/dataset.js";
import type { EvaluateProgress } from "../evaluate/options.js";
import {
	metricNames,
	type Comparison,
	type DatasetResult,
	type Evaluation,
	type MetricValue,
	type MetricName,
} from "../evaluate/results.js";
import { colour, note, print, safe, Table } from "./terminal.js";

const titles: Record<MetricName, string> = {
	imageAuroc: "AUROC",
	imageAp: "AP",
	imageAupr: "AUPR",
	imageF1: "F1-max",
	pixelAuroc: "pAUROC",
	pixelAp: "pAP",
	pixelF1: "pF1-max",
	pro: "PRO",
};
const layouts = {
	mvtec: "MVTec AD's layout",
	visa: "VisA's layout",
	folder: "plain folders",
};
const listed = 5; // problems of a kind
const most = 8; // variants whose categories fit a terminal

/** What was found, aloud, on stderr. */
export function showDataset({
	name,
	layout,
	categories,
	problems,
}: Dataset): void {
	const test = categories.flatMap((each) => each.test);
	const defective = test.filter(({ anomalous }) => anomalous).length;
	const train = categories.reduce((sum, each) => sum + each.train.length, 0);
	note(
		`${safe(name)}: ${layouts[layout]}, ${count(categories.length, "category", "categories")}, ${count(test.length, "test image", "test images")} (${test.length - defective} good, ${defective} defective, ` +
			`${test.filter(({ mask }) => mask !== undefined).length} masks), ${train} normal ones for references`,
	);
	showProblems(problems);
}

const count = (n: number, one: string, many: string) =>
	`${n} ${n === 1 ? one : many}`;

export function showProblems(problems: Dataset["problems"]): void {
	for (const kind of new Set(problems.map((each) => each.kind))) {
		const own = problems.filter((each) => each.kind === kind);
		note(colour("yellow", `  ${kind}: ${own.length}`));
		for (const { where, message } of own.slice(0, listed))
			note(`    ${safe(where)}: ${safe(message)}`);
		if (own.length > listed)
			note(`    and ${own.length - listed} more; the report lists all`);
	}
}

/** One line on a terminal, rewritten; elsewhere one line per category. */
export function progressLine(): {
	update: (progress: EvaluateProgress) => void;
	clear: () => void;
} {
	const terminal = process.stderr.isTTY === true;
	let last = "";
	let drawn = 0;
	const clear = () => {
		if (terminal && drawn > 0) process.stderr.write("\r\u001b[K");
	};
	return {
		clear,
		update({ phase, dataset, category, done, total, left }) {
			const share = total === 0 ? 1 : done / total;
			const where =
				dataset === category
					? safe(category)
					: `${safe(dataset)} ${safe(category)}`;
			const time = left === undefined ? "" : `, ${clockOf(left)} left`;
			if (!terminal) {
				if (phase === "figures" && last !== where)
					note(`${where}: ${Math.round(100 * share)} %${time}`);
				if (phase === "figures") last = where;
				return;
			}
			if (performance.now() - drawn < 80 && done < total) return;
			drawn = performance.now();
			const cells = 24;
			const bar = "█".repeat(Math.round(cells * share)).padEnd(cells, "░");
			const width = (process.stderr.columns || 80) - 1;
			process.stderr.write(
				`\r\u001b[K${`${bar} ${done}/${total}${time}  ${where} (${phase})`.slice(0, width)}`,
			);
		},
	};
}

function clockOf(seconds: number): string {
	const whole = Math.max(0, Math.round(seconds));
	const [h, m, s] = [
		Math.floor(whole / 3600),
		Math.floor(whole / 60) % 60,
		whole % 60,
	];
	return h > 0 ? `${h} h ${m} min` : m > 0 ? `${m} min ${s} s` : `${s} s`;
}

/** Per dataset the mean of every variant, then categories, then the paper beside it. */
export function showResults({
	datasets,
	variants,
	resolution,
}: Evaluation): void {
	const width = Math.max(7, ...variants.map(({ id }) => safe(id).length));
	const spread = variants.some(({ seeds }) => seeds > 1);
	const columns = metricNames.map((name) => ({
		title: titles[name],
		width: spread ? 10 : 7,
		right: true,
	}));
	for (const dataset of datasets) {
		const { name, categories, mean, published, problems } = dataset;
		print(
			`\n${colour("bold", safe(name))}: ${categories.length > 1 ? `mean of ${categories.length} categories` : "1 category"}, maps and masks at ${resolution === "image" ? "the images' size" : `${resolution} px`}; percent`,
		);
		const table = new Table([
			{ title: "variant", width: Math.min(44, width) },
			...columns,
		]);
		table.header();
		for (const { id } of variants)
			table.row([
				safe(id),
				...metricNames.map((metric) => cell(mean[id]![metric])),
			]);
		for (const reason of reasonsOf(dataset))
			print(colour("dim", `  – ${reason}`));
		if (categories.length > 1)
			perCategory(
				dataset,
				variants.map(({ id }) => id),
			);
		if (published.length > 0) beside(published);
		showProblems(
			problems.filter(
				({ kind }) =>
					kind === "unreadable-image" ||
					kind === "unreadable-mask" ||
					kind === "mask-size" ||
					kind === "empty-mask",
			),
		);
	}
}

function cell({ mean, std }: MetricValue): string {
	return mean === null
		? "–"
		: `${(100 * mean).toFixed(1)}${std === null ? "" : ` ±${(100 * std).toFixed(1)}`}`;
}

/** Why something is missing, once per variant and reason. */
function reasonsOf({ mean, categories }: DatasetResult): string[] {
	const found = new Map<string, MetricName[]>();
	const add = (id: string, metric: MetricName, why: string) => {
		const key = JSON.stringify([id, why]);
		found.set(key, [...(found.get(key) ?? []), metric]);
	};
	for (const [id, figures] of Object.entries(mean)) {
		for (const metric of metricNames) {
			const { mean: value, reason, categories: counted } = figures[metric];
			if (value === null) add(id, metric, reason ?? "no results");
			else if (counted < categories.length)
				add(
					id,
					metric,
					`the mean of the ${counted} categories that can be measured`,
				);
		}
	}
	return [...found].map(([key, metrics]) => {
		const [id, why] = JSON.parse(key) as [string, string];
		return `${safe(id)} ${metrics.map((each) => titles[each]).join(", ")}: ${safe(why)}`;
	});
}

function perCategory(
	{ categories }: DatasetResult,
	ids: readonly string[],
): void {
	const shown: MetricName[] = ["imageAuroc", "pixelAuroc", "pro"];
	if (ids.length > most)
		return print(colour("dim", "\nThe categories are in the report"));
	for (const id of ids) {
		print(`\n${safe(id)}`);
		const table = new Table([
			{ title: "category", width: 20 },
			...shown.map((metric) => ({
				title: titles[metric],
				width: 10,
				right: true,
			})),
		]);
		table.header();
		for (const { name, variants } of categories)
			table.row([
				safe(name),
				...shown.map((metric) => cell(variants[id]!.figures[metric])),
			]);
	}
}

function beside(published: readonly Comparison[]): void {
	print("\nBeside the paper");
	const table = new Table([
		{ title: "variant", width: 24 },
		{ title: "metric", width: 8 },
		{ title: "here", width: 6, right: true },
		{ title: "paper", width: 6, right: true },
		{ title: "difference", width: 10, right: true },
		{ title: "where", width: 32 },
	]);
	table.header();
	const percent = (value: number) => (100 * value).toFixed(1);
	for (const {
		variant,
		metric,
		ours,
		published: theirs,
		source,
	} of published) {
		const off = 100 * (ours - theirs);
		table.row([
			safe(variant),
			titles[metric],
			percent(ours),
			percent(theirs),
			`${off > 0 ? "+" : ""}${off.toFixed(1)}`,
			source,
		]);
	}
}
