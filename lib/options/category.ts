// The options of engine.category: their types, the door, and how recipe and options become one set of settings.
import {
	arrayOf,
	boolean,
	func,
	isPlain,
	listed,
	number,
	oneOf,
	checkOptions,
	signal,
	text,
	wrongType,
	type Check,
} from "./validate.js";
import { argumentError, rangeError } from "../errors.js";
import type { ImageInput } from "../images/input.js";
import type { Settings } from "../native/settings.js";
import type { Source } from "../util/ordered.js";
import { cleanClassName } from "../prompts/class-name.js";
import {
	promptList,
	promptLists,
	type PromptListName,
} from "../prompts/lists.js";
import {
	toPromptSet,
	type PromptInput,
	type PromptSet,
} from "../prompts/prompt-set.js";
import {
	recipeNames,
	recipes,
	type BankOptions,
	type RecipeName,
	type RecipeSettings,
} from "../recipes.js";

/** The image also looked at tile by tile, at full resolution, in the image's own pixels. */
export interface TileOptions {
	/** Side of a tile. Images must be at least as large. */
	size: number;
	/** How far neighbouring tiles overlap, less than size. Default a quarter of size. */
	overlap?: number;
}

/** Normal images, or those with how they are kept: { images, augment: 'rotate4', ... }. */
export type References =
	| Source<ImageInput>
	| ({ images: Source<ImageInput> } & BankOptions);

export interface CategoryOptions
	extends Partial<Omit<RecipeSettings, "prompts">> {
	/** A recipe's name, or an object of settings over the recipe `name`. Default 'alfa'. */
	recipe?: RecipeName | ({ name?: RecipeName } & Partial<RecipeSettings>);
	/** A prompt set, its two lists, or a shipped list's name. Default: the recipe's list. */
	prompts?: PromptListName | PromptInput;
	/** A few normal images, from which distances are measured (few-shot). Default: none. */
	references?: References;
	/** Default: none, the image is looked at whole. */
	tile?: TileOptions;
	/** The words that stand for the class in prompts. Default: the class's name, cleaned ("metal_nut1" -> "metal nut"). */
	displayName?: string;
	/** Image scores above it are anomalous, 0 to 1. Default: none until `calibrate`. */
	threshold?: number;
	/** Map values above it make regions, 0 to 1. Default: none until `calibrate`. */
	pixelThreshold?: number;
	/** Cancels the encoding of the prompts and the references. */
	signal?: AbortSignal;
	/** After each reference; `total` where they are an array or a set. */
	onProgress?: (progress: { done: number; total?: number }) => void;
}

const context: Check = (value, name) => {
	if (typeof value === "boolean") return;
	if (isPlain(value))
		return checkOptions(value, name, {
			slope: number({ above: 0 }),
			weighting: oneOf(["uniform", "score"]),
			fallback: oneOf(["side", "both"]),
		});
	if (typeof value !== "string")
		throw wrongType(
			"a boolean, 'on', 'off' or { slope, weighting, fallback }",
			name,
			value,
		);
	oneOf(["on", "off"])(value, name);
};

const scales: Check = (value, name) => {
	arrayOf(number({ integer: true, min: 1 }), {
		max: 8,
		what: "an array of window sides in patches",
	})(value, name);
	if (new Set(value as number[]).size !== (value as number[]).length)
		throw rangeError(
			`Expected different scales for ${name} but received ${(value as number[]).join(", ")}`,
		);
};

const odd: Check = (value, name) => {
	number({ integer: true, min: 1, max: 4095 })(value, name);
	if ((value as number) % 2 === 0)
		throw rangeError(
			`Expected an odd number of patches for ${name} but received ${value as number}`,
		);
};

const layer: Check = (value, name) => {
	number({ integer: true, min: -4096, max: 4096 })(value, name);
	if (value === 0)
		throw rangeError(
			`Expected a block from 1, or from the end as -1, for ${name} but received 0`,
		);
};

