// The entry point of an evaluation: validates the options, prepares the report folder, and writes the report.
import { createHash } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { checkDataset } from "../datasets/check-dataset.js";
import { type Dataset, readDataset } from "../datasets/dataset.js";
import { type Engine, isEngine } from "../engine.js";
import { AlfaError, rangeError } from "../errors.js";
import { hashWeights } from "../models/weights.js";
import { wrongType } from "../options/validate.js";
import type { Evaluation, RunInfo } from "../report/evaluation/results.js";
import { makeDirectory } from "../util/make-directory.js";
import { isArray, readArray } from "../util/read-once.js";
import { checkDisplayNames } from "./display-names.js";
import { evaluateDatasets } from "./evaluate-datasets.js";
import { Journal, journalFile } from "./journal.js";
import { acquireLock } from "./lock-file.js";
import type { MetricOptions } from "./measure.js";
import { checkEvaluateOptions, type EvaluateOptions } from "./options.js";
import { makePlan, type Plan } from "./plan.js";
import { isUnfinished, writeReport, writeRunStart } from "./report-files.js";
import { runInfo } from "./run-info.js";

export interface EvaluationResult extends Evaluation {
	readonly run: RunInfo;
}

/**
 * Evaluates systems on datasets. `roots`: one or several folders, in MVTec AD's layout, VisA's layout or plain folders
 * (good/ and one folder per kind of defect), or results of `readDataset`.
 *
 * A metric that cannot be computed is null, with a reason. An image or a category that fails does not stop the others:
 * it is in the `problems` of its dataset. Rejects with
 * - ERR_ALFA_DATASET if a folder is not a dataset,
 * - ERR_ALFA_EVALUATION if the report folder contains another run or an unfinished run,
 * - ERR_ALFA_WRITE if the report cannot be written,
 * - the signal's reason if it aborts.
 */
export async function evaluate(
	engine: Engine,
	roots: string | Dataset | readonly (string | Dataset)[],
	evaluateOptions: EvaluateOptions = {},
): Promise<EvaluationResult> {
	if (!isEngine(engine)) throw wrongType("an engine", "engine", engine);
	const { systems, shots, seeds, options } =
		checkEvaluateOptions(evaluateOptions);
	const { imageSize } = engine.info;
	const metricOptions: MetricOptions = {
		resolution: options.resolution ?? imageSize,
		maxFpr: options.maxFpr ?? 0.3,
		proThresholds: options.proThresholds ?? "all",
	};
	const plan = makePlan(
		systems,
		shots,
		seeds,
		metricOptions.resolution,
		imageSize,
	);
	const datasets = await readDatasets(roots, options);
	checkDisplayNames(options.displayNames, datasets);

	const folder =
		options.report ?? (await mkdtemp(join(tmpdir(), "alfa-evaluation-")));
	try {
		const release = await claimFolder(folder);
		try {
			return await evaluateInFolder(
				folder,
				engine,
				datasets,
				plan,
				metricOptions,
				options,
			);
		} finally {
			await release();
		}
	} finally {
		if (options.report === undefined)
			await rm(folder, { recursive: true, force: true });
	}
}

async function readDatasets(
	roots: string | Dataset | readonly (string | Dataset)[],
	{ layout, classes, normalFolders }: EvaluateOptions,
): Promise<Dataset[]> {
	const list = isArray(roots) ? readArray(roots, "roots") : [roots];
	if (list.length === 0)
		throw rangeError("Expected at least one folder but received none");
	const datasets: Dataset[] = [];
	for (const [i, root] of list.entries()) {
		const options = {
			...(layout && { layout }),
			...(classes && { classes }),
			...(normalFolders && { normalFolders }),
		};
		datasets.push(
			typeof root === "string"
				? await readDataset(root, options)
				: checkDataset(root, list.length > 1 ? `roots[${i}]` : "roots"),
		);
	}
	const names = datasets.map(({ name }) => name);
	const duplicate = names.find((name, i) => names.indexOf(name) !== i);
	if (duplicate !== undefined) {
		throw rangeError(
			`Two datasets have the name '${duplicate}'; evaluate them one by one, or rename a folder`,
		);
	}
	return datasets;
}

/** Creates the folder if necessary and locks it for this process. Resolves to a function that releases the lock. */
async function claimFolder(folder: string): Promise<() => Promise<void>> {
	try {
		await makeDirectory(folder);
		return await acquireLock(join(folder, ".lock"));
	} catch (cause) {
		if (cause instanceof AlfaError) throw cause;
		throw new AlfaError(
			"ERR_ALFA_WRITE",
			`The report folder ${folder} cannot be created or written (${(cause as Error).message}); give a writable folder`,
			{ cause },
		);
	}
}

async function evaluateInFolder(
	folder: string,
	engine: Engine,
	datasets: readonly Dataset[],
	plan: Plan,
	metricOptions: MetricOptions,
	options: EvaluateOptions,
): Promise<EvaluationResult> {
	const { report, resume = false, overwrite, signal } = options;
	const started = new Date();
	if (!resume && !overwrite && isUnfinished(folder)) {
		throw new AlfaError(
			"ERR_ALFA_EVALUATION",
			`${folder} contains an unfinished run; set resume to continue it or overwrite to replace it, or ` +
				"give another folder",
		);
	}
	const weights = await hashWeights(engine.info.directory, signal);
	const runId = runIdOf(engine, weights, datasets, plan, options);
	await using journal = await Journal.open(
		join(folder, journalFile),
		runId,
		resume,
	);
	const info = runInfo(engine, started, options.command);
	if (report !== undefined) await writeRunStart(folder, info);

	const results = await evaluateDatasets(
		engine,
		datasets,
		plan,
		journal,
		metricOptions,
		options,
	);
	const evaluation: Evaluation = {
		format: 1,
		model: {
			name: engine.info.model,
			sha256: weights,
			precision: engine.info.precision,
		},
		...metricOptions,
		variants: plan.variants,
		datasets: results,
	};
	const finished = {
		...info,
		seconds: (Date.now() - started.getTime()) / 1000,
	};
	if (report !== undefined) {
		await writeReport(
			folder,
			evaluation,
			finished,
			{ datasets, journal, plan, reading: engine.info.images },
			signal,
		);
	}
	return { ...evaluation, run: finished };
}

/**
 * A hash of everything that the journal's detections depend on: the model, the configurations and the list of
 * images. The keys of the hashed object must not change, or runs of earlier versions cannot be resumed.
 */
function runIdOf(
	engine: Engine,
	weights: string,
	datasets: readonly Dataset[],
	plan: Plan,
	{ prompts, displayNames }: EvaluateOptions,
): string {
	const content = {
		model: engine.info.hash,
		weights,
		precision: engine.info.precision,
		imageSize: engine.info.imageSize,
		images: engine.info.images,
		looks: plan.configurations,
		prompts,
		displayNames,
		datasets: datasets.map(({ name, categories }) => ({
			name,
			categories: categories.map(({ name, test, train }) => ({
				name,
				test: test.map(({ id }) => id),
				train: train.map(({ id }) => id),
			})),
		})),
	};
	return createHash("sha256").update(JSON.stringify(content)).digest("hex");
}
