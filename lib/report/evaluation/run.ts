// How it was made: facts at the top of the page, everything else at its end.
import { escapeHtml } from "../../util/escape.js";
import type { Evaluation, RunInfo } from "../../evaluate/results.js";

type Rows = readonly (readonly [string, string])[];

export function facts(
	{ datasets, model }: Evaluation,
	run: RunInfo,
	images: number,
): Rows {
	const categories = datasets.reduce(
		(sum, dataset) => sum + dataset.categories.length,
		0,
	);
	const { cpu, cores } = run.machine;
	return [
		[
			datasets.length > 1 ? "Datasets" : "Dataset",
			datasets.map(({ name }) => name).join(", "),
		],
		[
			"Test images",
			`${grouped(images)} in ${categories} ${categories === 1 ? "category" : "categories"}`,
		],
		["Model", model.name],
		["Device", `${run.device}, ${run.precision}`],
		["Machine", `${cpu}, ${cores} cores`],
		["Started", `${when(run.started)} (${duration(run.seconds)})`],
	];
}

export function runDetails(evaluation: Evaluation, run: RunInfo): string {
	const { machine, versions, command } = run;
	const made: Rows = [
		...(command === undefined ? [] : [["Command", command] as const]),
		["Model", evaluation.model.name],
		["SHA-256 of its weights", evaluation.model.sha256],
		[
			"Maps and masks meet at",
			evaluation.resolution === "image"
				? "each image’s own size"
				: `${evaluation.resolution} px`,
		],
		[
			"PRO",
			`up to a false positive rate of ${evaluation.maxFpr}, ${evaluation.proThresholds} thresholds`,
		],
		["Device", `${run.device}, ${run.precision}`],
		[
			"Machine",
			`${machine.cpu}, ${machine.cores} cores, ${(machine.memory / 2 ** 30).toFixed(1)} GiB, ${machine.platform}`,
		],
		["Started", when(run.started)],
		["Took", duration(run.seconds)],
	];
	return `<section id="run" aria-labelledby="run-title"><h2 id="run-title">How it was made</h2><div class="stack">
<details><summary>Run</summary>${list(made)}</details>
<details><summary>Settings of every system</summary>${settings(evaluation)}</details>
<details><summary>Versions</summary>${list(Object.entries(versions))}</details>
</div></section>`;
}

export function list(rows: Rows): string {
	return `<dl class="facts">${rows.map(([name, value]) => `<div><dt>${escapeHtml(name)}</dt><dd><bdi class="name">${escapeHtml(value)}</bdi></dd></div>`).join("")}</dl>`;
}

/** A row per setting, a column per system; rows in which the systems differ come first. */
function settings({ variants }: Evaluation): string {
	const columns = variants.map(
		({ recipe, shots, seeds, readout, settings }) =>
			new Map([...flat({ recipe, shots, seeds, readout }), ...flat(settings)]),
	);
	const keys = [...new Set(columns.flatMap((column) => [...column.keys()]))];
	const differ = (key: string) =>
		new Set(columns.map((column) => column.get(key))).size > 1;
	const sorted = [
		...keys.filter(differ),
		...keys.filter((key) => !differ(key)),
	];
	return `<div class="wide" role="region" aria-label="Settings" tabindex="0"><table class="settings"><thead><tr><th scope="col">Setting</th>${variants.map(({ id }) => `<th scope="col"><bdi>${escapeHtml(id)}</bdi></th>`).join("")}</tr></thead>
<tbody>${sorted.map((key) => `<tr${differ(key) ? ' class="differ"' : ""}><th scope="row">${escapeHtml(key)}</th>${columns.map((column) => `<td>${escapeHtml(column.get(key) ?? "–")}</td>`).join("")}</tr>`).join("")}</tbody></table></div>`;
}

function* flat(value: object, prefix = ""): Generator<[string, string]> {
	for (const [key, each] of Object.entries(value)) {
		if (typeof each === "object" && each !== null && !Array.isArray(each))
			yield* flat(each, `${prefix}${key}.`);
		else
			yield [
				prefix + key,
				Array.isArray(each)
					? each.length === 0
						? "none"
						: each.join(", ")
					: String(each),
			];
	}
}

/** The same text wherever the page is made. */
export function grouped(count: number): string {
	return String(count).replace(/\B(?=(\d{3})+$)/g, ",");
}

function when(iso: string): string {
	return Number.isNaN(Date.parse(iso))
		? iso
		: `${new Date(iso).toISOString().slice(0, 16).replace("T", " ")} UTC`;
}

function duration(seconds: number): string {
	const whole = Math.round(seconds);
	if (whole < 60) return `${seconds.toFixed(1)} s`;
	const [h, m, s] = [
		Math.floor(whole / 3600),
		Math.floor(whole / 60) % 60,
		whole % 60,
	];
	return h > 0 ? `${h} h ${m} min` : `${m} min ${s} s`;
}
