// The report's folder: results.json and results.csv are the same for the same inputs; run.json and index.html also say when and where.
import { rm } from "node:fs/promises";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { stringify } from "csv-stringify/sync";
import { AlfaError } from "../errors.js";
import { writeEvaluationPage } from "../report/evaluation/page.js";
import { writeFileAtomic } from "../util/atomic-file.js";
import { pageImages, type Seen } from "./page-images.js";
import { metricNames, type Evaluation, type RunInfo } from "./results.js";

const made = ["index.html", "results.json", "results.csv"];

/** Whether a run began there and did not end. */
export async function isUnfinished(folder: string): Promise<boolean> {
	return (
		existsSync(join(folder, "images.jsonl")) &&
		!existsSync(join(folder, "results.json"))
	);
}

/** Marks the folder as that of a run that is not finished. */
export async function writeRun(folder: string, info: RunInfo): Promise<void> {
	await written(folder, async () => {
		for (const name of made) await rm(join(folder, name), { force: true });
		await writeFileAtomic(join(folder, "run.json"), json(info));
	});
}

export async function writeReport(
	folder: string,
	evaluation: Evaluation,
	info: RunInfo,
	seen: Seen,
	signal: AbortSignal | undefined,
): Promise<void> {
	await written(folder, async () => {
		await writeEvaluationPage(join(folder, "index.html"), {
			evaluation,
			run: info,
			images: pageImages(evaluation, seen, signal),
		});
		await writeFileAtomic(join(folder, "results.csv"), csv(evaluation));
		await writeFileAtomic(join(folder, "run.json"), json(info));
		await writeFileAtomic(join(folder, "results.json"), json(evaluation)); // last: its presence says that the run is whole
	});
}

async function written(
	folder: string,
	write: () => Promise<void>,
): Promise<void> {
	try {
		await write();
	} catch (cause) {
		if (!(cause instanceof Error) || !("syscall" in cause)) throw cause;
		throw new AlfaError(
			"ERR_ALFA_WRITE",
			`The report in ${folder} cannot be written (${cause.message}); make room or give another folder`,
			{ cause },
		);
	}
}

const json = (value: unknown) => `${JSON.stringify(value, null, 1)}\n`;

/** One row per category and variant, and per variant the mean over categories, whose category is empty; other empty cells are what cannot be measured. */
export function csv({ datasets, variants }: Evaluation): string {
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
			...categories.map(({ name, normal, anomalous, variants: found }) => [
				dataset,
				name,
				id,
				recipe,
				shots,
				seeds,
				normal,
				anomalous,
				...cells(found[id]!.figures),
			]),
			[dataset, "", id, recipe, shots, seeds, "", "", ...cells(mean[id]!)],
		]),
	);
	return stringify([header, ...rows], { escape_formulas: true }); // a folder may be called =SUM(…)
}

const cells = (
	figures: Readonly<
		Record<string, { mean: number | null; std: number | null }>
	>,
) =>
	metricNames.flatMap((name) => [
		figures[name]!.mean ?? "",
		figures[name]!.std ?? "",
	]);
