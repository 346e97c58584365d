// How the evaluation was run: the main facts at the top of the page, all details at its end.
import { escapeHtml } from "../../util/escape.js";
import type { Evaluation, RunInfo, Variant } from "./results.js";

/** Names and values. */
type Facts = readonly (readonly [string, string])[];

export function runFacts(
	{ datasets, model }: Evaluation,
	run: RunInfo,
	imageCount: number,
): Facts {
	const categories = datasets.reduce(
		(sum, dataset) => sum + dataset.categories.length,
		0,
	);
	const categoryText = `${categories} ${categories === 1 ? "category" : "categories"}`;
	const { cpu, cores } = run.machine;
	return [
		[
			datasets.length > 1 ? "Datasets" : "Dataset",
			datasets.map(({ name }) => name).join(", "),
		],
		["Test images", `${groupDigits(imageCount)} in ${categoryText}`],
		["Model", model.name],
		["Device", `${run.device}, ${run.precision}`],
		["Machine", `${cpu}, ${cores} cores`],
		["Started", `${formatTime(run.started)} (${formatDuration(run.seconds)})`],
	];
}

export function runSection(evaluation: Evaluation, run: RunInfo): string {
	return `<section id="run" aria-labelledby="run-title">
<h2 id="run-title">How the evaluation was run</h2>
<div class="stack">
<details><summary>Run</summary>${factList(runDetails(evaluation, run))}</details>
<details><summary>Settings of every system</summary>${settingsTable(evaluation.variants)}</details>
<details><summary>Versions</summary>${factList(Object.entries(run.versions))}</details>
</div></section>`;
}

function runDetails(
	{ model, resolution, maxFpr, proThresholds }: Evaluation,
	run: RunInfo,
): Facts {
	const { machine, command } = run;
	const memory = `${(machine.memory / 2 ** 30).toFixed(1)} GiB`;
	return [
		...(command === undefined ? [] : [["Command", command] as const]),
		["Model", model.name],
		["SHA-256 of its weights", model.sha256],
		[
			"Size of maps and masks",
			resolution === "image" ? "each image’s own size" : `${resolution} px`,
		],
		[
			"PRO",
			`up to a false positive rate of ${maxFpr}, ${proThresholds} thresholds`,
		],
		["Device", `${run.device}, ${run.precision}`],
		[
			"Machine",
			`${machine.cpu}, ${machine.cores} cores, ${memory}, ${machine.platform}`,
		],
		["Started", formatTime(run.started)],
		["Duration", formatDuration(run.seconds)],
	];
}

export function factList(facts: Facts): string {
	const items = facts.map(
		([name, value]) =>
			`<div><dt>${escapeHtml(name)}</dt><dd><bdi class="name">${escapeHtml(value)}</bdi></dd></div>`,
	);
	return `<dl class="facts">${items.join("")}</dl>`;
}

/** One row per setting, one column per variant. Settings in which the variants differ come first. */
function settingsTable(variants: readonly Variant[]): string {
	const columns = variants.map(
		({ recipe, shots, seeds, readout, settings }) =>
			new Map([
				...flatten({ recipe, shots, seeds, readout }),
				...flatten(settings),
			]),
	);
	const keys = [...new Set(columns.flatMap((column) => [...column.keys()]))];
	const differs = (key: string) =>
		new Set(columns.map((column) => column.get(key))).size > 1;
	const sorted = [
		...keys.filter(differs),
		...keys.filter((key) => !differs(key)),
	];
	const headers = variants.map(
		({ id }) => `<th scope="col"><bdi>${escapeHtml(id)}</bdi></th>`,
	);
	const rows = sorted.map((key) => {
		const cells = columns.map(
			(column) => `<td>${escapeHtml(column.get(key) ?? "–")}</td>`,
		);
		const className = differs(key) ? ' class="differ"' : "";
		return `<tr${className}><th scope="row">${escapeHtml(key)}</th>${cells.join("")}</tr>`;
	});
	return `<div class="wide" role="region" aria-label="Settings" tabindex="0"><table class="settings">
<thead><tr><th scope="col">Setting</th>${headers.join("")}</tr></thead>
<tbody>${rows.join("")}</tbody></table></div>`;
}

/** The leaves of an object, with dotted keys. */
function* flatten(object: object, prefix = ""): Generator<[string, string]> {
	for (const [key, value] of Object.entries(object)) {
		if (Array.isArray(value))
			yield [prefix + key, value.length === 0 ? "none" : value.join(", ")];
		else if (typeof value === "object" && value !== null)
			yield* flatten(value, `${prefix}${key}.`);
		else yield [prefix + key, String(value)];
	}
}

/** With commas between groups of three digits, independent of the locale. */
export function groupDigits(count: number): string {
	return String(count).replace(/\B(?=(\d{3})+$)/g, ",");
}

function formatTime(iso: string): string {
	if (Number.isNaN(Date.parse(iso))) return iso;
	return `${new Date(iso).toISOString().slice(0, 16).replace("T", " ")} UTC`;
}

function formatDuration(seconds: number): string {
	const rounded = Math.round(seconds);
	if (rounded < 60) return `${seconds.toFixed(1)} s`;
	const hours = Math.floor(rounded / 3600);
	const minutes = Math.floor(rounded / 60) % 60;
	return hours > 0
		? `${hours} h ${minutes} min`
		: `${minutes} min ${rounded % 60} s`;
}
