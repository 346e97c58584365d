// The systems that an evaluation compares: recipes, or recipes with changed settings.

import {
	type CategoryOptions,
	type ResolvedCategory,
	resolveCategory,
} from "../category/options.js";
import { argumentError, rangeError, withLocation } from "../errors.js";
import type { PromptListName } from "../prompts/lists.js";
import { type RecipeName, recipeNames, recipes } from "../recipes.js";
import {
	type ScoreSource,
	scoreSources,
} from "../report/evaluation/results.js";

/** Category options that the evaluation sets itself. */
const reservedOptions = [
	"references",
	"displayName",
	"threshold",
	"pixelThreshold",
	"signal",
	"onProgress",
] as const;

/** A recipe with changed settings, under its own title. */
export interface SystemOptions
	extends Omit<CategoryOptions, (typeof reservedOptions)[number]> {
	/** The name of the system in tables. */
	title: string;
	/** Which value of a detection is used as the image score. Default 'score'. */
	readout?: ScoreSource;
}

export interface System {
	readonly title: string;
	readonly readout: ScoreSource;
	readonly options: CategoryOptions;
}

/** Throws if the recipe or the options are not valid. The settings are checked later, by `resolveSystem`. */
export function toSystem(system: RecipeName | SystemOptions): System {
	if (typeof system === "string") {
		if (!recipeNames.includes(system)) {
			throw rangeError(
				`Expected a recipe's name (${recipeNames.join(", ")}) or { title, … } for systems but received '${system}'`,
			);
		}
		return { title: system, readout: "score", options: { recipe: system } };
	}
	const { title, readout = "score", ...options } = system;
	if (typeof title !== "string" || title.trim() === "") {
		throw argumentError(
			"Expected a title for every system: its name in tables",
		);
	}
	if (!scoreSources.includes(readout)) {
		throw rangeError(
			`Expected ${scoreSources.join(", ")} for the readout of '${title}' but received '${String(readout)}'`,
		);
	}
	const reserved = reservedOptions.find((key) => key in options);
	if (reserved) {
		throw argumentError(
			`The system '${title}' has the option '${reserved}', which evaluate sets itself; remove it`,
		);
	}
	return { title, readout, options };
}

/** The system with another prompt list, if its prompts are 'merged' by default and not by its own options. */
export function withPromptList(system: System, list: PromptListName): System {
	const { prompts } = resolveSystem(system.title, system.options).settings;
	if (prompts !== "merged" || system.options.prompts !== undefined)
		return system;
	return { ...system, options: { ...system.options, prompts: list } };
}

/**
 * The options as a category resolves them. A recipe that needs references resolves without them. Errors start with the
 * title of the system.
 */
export function resolveSystem(
	title: string,
	options: CategoryOptions,
	className = "object",
): ResolvedCategory {
	const { recipe = "alfa" } = options;
	const override = typeof recipe === "string" ? { name: recipe } : recipe;
	const map =
		options.map ?? override.map ?? recipes[override.name ?? "alfa"]?.map;
	try {
		return resolveCategory(
			className,
			map === "references" ? { ...options, references: [] } : options,
		);
	} catch (error) {
		throw withLocation(error, `The system '${title}'`);
	}
}
