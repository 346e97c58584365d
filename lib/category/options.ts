// The options of engine.category: their types, their checks, and how recipe and options become one set of settings.
import { isDeepStrictEqual } from "node:util";
import { argumentError } from "../errors.js";
import type { ImageInput } from "../images/input.js";
import { type ImageReading, readingChecks } from "../options/reading.js";
import {
	type Check,
	checkOptions,
	func,
	isPlain,
	listed,
	number,
	oneOf,
	signal,
	text,
	wrongType,
} from "../options/validate.js";
import { cleanClassName } from "../prompts/class-name.js";
import {
	type PromptListName,
	promptList,
	promptLists,
} from "../prompts/lists.js";
import {
	type PromptInput,
	type PromptSet,
	promptKeys,
	toPromptSet,
} from "../prompts/prompt-set.js";
import { type RecipeName, recipeNames, recipes } from "../recipes.js";
import { checkTogether } from "../settings/contradictions.js";
import { merge } from "../settings/kinds.js";
import {
	type BankOptions,
	type RecipeOptions,
	recipeChecks,
	type Settings,
	settingChecks,
	settingTable,
	type TileOptions,
} from "../settings/settings.js";
import { isSource, type Source } from "../util/ordered.js";
import { isArray, readArray, readObject } from "../util/read-once.js";

/** Normal images, alone or with settings of the bank: { images, augment: 'rotate4', ... }. */
export type References =
	| Source<ImageInput>
	| ({ images: Source<ImageInput> } & BankOptions);

export interface CategoryOptions extends Omit<RecipeOptions, "prompts"> {
	/**
	 * A recipe's name, or an object: the recipe `name` (default 'alfa') with settings over it. A setting may stand in
	 * this object or directly in the options. If it stands in both with different values, `engine.category` rejects with
	 * a TypeError. Default 'alfa'.
	 */
	recipe?: RecipeName | ({ name?: RecipeName } & RecipeOptions);
	/** A prompt set, its two lists, or the name of a list in the package. Default: the recipe's list. */
	prompts?: PromptListName | PromptInput;
	/** A few normal images; distances to them are part of the scores (few-shot). Default: none. */
	references?: References;
	/** Tiles at full resolution. Default: none, the image is resized as a whole. */
	tile?: TileOptions;
	/** The class's name in prompts. Default: the cleaned name ("metal_nut" becomes "metal nut"). */
	displayName?: string;
	/** Images with a higher score are anomalous. 0 to 1. Default: none until `calibrate`. */
	threshold?: number;
	/** Map values above it form regions. 0 to 1. Default: none until `calibrate`. */
	pixelThreshold?: number;
	/** As in `Engine.open`, for the references and detections of this category. Default: as the engine. */
	damaged?: ImageReading["damaged"];
	/** As in `Engine.open`, for the references and detections of this category. Default: as the engine. */
	colour?: ImageReading["colour"];
	/** Cancels the encoding of prompts and reference images. */
	signal?: AbortSignal;
	/** Called after each reference image. `total` is present if the references are an array or a set. */
	onProgress?: (progress: { done: number; total?: number }) => void;
}

/** A source of images. An array is copied. `what`: the expected value in words. */
export function imageSource(
	value: unknown,
	name: string,
	what = "an iterable of normal images",
): Source<ImageInput> {
	if (!isSource(value)) throw wrongType(what, name, value);
	return isArray(value)
		? (readArray(value, name) as ImageInput[])
		: (value as Source<ImageInput>);
}

const references: Check<References> = (value, name) => {
	if (isSource(value)) return imageSource(value, name);
	const expected =
		"an iterable of normal images, or { images, augment, maxEntries, … }";
	if (!isPlain(value)) throw wrongType(expected, name, value);
	const { images, ...bank } = readObject(value, name, referenceKeys);
	if (images === undefined) throw wrongType(expected, name, value);
	return {
		...(bankCheck(bank, name) as BankOptions),
		images: imageSource(images, `${name}.images`),
	};
};
const bankCheck = settingChecks["bank"]!;
const referenceKeys = ["images", ...Object.keys(settingTable.bank.fields!)];

const promptSource: Check<PromptListName | PromptInput> = (value, name) => {
	if (typeof value === "string") return oneOf(promptLists)(value, name);
	if (isPlain(value))
		return readObject(value, name, promptKeys) as unknown as PromptInput;
	throw wrongType(
		`{ normal, abnormal }, a prompt set, or ${listed(promptLists)}`,
		name,
		value,
	);
};

const recipeKeys = { ...recipeChecks, name: oneOf(recipeNames) };
const recipe: Check<NonNullable<CategoryOptions["recipe"]>> = (value, name) => {
	if (!isPlain(value)) return oneOf(recipeNames)(value, name);
	return checkOptions(value, name, recipeKeys) as RecipeOptions;
};

