// alfa evaluate: evaluates systems on datasets. Tables go to stdout, and the report to a folder. Ctrl-C stops
// the run, and --resume continues it.
import { readdir } from "node:fs/promises";
import { basename, extname, join } from "node:path";
import { type Command, InvalidArgumentError, Option } from "commander";
import { type Dataset, readDataset } from "../../datasets/dataset.js";
import { isHiddenName } from "../../datasets/folder.js";
import { type LayoutName, layoutNames } from "../../datasets/layouts.js";
import { Engine } from "../../engine.js";
import { argumentError } from "../../errors.js";
import { type AblationName, ablationNames } from "../../evaluate/ablations.js";
import { evaluate } from "../../evaluate/evaluate.js";
import type { EvaluateOptions } from "../../evaluate/options.js";
import type { SystemOptions } from "../../evaluate/systems.js";
import { type PromptListName, promptLists } from "../../prompts/lists.js";
import { readPromptSet } from "../../prompts/prompt-file.js";
import type { PromptSet } from "../../prompts/prompt-set.js";
import { type RecipeName, recipeNames } from "../../recipes.js";
import { readJsonFile, TextFileError } from "../../util/text-file.js";
import { EvaluationProgress } from "../evaluation-progress.js";
import {
	countFailedItems,
	logDataset,
	printResults,
} from "../evaluation-tables.js";
import { runInterruptible } from "../interruptible.js";
import {
	colourOption,
	damagedOption,
	jsonOption,
	maxPixelsOption,
	modelOption,
	type PrecisionFlag,
	precisionOption,
	type ReadingFlags,
	readingFromFlags,
	scalesOption,
	wholeNumber,
} from "../options.js";
import { log, printable, printJson } from "../terminal.js";

interface EvaluateFlags extends ReadingFlags {
	model: string;
	precision?: PrecisionFlag;
	recipe?: RecipeName[];
	systems?: string;
	ablate?: AblationName[];
	shots: number[];
	seeds: number;
	scales?: number[];
	class?: string[];
	layout?: LayoutName;
	normalFolder?: string[];
	displayName?: Record<string, string>;
	promptList?: PromptListName;
	promptSets?: string;
	resolution?: number | "image";
	maxFpr?: number;
	proThresholds?: "all" | "200";
	report: string;
	resume?: boolean;
	overwrite?: boolean;
	json?: boolean;
}

export function addEvaluate(program: Command): void {
	program
		.command("evaluate")
		.description(
			"compute all metrics of the paper on MVTec AD, VisA or your own images",
		)
		.argument("<roots...>", "folders of datasets, or of single categories")
		.addOption(modelOption())
		.addOption(precisionOption())
		.addOption(maxPixelsOption())
		.addOption(damagedOption())
		.addOption(colourOption())
		.option(
			"--recipe <list>",
			`recipes to compare: ${recipeNames.join(", ")}, or all (default: alfa)`,
			namesFrom(recipeNames),
		)
		.option(
			"--systems <file>",
			'your own systems to compare: a JSON list of { "title": …, "recipe": …, and further settings }',
		)
		.option(
			"--ablate <list>",
			`ablations to compare: ${ablationNames.join(", ")}, or all`,
			namesFrom(ablationNames),
		)
		.addOption(
			new Option("--shots <list>", "numbers of reference images, 0 = none")
				.default([0], "0")
				.argParser(parseShots),
		)
		.option(
			"--seeds <count>",
			"how often references are drawn per number of shots",
			wholeNumber(1),
			5,
		)
		.addOption(scalesOption())
		.addOption(
			new Option(
				"--prompt-list <name>",
				"prompt list for recipes that merge the templates with the prompts of the class",
			).choices(promptLists),
		)
		.option("--class <names...>", "evaluate only these categories")
		.addOption(
			new Option(
				"--layout <name>",
				"layout of the folders (default: the first that matches)",
			).choices(layoutNames),
		)
		.option(
			"--normal-folder <name>",
			"name of folders with normal images, in any letter case (default: good, ok and normal); repeat it for " +
				"several names",
			addName,
		)
		.option(
			"--display-name <category=words>",
			'words for a category in prompts, such as 01="wood panel"; repeat it for several categories',
			addDisplayName,
		)
		.option(
			"--prompt-sets <folder>",
			"your own prompts, one CATEGORY.json each; they replace those of the library",
		)
		.option(
			"--resolution <side>",
			"side in pixels to which maps and masks are resized, or 'image' (default: the model's)",
			parseResolution,
		)
		.option(
			"--max-fpr <rate>",
			"false positive rate up to which PRO is integrated (default: 0.3)",
			parseRate,
		)
		.addOption(
			new Option(
				"--pro-thresholds <number>",
				"all: exact PRO; 200: 200 thresholds, as common Python ports use (default: all)",
			).choices(["all", "200"]),
		)
		.option("--report <folder>", "folder for the report", "alfa-evaluation")
		.option("--resume", "continue the run in the report folder")
		.option("--overwrite", "replace an unfinished run in the report folder")
		.addOption(jsonOption())
		.action(runEvaluate);
}

