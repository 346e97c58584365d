// alfa evaluate: systems on whole datasets; tables on stdout, the report in a folder. Ctrl-C leaves a run that --resume goes on with.
import { basename, extname, join } from "node:path";
import { readdir, readFile } from "node:fs/promises";
import { InvalidArgumentError, Option, type Command } from "commander";
import { Engine } from "../engine.js";
import { argumentError } from "../errors.js";
import { ablationNames, type AblationName } from "../evaluate/ablations.js";
import {
	layoutNames,
	type Dataset,
	type LayoutName,
} from "../datasets/dataset.js";
import { evaluate } from "../evaluate/evaluate.js";
import { readDataset } from "../datasets/layouts.js";
import type { EvaluateOptions } from "../evaluate/options.js";
import type { SystemOptions } from "../evaluate/systems.js";
import { promptLists, type PromptListName } from "../prompts/lists.js";
import { readPromptSet } from "../prompts/prompt-file.js";
import type { PromptSet } from "../prompts/prompt-set.js";
import { recipeNames, type RecipeName } from "../recipes.js";
import { progressLine, showDataset, showResults } from "./evaluate-output.js";
import { interruptible } from "./interruptible.js";
import {
	jsonOption,
	modelOption,
	precisionOption,
	scalesOption,
} from "./options.js";
import { note, printJson, safe } from "./terminal.js";

interface EvaluateFlags {
	model: string;
	precision?: "auto" | "fp32" | "int8";
	recipe?: RecipeName[];
	systems?: string;
	ablate?: AblationName[];
	shots: number[];
	seeds: number;
	scales?: number[];
	class?: string[];
	layout?: LayoutName;
	promptList?: PromptListName;
	promptSets?: string;
	resolution?: number | "image";
	maxFpr?: number;
	proThresholds?: "all" | 200;
	report: string;
	resume?: boolean;
	overwrite?: boolean;
	json?: boolean;
}

const words =
	<T extends string>(known: readonly T[], all = false) =>
	(text: string): T[] => {
		if (all && text === "all") return [...known];
		const names = text.split(",").map((each) => each.trim());
		const wrong = names.find((each) => !known.includes(each as T));
		if (wrong !== undefined)
			throw new InvalidArgumentError(
				`'${wrong}' is none of ${known.join(", ")}${all ? ", all" : ""}.`,
			);
		return [...new Set(names)] as T[];
	};
const whole =
	(least: number) =>
	(text: string): number => {
		const value = Number(text);
		if (!/^\d+$/.test(text) || value < least)
			throw new InvalidArgumentError(
				`Expected a whole number of at least ${least}.`,
			);
		return value;
	};
const counts = (text: string): number[] =>
	text.split(",").map((each) => whole(0)(each.trim()));

/** Adds `alfa evaluate` to the program; `done` gets the exit status. */
export function evaluateCommand(
	program: Command,
	done: (status: number) => void,
): void {
	program
		.command("evaluate")
		.description(
			"every metric of the paper on datasets: MVTec AD, VisA, or your own folders",
		)
		.argument("<roots...>", "folders of datasets, or of single categories")
		.addOption(modelOption())
		.addOption(precisionOption())
		.addOption(
			new Option(
				"--recipe <list>",
				`what is compared: ${recipeNames.join(", ")}, or all (default: alfa)`,
			).argParser(words(recipeNames, true)),
		)
		.option(
			"--systems <file>",
			'settings of your own to compare: a JSON list of { "title": …, "recipe": …, and settings over it }',
		)
		.addOption(
			new Option(
				"--ablate <list>",
				`questions about the method: ${ablationNames.join(", ")}, or all`,
			).argParser(words(ablationNames, true)),
		)
		.addOption(
			new Option("--shots <list>", "numbers of normal references, 0 = none")
				.default([0], "0")
				.argParser(counts),
		)
		.addOption(
			new Option("--seeds <count>", "draws of references per number of shots")
				.default(5)
				.argParser(whole(1)),
		)
		.addOption(scalesOption())
		.addOption(
			new Option(
				"--prompt-list <name>",
				"the prompts of recipes that take the templates and the class's own set together",
			).choices(promptLists),
		)
		.option("--class <names...>", "only these categories")
		.addOption(
			new Option(
				"--layout <name>",
				"how the folders are laid out (default: found out)",
			).choices(layoutNames),
		)
		.option(
			"--prompt-sets <folder>",
			"prompts of your own, CATEGORY.json each; they stand where the library's would",
		)
		.addOption(
			new Option(
				"--resolution <side>",
				"side in pixels at which maps and masks meet, or 'image' (default: the model's)",
			).argParser((text) =>
				text === "image" ? ("image" as const) : whole(8)(text),
			),
		)
		.addOption(
			new Option(
				"--max-fpr <rate>",
				"where PRO's area ends (default: 0.3)",
			).argParser((text) => {
				const value = Number(text);
				if (!(value > 0 && value <= 1))
					throw new InvalidArgumentError(
						"Expected a rate above 0 and at most 1.",
					);
				return value;
			}),
		)
		.addOption(
			new Option(
				"--pro-thresholds <number>",
				"all: exact; 200: as the usual Python ports (default: all)",
			).choices(["all", "200"]),
		)
		.option("--report <folder>", "where the report goes", "alfa-evaluation")
		.option("--resume", "go on with the run that the folder holds")
		.option(
			"--overwrite",
			"start over where the folder holds a run that is not finished",
		)
		.addOption(jsonOption())
		.action(
			async (
				roots: string[],
				flags: EvaluateFlags & { proThresholds?: string },
			) =>
				done(
					await run(roots, {
						...flags,
						...(flags.proThresholds !== undefined && {
							proThresholds:
								String(flags.proThresholds) === "200" ? 200 : ("all" as const),
						}),
					}),
				),
		);
}

