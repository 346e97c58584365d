// The options of `evaluate` and their validation.
import { type LayoutName, layoutNames } from "../datasets/layouts.js";
import { normalFoldersCheck } from "../datasets/normal-folders.js";
import { argumentError, rangeError } from "../errors.js";
import {
	arrayOf,
	boolean,
	type Check,
	checkOptions,
	func,
	isPlain,
	number,
	oneOf,
	path,
	signal,
	text,
	wrongType,
	wrongValue,
} from "../options/validate.js";
import { type PromptListName, promptLists } from "../prompts/lists.js";
import type { PromptInput } from "../prompts/prompt-set.js";
import type { RecipeName } from "../recipes.js";
import { copyJson, type JsonLimits } from "../util/json.js";
import { readObject } from "../util/read-once.js";
import {
	type AblationName,
	ablationNames,
	ablationSystems,
} from "./ablations.js";
import {
	type System,
	type SystemOptions,
	toSystem,
	withPromptList,
} from "./systems.js";

export interface EvaluateProgress {
	/**
	 * - 'references': a category was prepared, with its prompts and references.
	 * - 'images': an image was scored.
	 * - 'figures': the metrics of a category are being computed.
	 * - 'report': the report is being written.
	 */
	phase: "references" | "images" | "figures" | "report";
	dataset: string;
	category: string;
	/** Images over all categories, including those of a resumed run. */
	done: number;
	total: number;
	/** Estimated seconds left. undefined before the first image of this run. */
	left?: number;
}

export interface EvaluateOptions {
	/** The systems to compare: names of recipes, or settings with a title. Default ['alfa']. */
	systems?: readonly (RecipeName | SystemOptions)[];
	/** Ablations: further systems that differ in one setting. Default: none. */
	ablate?: readonly AblationName[];
	/** Numbers of reference images, 0 = none. Default [0]. */
	shots?: readonly number[];
	/** How often references are drawn per number of shots. Default 5. */
	seeds?: number;
	/** Names of the categories to evaluate. Default: all. */
	classes?: readonly string[];
	/** The layout of the folders. Default: the first that matches. */
	layout?: LayoutName;
	/** The prompt list for systems whose prompts are 'merged' by default. Default 'merged'. */
	promptList?: PromptListName;
	/** Prompts by category. They replace the prompts of the shipped library. */
	prompts?: Readonly<Record<string, PromptInput>>;
	/**
	 * The words for categories in prompts, by the name of the category, such as { '01': 'wood panel' }. Default: the
	 * cleaned name of the folder; a name without letters, such as "01", becomes "object 01".
	 */
	displayNames?: Readonly<Record<string, string>>;
	/** Names of folders with normal images, in any letter case. Default ['good', 'ok', 'normal']. */
	normalFolders?: readonly string[];
	/**
	 * The side in pixels to which maps and masks are resized. 'image': each image's own size. Default: the
	 * image size of the model.
	 */
	resolution?: number | "image";
	/** The false positive rate up to which PRO is integrated. Default 0.3. */
	maxFpr?: number;
	/** 'all': PRO over all thresholds, exact. 200: over 200 thresholds, as common Python ports do. Default 'all'. */
	proThresholds?: "all" | 200;
	/**
	 * The folder for the report: index.html, results.json, results.csv, images.jsonl, run.json. Default: no report; a
	 * temporary folder holds the journal.
	 */
	report?: string;
	/** Continues the run in the report folder. Default false: a folder with an unfinished run is an error. */
	resume?: boolean;
	/** Replaces an unfinished run in the report folder. Default false. */
	overwrite?: boolean;
	/** The command line that the report shows. */
	command?: string;
	signal?: AbortSignal;
	onProgress?: (progress: EvaluateProgress) => void;
}

const proThresholds: Check<"all" | 200> = (value, name) => {
	if (value === "all" || value === 200) return value;
	throw wrongValue("'all' or 200", name, value);
};

const side = number({ integer: true, min: 8, max: 8192 });
const resolution: Check<number | "image"> = (value, name) =>
	value === "image" ? value : side(value, name);

/** Systems and prompts are data. These limits are far above any real ones. */
const dataLimits: JsonLimits = { depth: 16, values: 10_000_000 };

/** `toPromptSet` checks the sets. */
const promptsByCategory: Check<Record<string, PromptInput>> = (value, name) => {
	if (!isPlain(value))
		throw wrongType("an object of prompts by category", name, value);
	return copyJson(value, name, dataLimits) as Record<string, PromptInput>;
};

const displayNames: Check<Record<string, string>> = (value, name) => {
	if (!isPlain(value))
		throw wrongType("an object of names by category", name, value);
	const names = readObject(value, name);
	for (const [category, words] of Object.entries(names))
		text(words, `${name}[${JSON.stringify(category)}]`);
	return names as Record<string, string>;
};

/** `toSystem` checks the elements. */
const system: Check<RecipeName | SystemOptions> = (value, name) => {
	if (typeof value === "string") return value as RecipeName;
	if (isPlain(value))
		return copyJson(value, name, dataLimits) as unknown as SystemOptions;
	throw wrongType("a recipe's name or { title, … }", name, value);
};

const checks = {
	systems: arrayOf(system, {
		max: 256,
		what: "an array of recipes' names and { title, … }",
	}),
	ablate: arrayOf(oneOf(ablationNames), {
		max: 16,
		what: "an array of ablations",
	}),
	shots: arrayOf(number({ integer: true, min: 0, max: 4096 }), {
		min: 1,
		max: 16,
		what: "an array of whole numbers",
	}),
	seeds: number({ integer: true, min: 1, max: 100 }),
	classes: arrayOf(text, { max: 4096, what: "an array of names" }),
	layout: oneOf(layoutNames),
	promptList: oneOf(promptLists),
	prompts: promptsByCategory,
	displayNames,
	normalFolders: normalFoldersCheck,
	resolution,
	maxFpr: number({ above: 0, max: 1 }),
	proThresholds,
	report: path,
	resume: boolean,
	overwrite: boolean,
	command: text,
	signal,
	onProgress: func,
} satisfies Record<keyof EvaluateOptions, Check>;

/**
 * Validates the options and returns a copy of them. Systems come first, in the order of the options, then the ablations
 * without repetition.
 */
export function checkEvaluateOptions(value: unknown): {
	systems: System[];
	shots: number[];
	seeds: number;
	options: EvaluateOptions;
} {
	const options: EvaluateOptions = checkOptions(value, "options", checks);
	const { shots = [0], seeds = 5, report, resume, overwrite } = options;
	const systems = systemsOf(options);
	if (systems.length === 0)
		throw rangeError("Expected at least one system but received none");
	if (new Set(shots).size !== shots.length) {
		throw rangeError(
			`Expected different numbers of shots but received ${shots.join(", ")}`,
		);
	}
	if (resume && report === undefined) {
		throw argumentError(
			"Expected report, the folder of the run to continue, together with resume",
		);
	}
	if (resume && overwrite) {
		throw argumentError(
			"Expected either resume or overwrite but received both",
		);
	}
	return { systems, shots: [...shots], seeds, options };
}

function systemsOf({
	systems,
	ablate = [],
	promptList,
}: EvaluateOptions): System[] {
	const explicit = systems ?? (ablate.length > 0 ? [] : ["alfa" as const]);
	const all = [...explicit, ...ablationSystems([...new Set(ablate)])].map(
		toSystem,
	);
	return promptList
		? all.map((system) => withPromptList(system, promptList))
		: all;
}