/** A parser for a comma-separated list of known names, or 'all'. */
function namesFrom<T extends string>(
	known: readonly T[],
): (text: string) => T[] {
	return (text) => {
		if (text === "all") return [...known];
		const names = text.split(",").map((name) => name.trim());
		const unknown = names.find((name) => !known.includes(name as T));
		if (unknown !== undefined) {
			throw new InvalidArgumentError(
				`Expected names from ${known.join(", ")}, or all, but received '${unknown}'.`,
			);
		}
		return [...new Set(names)] as T[];
	};
}

function addName(text: string, names: string[] = []): string[] {
	return [...names, text];
}

function addDisplayName(
	text: string,
	names: Record<string, string> = {},
): Record<string, string> {
	const at = text.indexOf("=");
	const words = text.slice(at + 1).trim();
	if (at < 1 || words === "")
		throw new InvalidArgumentError('Expected CATEGORY="words".');
	return { ...names, [text.slice(0, at)]: words };
}

function parseShots(text: string): number[] {
	return text.split(",").map((part) => wholeNumber(0)(part.trim()));
}

function parseResolution(text: string): number | "image" {
	return text === "image" ? text : wholeNumber(8)(text);
}

function parseRate(text: string): number {
	const value = Number(text);
	if (value > 0 && value <= 1) return value;
	throw new InvalidArgumentError("Expected a rate above 0 and at most 1.");
}

async function runEvaluate(
	roots: string[],
	flags: EvaluateFlags,
): Promise<void> {
	const progress = new EvaluationProgress();
	try {
		const finished = await runInterruptible((signal) =>
			evaluateAndPrint(roots, flags, progress, signal),
		);
		if (finished) return;
	} finally {
		progress.clear();
	}
	process.exitCode = 1;
	log(
		"alfa: stopped; the same command with --resume continues the run, and no result in " +
			`${printable(flags.report)} is lost`,
	);
}

async function evaluateAndPrint(
	roots: readonly string[],
	flags: EvaluateFlags,
	progress: EvaluationProgress,
	signal: AbortSignal,
): Promise<true> {
	const { report, model, precision, json } = flags;
	const options = await evaluateOptions(flags);
	const datasets = await readDatasets(roots, flags);
	for (const dataset of datasets) logDataset(dataset);
	await using engine = await Engine.open({
		model,
		signal,
		...(precision && { precision }),
		...readingFromFlags(flags),
	});
	const { run, ...evaluation } = await evaluate(engine, datasets, {
		...options,
		signal,
		onProgress: (update) => progress.show(update),
	});
	progress.clear();
	if (json) printJson(evaluation);
	else printResults(evaluation);
	const page = join(report, "index.html");
	log(
		`${run.seconds.toFixed(1)} s on ${run.device}; the report is ${printable(page)}`,
	);
	const failed = countFailedItems(evaluation);
	if (failed > 0) {
		const problems = failed === 1 ? "problem" : "problems";
		log(
			`alfa: ${failed} ${problems} with images, masks or categories; the metrics are without them`,
		);
		process.exitCode = 1;
	}
	return true;
}

