// Every system on every image of the datasets, in one pass, then the figures: docs/method.md, section 11.
import { createHash } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Engine } from "../engine.js";
import { AlfaError, rangeError } from "../errors.js";
import { makeDirectory } from "../util/make-directory.js";
import { lock } from "./lock.js";
import type { CategoryData, Dataset, Problem } from "../datasets/dataset.js";
import { Journal } from "./journal.js";
import { readDataset } from "../datasets/layouts.js";
import { lookAt } from "./detect-images.js";
import {
	judgedImages,
	measure,
	type Judged,
	type LookFigures,
	type Rules,
} from "./measure.js";
import { checkedEvaluation, type EvaluateOptions } from "./options.js";
import { compare } from "./published.js";
import { isUnfinished, writeReport, writeRun } from "./report-files.js";
import type {
	CategoryResult,
	DatasetResult,
	Evaluation,
	RunInfo,
	VariantResult,
} from "./results.js";
import { runInfo } from "./run-info.js";
import { Sampler } from "./sampling.js";
import { meanOverCategories, overSeeds } from "./summarise.js";
import { planOf, type Plan } from "./systems.js";
import { hashWeights } from "../models/weights.js";
import { Clock } from "./progress.js";

export interface EvaluationResult extends Evaluation {
	readonly run: RunInfo;
}

/**
 * Evaluates systems on datasets: one folder or several, in MVTec AD's layout, VisA's, or plain folders (good/ and the
 * rest), or what `readDataset` returned for them.
 * What cannot be measured is null with the reason. Rejects with ERR_ALFA_DATASET for a folder that is no dataset,
 * ERR_ALFA_EVALUATION where the report's folder holds another or an unfinished run, ERR_ALFA_WRITE, the signal's reason.
 */
export async function evaluate(
	engine: Engine,
	roots: string | Dataset | readonly (string | Dataset)[],
	options: EvaluateOptions = {},
): Promise<EvaluationResult> {
	const { systems, shots, seeds } = checkedEvaluation(options);
	const { signal, classes, layout, report } = options;
	const rules: Rules = {
		resolution: options.resolution ?? engine.info.imageSize,
		maxFpr: options.maxFpr ?? 0.3,
		proThresholds: options.proThresholds ?? "all",
	};
	const plan = planOf(
		systems,
		shots,
		seeds,
		rules.resolution,
		engine.info.imageSize,
	);
	const list = Array.isArray(roots)
		? (roots as readonly (string | Dataset)[])
		: [roots as string | Dataset];
	if (list.length === 0)
		throw rangeError("Expected at least one folder but received none");
	const datasets: Dataset[] = [];
	for (const each of list)
		datasets.push(
			typeof each === "string"
				? await readDataset(each, {
						...(layout && { layout }),
						...(classes && { classes }),
					})
				: each,
		);
	checkNames(datasets);

	const folder = report ?? (await mkdtemp(join(tmpdir(), "alfa-evaluation-")));
	const started = new Date();
	try {
		const letGo = await hold(folder);
		try {
			if (
				!options.resume &&
				!options.overwrite &&
				(await isUnfinished(folder))
			) {
				throw new AlfaError(
					"ERR_ALFA_EVALUATION",
					`${folder} holds a run that is not finished; resume goes on with it, overwrite starts over, or give another folder`,
				);
			}
			const weights = await hashWeights(engine.info.directory, signal);
			await using journal = await Journal.open(
				join(folder, "images.jsonl"),
				runOf(engine, weights, datasets, plan, options),
				options.resume ?? false,
			);
			const info = runInfo(engine, started, options.command);
			if (report !== undefined) await writeRun(folder, info);
			const evaluation = await run(
				engine,
				weights,
				datasets,
				plan,
				journal,
				rules,
				options,
			);
			const finished = {
				...info,
				seconds: (Date.now() - started.getTime()) / 1000,
			};
			if (report !== undefined)
				await writeReport(
					folder,
					evaluation,
					finished,
					{ datasets, journal, rules, plan },
					signal,
				);
			return { ...evaluation, run: finished };
		} finally {
			await letGo();
		}
	} finally {
		if (report === undefined)
			await rm(folder, { recursive: true, force: true });
	}
}

/** Makes the report's folder where it is missing and takes it for this run; resolves to the way to let go. */
async function hold(folder: string): Promise<() => Promise<void>> {
	try {
		await makeDirectory(folder);
		return await lock(join(folder, ".lock"));
	} catch (cause) {
		if (cause instanceof AlfaError) throw cause;
		throw new AlfaError(
			"ERR_ALFA_WRITE",
			`The folder ${folder} cannot be made or written (${(cause as Error).message}); give one that can`,
			{ cause },
		);
	}
}