async function run(
	roots: readonly string[],
	flags: EvaluateFlags,
): Promise<number> {
	const line = progressLine();
	try {
		const ended = await interruptible((signal) =>
			evaluated(roots, flags, line, signal),
		);
		line.clear();
		if (ended !== undefined) return 0;
		note(
			`alfa: stopped; the same command with --resume goes on, and loses nothing that is in ${safe(flags.report)}`,
		);
		return 1;
	} catch (error) {
		line.clear();
		throw error;
	}
}

async function evaluated(
	roots: readonly string[],
	flags: EvaluateFlags,
	line: ReturnType<typeof progressLine>,
	signal: AbortSignal,
): Promise<true> {
	const { report, shots, seeds, ablate, json } = flags;
	const systems = await systemsOf(flags);
	const prompts =
		flags.promptSets === undefined
			? undefined
			: await promptSetsIn(flags.promptSets);
	const datasets: Dataset[] = [];
	for (const root of roots)
		datasets.push(
			await readDataset(root, {
				...(flags.layout && { layout: flags.layout }),
				...(flags.class && { classes: flags.class }),
			}),
		);
	for (const dataset of datasets) showDataset(dataset);
	await using engine = await Engine.open({
		model: flags.model,
		signal,
		...(flags.precision && { precision: flags.precision }),
	});
	const options: EvaluateOptions = {
		systems,
		shots,
		seeds,
		report,
		...(ablate && { ablate }),
		...(prompts && { prompts }),
		...(flags.promptList && { promptList: flags.promptList }),
		...(flags.resolution !== undefined && { resolution: flags.resolution }),
		...(flags.maxFpr !== undefined && { maxFpr: flags.maxFpr }),
		...(flags.proThresholds && { proThresholds: flags.proThresholds }),
		...(flags.resume && { resume: true }),
		...(flags.overwrite && { overwrite: true }),
		command: ["alfa", ...process.argv.slice(2)].join(" "),
		signal,
		onProgress: line.update,
	};
	const { run: info, ...evaluation } = await evaluate(
		engine,
		datasets,
		options,
	);
	line.clear();
	if (json) printJson(evaluation);
	else showResults(evaluation);
	note(
		`${info.seconds.toFixed(1)} s on ${info.device}; the report is ${safe(join(report, "index.html"))}`,
	);
	return true;
}

async function systemsOf({
	recipe,
	systems,
	ablate,
	scales,
}: EvaluateFlags): Promise<(RecipeName | SystemOptions)[]> {
	const names = recipe ?? (ablate || systems ? [] : ["alfa" as const]);
	const own = systems === undefined ? [] : await systemsIn(systems);
	if (!scales) return [...names, ...own];
	if (ablate || systems)
		throw argumentError(
			"--scales sets the windows of the recipes, and --ablate and --systems set their own; give one of them",
		);
	return names.map((name) => ({ title: name, recipe: name, scales }));
}

async function systemsIn(file: string): Promise<SystemOptions[]> {
	try {
		const value: unknown = JSON.parse(await readFile(file, "utf8"));
		if (
			Array.isArray(value) &&
			value.every((each) => typeof each === "object" && each !== null)
		)
			return value as SystemOptions[];
	} catch (cause) {
		throw argumentError(
			`--systems ${file} cannot be read: ${(cause as Error).message}`,
			{ cause },
		);
	}
	throw argumentError(`--systems ${file} holds no list of { "title": …, … }`);
}

async function promptSetsIn(
	folder: string,
): Promise<Record<string, PromptSet>> {
	const names = (
		await readdir(folder).catch((cause: Error) => {
			throw argumentError(
				`--prompt-sets ${folder} cannot be read: ${cause.message}`,
				{ cause },
			);
		})
	)
		.filter((name) => extname(name) === ".json")
		.sort();
	if (names.length === 0)
		throw argumentError(`--prompt-sets ${folder} holds no CATEGORY.json`);
	return Object.fromEntries(
		await Promise.all(
			names.map(
				async (name) =>
					[
						basename(name, ".json"),
						await readPromptSet(join(folder, name)),
					] as const,
			),
		),
	);
}