const featureChecks: Record<keyof RecipeSettings["features"], Check> = {
	layers: arrayOf(layer, { max: 64, what: "an array of block numbers" }),
	depths: arrayOf(number({ above: 0, max: 1 }), {
		max: 64,
		what: "an array of shares of the depth",
	}),
	neighbourhoods: arrayOf(odd, {
		min: 1,
		max: 8,
		what: "an array of odd numbers of patches",
	}),
	join: boolean,
	standardise: boolean,
	windows: boolean,
};
const bankChecks: Record<keyof BankOptions, Check> = {
	distance: oneOf(["cosine", "euclidean"]),
	augment: oneOf(["none", "rotate4"]),
	maxEntries: number({ integer: true, min: 1, max: 2 ** 24 }),
	share: number({ above: 0, max: 1 }),
	seed: number({ integer: true, min: 0, max: Number.MAX_SAFE_INTEGER }),
};
const options =
	(shape: Record<string, Check>): Check =>
	(value, name) =>
		checkOptions(value, name, shape);

const settingChecks: Record<keyof Omit<RecipeSettings, "prompts">, Check> = {
	scales,
	context,
	temperature: number({ above: 0 }),
	aligner: oneOf(["ridge", "pinv", "off"]),
	lambda: number({ above: 0 }),
	values: oneOf(["projected", "raw"]),
	classRow: boolean,
	harmonic: options({ includeGlobal: boolean }),
	map: oneOf([
		"windows",
		"values",
		"path",
		"relevance",
		"references",
		"mutual",
		"none",
	]),
	smoothing: odd,
	alignCorners: boolean,
	features: options(featureChecks),
	bank: options(bankChecks),
	mask: oneOf(["drop", "zero"]),
	fit: oneOf(["squash", "crop"]),
	resolution: oneOf(["grid", "model", "image"]),
	imageScore: oneOf(["mean", "global", "max", "reweighted"]),
};

const promptSource: Check = (value, name) => {
	if (typeof value === "string") oneOf(promptLists)(value, name);
	else if (!isPlain(value))
		throw wrongType(
			`{ normal, abnormal }, a whole prompt set, or ${listed(promptLists)}`,
			name,
			value,
		);
};

export const isSource = (value: unknown): value is Source<ImageInput> =>
	typeof value === "object" &&
	value !== null &&
	!ArrayBuffer.isView(value) &&
	(Symbol.iterator in value || Symbol.asyncIterator in value);

const references: Check = (value, name) => {
	if (isSource(value)) return;
	if (!isPlain(value) || !("images" in value))
		throw wrongType(
			"an iterable of normal images, or { images, augment, maxEntries, … }",
			name,
			value,
		);
	checkOptions(value, name, {
		...bankChecks,
		images: (images, at) => {
			if (!isSource(images))
				throw wrongType("an iterable of normal images", at, images);
		},
	});
};

const tile: Check = (value, name) => {
	const side = number({ integer: true, min: 8, max: 2 ** 20 });
	checkOptions(value, name, {
		size: side,
		overlap: number({ integer: true, min: 0, max: 2 ** 20 }),
	});
	const { size, overlap } = value as TileOptions;
	side(size, `${name}.size`);
	if (overlap !== undefined && overlap >= size)
		throw rangeError(
			`Expected ${name}.overlap below ${name}.size (${size}) but received ${overlap}`,
		);
};

const share = number({ min: 0, max: 1 });
const shape: Record<string, Check> = {
	...settingChecks,
	tile,
	references,
	signal,
	onProgress: func,
	threshold: share,
	pixelThreshold: share,
	displayName: text,
	prompts: promptSource,
	recipe: (value, name) => {
		if (!isPlain(value)) return oneOf(recipeNames)(value, name);
		checkOptions(value, name, {
			...settingChecks,
			name: oneOf(recipeNames),
			prompts: oneOf([...promptLists, "none"]),
		});
	},
};

export interface ResolvedCategory {
	name: string;
	recipe: RecipeName;
	settings: Settings;
	/** undefined where pictures alone are compared. */
	prompts: PromptSet | undefined;
	references: Source<ImageInput> | undefined;
}

