// The options of evaluate: their types, the door, and what they come to.
import {
	arrayOf,
	boolean,
	checkOptions,
	func,
	isPlain,
	number,
	oneOf,
	signal,
	text,
	wrongType,
	type Check,
} from "../options/validate.js";
import { argumentError, rangeError } from "../errors.js";
import { promptLists, type PromptListName } from "../prompts/lists.js";
import type { PromptInput } from "../prompts/prompt-set.js";
import type { RecipeName } from "../recipes.js";
import {
	ablationNames,
	ablationSystems,
	type AblationName,
} from "./ablations.js";
import { layoutNames, type LayoutName } from "../datasets/dataset.js";
import {
	toSystem,
	withList,
	type System,
	type SystemOptions,
} from "./systems.js";

export interface EvaluateProgress {
	/** 'references' are being seen, 'images' scored, 'figures' computed, the 'report' written. */
	phase: "references" | "images" | "figures" | "report";
	dataset: string;
	category: string;
	/** Images over all categories; those of a resumed run count. */
	done: number;
	total: number;
	/** Seconds, from the images of this run; undefined before the first. */
	left?: number;
}

export interface EvaluateOptions {
	/** What is compared: recipes, or settings under titles of one's own. All see each image in one pass. Default ['alfa']. */
	systems?: readonly (RecipeName | SystemOptions)[];
	/** Further systems: questions about the method, each a list of its answers. Default: none. */
	ablate?: readonly AblationName[];
	/** Numbers of references, 0 = none. Default [0]. */
	shots?: readonly number[];
	/** Draws of references per number of shots. Default 5. */
	seeds?: number;
	/** Only these categories. Default: all. */
	classes?: readonly string[];
	/** How the folders are laid out. Default: found out. */
	layout?: LayoutName;
	/** The list of prompts for systems that read 'merged' and name none of their own. Default 'merged'. */
	promptList?: PromptListName;
	/** Prompts of one's own per category: they stand where the library's would. */
	prompts?: Readonly<Record<string, PromptInput>>;
	/** The side, in pixels, at which maps and masks meet; 'image': each image's own size. Default: the model's. */
	resolution?: number | "image";
	/** Where PRO's area ends. Default 0.3. */
	maxFpr?: number;
	/** 'all' (default): exact; 200: as the usual Python ports. */
	proThresholds?: "all" | 200;
	/** Folder of the report: index.html, results.json, results.csv, images.jsonl, run.json. Default: nothing is written but a temporary journal. */
	report?: string;
	/** Goes on from what the folder holds. Default false: a folder with an unfinished run is refused. */
	resume?: boolean;
	/** Starts over where the folder holds an unfinished run. Default false. */
	overwrite?: boolean;
	/** Shown in the report: how the run was started. */
	command?: string;
	signal?: AbortSignal;
	onProgress?: (progress: EvaluateProgress) => void;
}

const thresholds: Check = (value, name) => {
	if (value !== "all" && value !== 200)
		throw rangeError(
			`Expected 'all' or 200 for ${name} but received ${String(value)}`,
		);
};
const resolution: Check = (value, name) => {
	if (value !== "image")
		number({ integer: true, min: 8, max: 8192 })(value, name);
};
const shape: Record<keyof EvaluateOptions, Check> = {
	systems: arrayOf(() => {}, {
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
	prompts: (value, name) => {
		if (!isPlain(value))
			throw wrongType("an object of prompts by category", name, value);
	},
	resolution,
	maxFpr: number({ above: 0, max: 1 }),
	proThresholds: thresholds,
	report: text,
	resume: boolean,
	overwrite: boolean,
	command: text,
	signal,
	onProgress: func,
};

/** Checks the options; systems in the order given, ablations after them, none twice. */
export function checkedEvaluation(options: EvaluateOptions): {
	systems: System[];
	shots: number[];
	seeds: number;
} {
	checkOptions(options, "options", shape);
	const {
		ablate = [],
		shots = [0],
		seeds = 5,
		report,
		resume,
		overwrite,
		promptList,
	} = options;
	const given = options.systems ?? (ablate.length > 0 ? [] : ["alfa" as const]);
	const named = [...given, ...ablationSystems([...new Set(ablate)])].map(
		toSystem,
	);
	const systems = promptList
		? named.map((each) => withList(each, promptList))
		: named;
	if (systems.length === 0)
		throw rangeError("Expected at least one system but received none");
	if (new Set(shots).size !== shots.length)
		throw rangeError(
			`Expected different numbers of shots but received ${shots.join(", ")}`,
		);
	if (resume && report === undefined)
		throw argumentError(
			"Expected report, the folder of the run to go on with, beside resume",
		);
	if (resume && overwrite)
		throw argumentError(
			"resume keeps what the folder holds, overwrite does not; give one of them",
		);
	return { systems, shots: [...shots], seeds };
}