const score = number({ min: 0, max: 1 });
const optionChecks: Record<string, Check> = {
	...settingChecks,
	prompts: promptSource,
	recipe,
	references,
	displayName: text,
	threshold: score,
	pixelThreshold: score,
	damaged: readingChecks.damaged,
	colour: readingChecks.colour,
	signal,
	onProgress: func,
};

/** The options that are neither settings nor prompts nor references. */
export type CallOptions = Pick<
	CategoryOptions,
	| "threshold"
	| "pixelThreshold"
	| "damaged"
	| "colour"
	| "signal"
	| "onProgress"
>;

export interface ResolvedCategory {
	name: string;
	recipe: RecipeName;
	settings: Settings;
	/** undefined for recipes without prompts. */
	prompts: PromptSet | undefined;
	references: Source<ImageInput> | undefined;
	call: CallOptions;
}

/** Checks the options and returns the category's settings: the recipe's, with the options over them. */
export function resolveCategory(
	name: unknown,
	options: unknown = {},
): ResolvedCategory {
	const category = checkOptions(
		options,
		"options",
		optionChecks,
	) as CategoryOptions;
	const { name: recipe = "alfa", ...inRecipe } =
		typeof category.recipe === "object"
			? category.recipe
			: { name: category.recipe };
	const { images: references, ...bank } = isSource(category.references)
		? { images: category.references }
		: (category.references ?? { images: undefined });
	const { prompts, ...direct } = category;
	const settings = override(recipes[recipe], {
		recipe: inRecipe,
		"the options": direct,
		references: { bank },
	});
	if (typeof name !== "string")
		throw wrongType("a string", "the class name", name);
	checkTogether(settings, recipe, {
		prompts: prompts !== undefined,
		references: references !== undefined,
	});
	return {
		name,
		recipe,
		settings,
		prompts: resolvePrompts(name, category, settings),
		references,
		call: category,
	};
}

function resolvePrompts(
	name: string,
	{ prompts, displayName }: CategoryOptions,
	settings: Settings,
): PromptSet | undefined {
	if (settings.prompts === "none") return undefined;
	const className = displayName?.trim() ?? cleanClassName(name);
	if (prompts === undefined || typeof prompts === "string")
		return promptList(prompts ?? settings.prompts, className, name);
	return toPromptSet(prompts, className);
}

type Options = Record<string, unknown>;

/**
 * `base` with the settings of every entry over it. Keys that are not settings are ignored.
 * Throws a TypeError if two entries give one setting different values.
 */
function override(base: Settings, entries: Record<string, Options>): Settings {
	const named = Object.entries(entries).map(([where, options]) => {
		const keys = Object.keys(options).filter((key) => key in settingTable);
		const settings = Object.fromEntries(keys.map((key) => [key, options[key]]));
		return { where, settings };
	});
	for (const [i, { where, settings }] of named.entries())
		for (const other of named.slice(0, i)) {
			const path = contradiction(other.settings, settings);
			if (path !== undefined)
				throw argumentError(
					`The setting '${path}' has one value in ${other.where} and another in ${where}; pass it once`,
				);
		}
	return named.reduce(
		(result, { settings }) => merge(settingTable, result, settings),
		base,
	);
}

/** The path of the first key that both have with different values. */
function contradiction(one: Options, other: Options): string | undefined {
	for (const [key, value] of Object.entries(one)) {
		const otherValue = other[key];
		if (value === undefined || otherValue === undefined) continue;
		if (isPlain(value) && isPlain(otherValue)) {
			const inner = contradiction(value, otherValue);
			if (inner !== undefined) return `${key}.${inner}`;
		} else if (!isDeepStrictEqual(value, otherValue)) return key;
	}
	return undefined;
}

/** Checks the settings of a saved category like options, and returns them with every default. */
export function checkSavedSettings(saved: unknown): Settings {
	const settings = isPlain(saved) ? fromOlderFile(saved) : saved;
	const checked = checkOptions(settings, "settings", settingChecks);
	return merge<Settings>(settingTable, recipes.alfa, checked);
}

/** Version 0.1.0 could save a boolean as `context`, and both features.layers and features.depths: layers counted. */
function fromOlderFile(saved: Options): Options {
	const { context, features } = saved;
	const settings = { ...saved };
	if (typeof context === "boolean")
		settings["context"] = context ? "on" : "off";
	if (isPlain(features) && features["layers"] !== undefined) {
		const { depths: _, ...others } = features;
		settings["features"] = others;
	}
	return settings;
}