async function run(
	engine: Engine,
	weights: string,
	datasets: readonly Dataset[],
	plan: Plan,
	journal: Journal,
	rules: Rules,
	options: EvaluateOptions,
): Promise<Evaluation> {
	const clock = new Clock(datasets, plan, options.onProgress);
	const results: DatasetResult[] = [];
	for (const dataset of datasets) {
		const categories: CategoryResult[] = [];
		const problems: Problem[] = [...dataset.problems];
		const table = new Map<string, Map<string, LookFigures[]>>();
		for (const data of dataset.categories) {
			const sampler = new Sampler(data);
			const own =
				options.prompts && Object.hasOwn(options.prompts, data.name)
					? options.prompts[data.name]
					: undefined;
			clock.enter(dataset.name, data.name);
			await lookAt(
				engine,
				{ dataset: dataset.name, data, sampler, prompts: own },
				plan.looks,
				journal,
				{
					signal: options.signal,
					image: (known) => clock.image(known),
					made: () => clock.reference(),
				},
			);
			clock.figures();
			const measured = await measureCategory(
				dataset.name,
				data,
				sampler,
				plan,
				journal,
				rules,
				options.signal,
			);
			categories.push(measured.result);
			problems.push(...measured.problems);
			table.set(data.name, measured.perSeed);
		}
		const mean = meanOverCategories(categories, table, plan.variants);
		results.push({
			name: dataset.name,
			layout: dataset.layout,
			categories,
			mean,
			published: compare(dataset.name, mean, plan.variants),
			problems,
		});
	}
	return {
		format: 1,
		model: {
			name: engine.info.model,
			sha256: weights,
			precision: engine.info.precision,
		},
		...rules,
		variants: plan.variants,
		datasets: results,
	};
}

async function measureCategory(
	dataset: string,
	data: CategoryData,
	sampler: Sampler,
	plan: Plan,
	journal: Journal,
	rules: Rules,
	signal: AbortSignal | undefined,
) {
	const perFit = new Map<string, { judged: Judged[]; problems: Problem[] }>();
	const perSeed = new Map<string, LookFigures[]>();
	const variants: [string, VariantResult][] = []; // entries: a title may be '__proto__'
	for (const { id, settings, readout, shots } of plan.variants) {
		signal?.throwIfAborted();
		let images = perFit.get(settings.fit);
		if (!images)
			perFit.set(
				settings.fit,
				(images = await judgedImages(
					dataset,
					data,
					journal,
					rules,
					settings.fit,
					signal,
				)),
			);
		const seeds: LookFigures[] = [];
		let why: string | undefined;
		for (const look of plan.looksOf.get(id)!) {
			const drawn =
				shots > 0 ? await sampler.draw(shots, look.seed) : undefined;
			if (shots > 0 && !drawn)
				why = `needs ${shots} normal images as references, of which there are ${sampler.most}`;
			else
				seeds.push(
					await measure(
						images.judged,
						look.id,
						drawn?.spent ?? new Set(),
						readout,
						settings.alignCorners,
						rules,
					),
				);
		}
		perSeed.set(id, seeds);
		variants.push([id, overSeeds(why === undefined ? seeds : [], why)]);
	}
	const any = [...perFit.values()][0]!;
	const anomalous = any.judged.filter(({ image }) => image.anomalous).length;
	const unreadable = any.problems.filter(
		({ kind }) => kind === "unreadable-image",
	).length;
	const result: CategoryResult = {
		name: data.name,
		normal: any.judged.length - anomalous,
		anomalous,
		unreadable,
		variants: Object.fromEntries(variants),
	};
	const told = new Set(any.problems.map(({ where }) => where)); // a good test image may have been drawn as a reference too
	return {
		result,
		perSeed,
		problems: [
			...any.problems,
			...sampler.problems.filter(({ where }) => !told.has(where)),
		],
	};
}

function checkNames(datasets: readonly Dataset[]): void {
	const names = datasets.map(({ name }) => name);
	const twice = names.find((name, i) => names.indexOf(name) !== i);
	if (twice !== undefined)
		throw rangeError(
			`Two of the datasets are called '${twice}'; evaluate them one by one, or rename a folder`,
		);
}

/** What a journal's numbers hang on: the model, how images are looked at, and which images there are. */
function runOf(
	engine: Engine,
	weights: string,
	datasets: readonly Dataset[],
	plan: Plan,
	{ prompts }: EvaluateOptions,
): string {
	const content = {
		model: engine.info.hash,
		weights,
		precision: engine.info.precision,
		imageSize: engine.info.imageSize,
		looks: plan.looks,
		prompts,
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