/** Checks the options and puts defaults, recipe and options over one another. */
export function resolveCategory(
	name: unknown,
	given: unknown = {},
): ResolvedCategory {
	checkOptions(given, "options", shape);
	const {
		recipe: wanted = "alfa",
		prompts,
		displayName,
		references: shown,
		...rest
	} = given as CategoryOptions;
	const recipe = typeof wanted === "string" ? wanted : (wanted.name ?? "alfa");
	const { images, ...kept } =
		shown === undefined || isSource(shown) ? { images: shown } : shown;
	const layers: Partial<Settings>[] = [
		typeof wanted === "string" ? {} : wanted,
		rest,
		{ bank: kept },
	];
	const settings = layers.reduce<Settings>(over, recipes[recipe]);
	if (typeof name !== "string")
		throw wrongType("a string", "the class name", name);
	checkTogether(settings, recipe, {
		prompts: prompts !== undefined,
		references: images !== undefined,
	});
	if (settings.prompts === "none")
		return { name, recipe, settings, prompts: undefined, references: images };
	const className = displayName?.trim() ?? cleanClassName(name);
	const set =
		prompts === undefined || typeof prompts === "string"
			? promptList(prompts ?? settings.prompts, className, name)
			: toPromptSet(prompts, className);
	return { name, recipe, settings, prompts: set, references: images };
}

/** The settings of a saved category, checked like given ones. */
export function checkedSettings(settings: unknown): Settings {
	checkOptions(settings, "settings", {
		...settingChecks,
		tile,
		prompts: oneOf([...promptLists, "none"]),
	});
	return over(recipes.alfa, settings as Partial<Settings>);
}

/** `given` over `base`: keys that are undefined are left out, objects are laid over key by key. */
function over(base: Settings, given: Partial<Settings>): Settings {
	const known = Object.entries(given).filter(
		([key, value]) =>
			value !== undefined &&
			(key in settingChecks || key === "tile" || key === "prompts"),
	);
	const merged = known.map(([key, value]) => {
		const below: unknown = base[key as keyof Settings];
		const nested = isPlain(value) && isPlain(below);
		// Blocks named by number take the place of those named by depth, and the other way round.
		const cleared =
			nested && key === "features" && ("layers" in value || "depths" in value)
				? { layers: undefined, depths: undefined }
				: {};
		return [
			key,
			nested
				? Object.fromEntries(
						Object.entries({ ...below, ...cleared, ...value }).filter(
							([, each]) => each !== undefined,
						),
					)
				: value,
		];
	});
	return { ...base, ...(Object.fromEntries(merged) as Partial<Settings>) };
}

/** Throws where settings that are right by themselves contradict each other. */
function checkTogether(
	settings: Settings,
	recipe: string,
	given: { prompts: boolean; references: boolean },
): void {
	const {
		prompts,
		map,
		imageScore,
		context: contextOption,
		tile: tiling,
		fit,
		features,
	} = settings;
	const text = prompts !== "none";
	const fail = (message: string) => {
		throw argumentError(message);
	};
	if (!text && given.prompts)
		fail(
			`The recipe '${recipe}' compares pictures alone; leave prompts out, or take a recipe that reads them`,
		);
	if (!text && !["references", "mutual"].includes(map))
		fail(
			`Expected map 'references' or 'mutual' without prompts but received '${map}'`,
		);
	if (text && ["references", "mutual"].includes(map))
		fail(
			`Expected a recipe without prompts, such as 'patchcore' or 'musc', for map '${map}'`,
		);
	if (text && !["mean", "global"].includes(imageScore))
		fail(
			`Expected imageScore 'mean' or 'global' with prompts but received '${imageScore}'`,
		);
	if (!text && !["max", "reweighted"].includes(imageScore))
		fail(
			`Expected imageScore 'max' or 'reweighted' without prompts but received '${imageScore}'`,
		);
	if (map === "references" && !given.references)
		fail(
			`The recipe '${recipe}' measures distances to normal images; give some as references`,
		);
	if (map === "mutual" && given.references)
		fail(
			`The recipe '${recipe}' compares the images of a stream with each other; leave references out`,
		);
	if (map === "mutual" && tiling)
		fail("Tiles do not go with images that judge each other; leave tile out");
	if (map === "mutual" && (features.windows || features.join))
		fail(
			"Expected features.windows and features.join false for images that judge each other",
		);
	if (map === "relevance" && contextOption !== false && contextOption !== "off")
		fail(
			"Expected context 'off' with map 'relevance': its prompts are fixed before the image is seen",
		);
	if (tiling && fit === "crop")
		fail(
			"Expected fit 'squash' with tile: the whole image and its tiles must show the same",
		);
}