async function readDatasets(
	roots: readonly string[],
	flags: EvaluateFlags,
): Promise<Dataset[]> {
	const options = {
		...(flags.layout && { layout: flags.layout }),
		...(flags.class && { classes: flags.class }),
		...(flags.normalFolder && { normalFolders: flags.normalFolder }),
	};
	const datasets: Dataset[] = [];
	for (const root of roots) datasets.push(await readDataset(root, options));
	return datasets;
}

async function evaluateOptions(flags: EvaluateFlags): Promise<EvaluateOptions> {
	const {
		shots,
		seeds,
		report,
		ablate,
		promptSets,
		promptList,
		resolution,
		maxFpr,
		proThresholds,
	} = flags;
	return {
		systems: await systemsFromFlags(flags),
		shots,
		seeds,
		report,
		...(ablate && { ablate }),
		...(promptSets !== undefined && {
			prompts: await readPromptSets(promptSets),
		}),
		...(promptList && { promptList }),
		...(flags.displayName && { displayNames: flags.displayName }),
		...(resolution !== undefined && { resolution }),
		...(maxFpr !== undefined && { maxFpr }),
		...(proThresholds && {
			proThresholds: proThresholds === "200" ? 200 : "all",
		}),
		...(flags.resume && { resume: true }),
		...(flags.overwrite && { overwrite: true }),
		command: ["alfa", ...process.argv.slice(2)].join(" "),
	};
}

async function systemsFromFlags(
	flags: EvaluateFlags,
): Promise<(RecipeName | SystemOptions)[]> {
	const { recipe, systems, ablate, scales } = flags;
	const names = recipe ?? (ablate || systems ? [] : ["alfa" as const]);
	const custom = systems === undefined ? [] : await readSystems(systems);
	if (!scales) return [...names, ...custom];
	if (ablate || systems) {
		throw argumentError(
			"Expected --scales without --ablate and --systems: it sets the window sizes of recipes, and " +
				"ablations and systems set their own",
		);
	}
	return names.map((name) => ({ title: name, recipe: name, scales }));
}

async function readSystems(file: string): Promise<SystemOptions[]> {
	const value = await readJson(file);
	const isList =
		Array.isArray(value) &&
		value.every((system) => typeof system === "object" && system !== null);
	if (isList) return value as SystemOptions[];
	throw argumentError(
		`Expected a JSON list of { "title": …, … } in the file of --systems, ${file}`,
	);
}

const maxSystemsBytes = 16 * 2 ** 20;

async function readJson(file: string): Promise<unknown> {
	try {
		return await readJsonFile(file, maxSystemsBytes);
	} catch (cause) {
		const { message } = cause as Error;
		const problem =
			cause instanceof TextFileError ? message : `is not JSON: ${message}`;
		throw argumentError(`The file of --systems, ${file}, ${problem}`, {
			cause,
		});
	}
}

/** The prompt sets in a folder, by the name of the category. */
async function readPromptSets(
	folder: string,
): Promise<Record<string, PromptSet>> {
	const names = await readdir(folder).catch((cause: Error) => {
		throw argumentError(
			`--prompt-sets ${folder} cannot be read: ${cause.message}`,
			{ cause },
		);
	});
	const files = names
		.filter((name) => extname(name) === ".json" && !isHiddenName(name))
		.sort();
	if (files.length === 0)
		throw argumentError(
			`--prompt-sets ${folder} contains no file CATEGORY.json`,
		);
	const sets = files.map(async (name) => {
		const set = await readPromptSet(join(folder, name));
		return [basename(name, ".json"), set] as const;
	});
	return Object.fromEntries(await Promise.all(sets));
}
