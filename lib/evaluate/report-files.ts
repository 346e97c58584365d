// Writes the report folder. results.json and results.csv are the same for the same inputs; run.json and index.html also
// contain the time and the machine.
import { existsSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { stringify } from "csv-stringify/sync";
import { AlfaError } from "../errors.js";
import { writeEvaluationPage } from "../report/evaluation/page.js";
import {
	type Evaluation,
	type MetricName,
	metricNames,
	type RunInfo,
} from "../report/evaluation/results.js";
import { writeFileAtomic } from "../util/atomic-file.js";
import { escapeControlCharacters, visibleJson } from "../util/escape.js";
import { journalFile } from "./journal.js";
import { type ReportSource, reportImages } from "./report-images.js";

const resultFiles = ["index.html", "results.json", "results.csv"];

/** Whether the folder contains a run that has started and not ended. */
export function isUnfinished(folder: string): boolean {
	return (
		existsSync(join(folder, journalFile)) &&
		!existsSync(join(folder, "results.json"))
	);
}

/** Marks the run in the folder as unfinished: deletes its results and writes run.json. */
export async function writeRunStart(
	folder: string,
	info: RunInfo,
): Promise<void> {
	await withWriteError(folder, async () => {
		for (const name of resultFiles)
			await rm(join(folder, name), { force: true });
		await writeFileAtomic(join(folder, "run.json"), toJson(info));
	});
}

export async function writeReport(
	folder: string,
	evaluation: Evaluation,
	info: RunInfo,
	source: ReportSource,
	signal: AbortSignal | undefined,
): Promise<void> {
	await withWriteError(folder, async () => {
		await writeEvaluationPage(join(folder, "index.html"), {
			evaluation,
			run: info,
			images: reportImages(evaluation, source, signal),
		});
		await writeFileAtomic(join(folder, "results.csv"), toCsv(evaluation));
		await writeFileAtomic(join(folder, "run.json"), toJson(info));
		// Last, because this file marks the run as finished.
		await writeFileAtomic(join(folder, "results.json"), toJson(evaluation));
	});
}

/** Turns an error of the file system into ERR_ALFA_WRITE. */
async function withWriteError(
	folder: string,
	write: () => Promise<void>,
): Promise<void> {
	try {
		await write();
	} catch (cause) {
		if (!(cause instanceof Error) || !("syscall" in cause)) throw cause;
		throw new AlfaError(
			"ERR_ALFA_WRITE",
			`The report in ${folder} cannot be written (${cause.message}); free some disk space, or give another folder`,
			{ cause },
		);
	}
}

function toJson(value: unknown): string {
	return `${visibleJson(value, 1)}\n`;
}

/**
 * One row per category and variant, then one row per variant with an empty category for the mean over
 * categories. A cell is empty if the metric could not be computed.
 */
export function toCsv({ datasets, variants }: Evaluation): string {
	const header = [
		"dataset",
		"category",
		"variant",
		"recipe",
		"shots",
		"seeds",
		"normal",
		"anomalous",
		...metricNames.flatMap((name) => [name, `${name}Std`]),
	];
	const rows = datasets.flatMap(({ name: dataset, categories, mean }) =>
		variants.flatMap(({ id, recipe, shots, seeds }) => [
			...categories.map((category) => [
				dataset,
				category.name,
				id,
				recipe,
				shots,
				seeds,
				category.normal,
				category.anomalous,
				...metricCells(category.variants[id]!.figures),
			]),
			[
				dataset,
				"",
				id,
				recipe,
				shots,
				seeds,
				"",
				"",
				...metricCells(mean[id]!),
			],
		]),
	);
	return stringify([header, ...rows], {
		// A folder can have a name such as =SUM(…), which a spreadsheet would run as a formula.
		escape_formulas: true,
		cast: { string: (text) => escapeControlCharacters(text) },
	});
}

function metricCells(
	values: Readonly<
		Record<MetricName, { mean: number | null; std: number | null }>
	>,
): (number | string)[] {
	return metricNames.flatMap((name) => [
		values[name].mean ?? "",
		values[name].std ?? "",
	]);
}
