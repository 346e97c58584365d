// Every setting of a category, in one table. From it come the types, the defaults, the checks of options and of saved
// files, the object that native code reads (native/settings.h has a field for each) and docs/settings.md.
// A doc comment here is what editors and docs/settings.md show.

import { rangeError } from "../errors.js";
import { type Check, checkOptions, number } from "../options/validate.js";
import { promptLists } from "../prompts/lists.js";
import {
	checksOf,
	choice,
	defaultsOf,
	flag,
	group,
	groupWithAlternatives,
	list,
	numeric,
	type OptionsOf,
	type Setting,
	switchable,
	type ValuesOf,
} from "./kinds.js";

const windowSide = number({ integer: true, min: 1 });
const oddSide = { odd: true, min: 1, max: 4095 };
const tileSide = number({ integer: true, min: 8, max: 2 ** 20 });
const tileOverlap = number({ integer: true, min: 0, max: 2 ** 20 });

const block: Check<number> = (value, name) => {
	const block = number({ integer: true, min: -4096, max: 4096 })(value, name);
	if (block === 0)
		throw rangeError(
			`Expected a block from 1, or from the end as -1, for ${name} but received 0`,
		);
	return block;
};

/** The settings of the contextual score. */
export const context = group({
	/** k of the logistic function. */
	slope: numeric(1, { above: 0 }),
	/** The kept prompts have equal weights, or their contextual scores as weights. */
	weighting: choice("uniform", ["uniform", "score"]),
	/** If no prompt of one label is kept: all prompts of that label count, or all prompts of both labels. */
	fallback: choice("side", ["side", "both"]),
});

const features = groupWithAlternatives(
	{
		/** Blocks whose outputs are used: 1, 2, ..., or from the last one -1, -2, ... Replaces `depths`. */
		layers: list([], block, { max: 64, of: "block numbers" }),
		/** The same as fractions of the model's depth. Replaces `layers`. */
		depths: list([0.5], number({ above: 0, max: 1 }), {
			max: 64,
			of: "fractions of the depth",
		}),
	},
	"depths",
	{
		/** Each patch is the mean over a square with this side, in patches. Each entry makes levels of its own. */
		neighbourhoods: list([1], number(oddSide), {
			min: 1,
			max: 8,
			of: "odd numbers of patches",
		}),
		/** Joins the rows of all layers into one level. Otherwise each layer is a level. */
		join: flag(false),
		/** Standardises the output of each layer over the image first (MuSc). */
		standardise: flag(false),
		/** The embeddings of the windows are levels too, one per scale. */
		windows: flag(true),
	},
);

const bank = group({
	/** (1 - cosine) / 2, or half the Euclidean distance of the unit vectors. */
	distance: choice("cosine", ["cosine", "euclidean"]),
	/** 'rotate4': reference images are also added turned by 90, 180 and 270 degrees. */
	augment: choice("none", ["none", "rotate4"]),
	/** Maximum rows per level. A greedy coreset reduces larger levels. */
	maxEntries: numeric(8192, { integer: true, min: 1, max: 2 ** 24 }),
	/** Coreset fraction: the part of a level's rows that the bank keeps. */
	share: numeric(1, { above: 0, max: 1 }),
	/** Seed of the coreset's random start and projection. */
	seed: numeric(0, { integer: true, min: 0, max: Number.MAX_SAFE_INTEGER }),
});

/** The settings of a recipe. */
export const recipeTable = {
	/** The prompt list to use if the category has no `prompts` option. 'none': images are compared only with images. */
	prompts: choice("merged", [...promptLists, "none"]),
	/** Window sides in patches. Empty: no windows. */
	scales: list([2, 3], windowSide, {
		max: 8,
		distinct: true,
		of: "window sides in patches",
	}),
	/** T of the softmax over normal and abnormal. */
	temperature: numeric(0.07, { above: 0 }),
	/** How the prompt directions are carried from the image's space into each window's space. */
	aligner: choice("ridge", ["ridge", "pinv", "off"]),
	/** Regularisation of the aligner. A large value works like no aligner. For 'pinv' it is eps: use a small value. */
	lambda: numeric(10, { above: 0 }),
	/** The values of the last layer after its output projection, or before it. */
	values: choice("projected", ["projected", "raw"]),
	/** Whether the rows of the class token and the registers take part in the alignment. */
	classRow: flag(true),
	/** Contextual score: drops prompts that do not fit the image, for each image. */
	context: switchable("on", context),
	/** The harmonic mean over the scales. */
	harmonic: group({
		/** The global score is one more scale of the mean. */
		includeGlobal: flag(false),
	}),
	/**
	 * Where the anomaly map comes from. 'windows': windows against prompts. 'values': patch values against prompts
	 * (MaskCLIP). 'path': the same over the V-V path (AnoVL). 'relevance': the class token's relevance (Trans-MM).
	 * 'references': distances to reference images only (PatchCore). 'mutual': images of one stream are compared with
	 * each other (MuSc). 'none': no map.
	 */
	map: choice("windows", [
		"windows",
		"values",
		"path",
		"relevance",
		"references",
		"mutual",
		"none",
	]),
	/** Side of a mean filter over the map, in patches. 1: no filter. */
	smoothing: numeric(1, oddSide),
	/** Upsampling aligns the corner pixels of the map instead of the pixel centres. */
	alignCorners: flag(false),
	/** What is compared with reference images, and by map 'mutual'. */
	features,
	/** How reference images are stored and how distances are measured. */
	bank,
	/** 'drop': tokens outside a window are dropped. 'zero': pixels outside it are black (about 30 times the work). */
	mask: choice("drop", ["drop", "zero"]),
	/** How an image becomes square: 'squash' changes its shape, 'crop' resizes the shorter side and cuts the centre. */
	fit: choice("squash", ["squash", "crop"]),
	/** Size of the map: the patch grid, the model's input or the image. */
	resolution: choice("model", ["grid", "model", "image"]),
	/** 'mean': (S_G + max M) / 2. 'global': S_G. Without prompts, 'max': max M, 'reweighted': the score of PatchCore. */
	imageScore: choice("mean", ["mean", "global", "max", "reweighted"]),
};

/** Detects also tile by tile at full resolution, in the image's own pixels. */
export interface TileOptions {
	/** Side of a tile in pixels, 8 to 2^20. Images must be at least as large. */
	size: number;
	/** Overlap of neighbouring tiles in pixels, less than `size`. Default: a quarter of `size`. */
	overlap?: number;
}

const tile: Setting<Required<TileOptions> | undefined, TileOptions> = {
	default: undefined,
	accepts: "{ size, overlap }",
	check: (value, name) => {
		const checks = { size: tileSide, overlap: tileOverlap };
		const tile = checkOptions(value, name, checks);
		const size = tileSide(tile.size, `${name}.size`);
		if (tile.overlap !== undefined && tile.overlap >= size)
			throw rangeError(
				`Expected ${name}.overlap below ${name}.size (${size}) but received ${tile.overlap}`,
			);
		return tile;
	},
	merge: (_below, { size, overlap = Math.floor(size / 4) }) => ({
		size,
		overlap,
	}),
};

/** Every setting of a category. */
export const settingTable = {
	...recipeTable,
	/**
	 * Detects also in tiles of `size` x `size` pixels at full resolution. Neighbouring tiles overlap by `overlap` pixels,
	 * by default a quarter of `size`. Images must be at least as large as a tile.
	 */
	tile,
};

/** Every setting of a recipe. Options of the same names override them, groups field by field. */
export interface RecipeSettings extends ValuesOf<typeof recipeTable> {}

/** Every setting of a category, with defaults filled in. */
export interface Settings extends RecipeSettings {
	/** undefined: no tiles. */
	tile?: Required<TileOptions>;
}

/** What users pass: every setting of a recipe may be absent. */
export interface RecipeOptions extends OptionsOf<typeof recipeTable> {}

/** 'on', 'off', or the details of the contextual score, which mean 'on'. */
export type ContextOption = NonNullable<RecipeOptions["context"]>;
export type FeatureOptions = NonNullable<RecipeOptions["features"]>;
export type BankOptions = NonNullable<RecipeOptions["bank"]>;

/** The settings of recipe `alfa`: the default of every setting. */
export const defaultSettings: RecipeSettings = defaultsOf(recipeTable);

export const recipeChecks = checksOf(recipeTable);
export const settingChecks = checksOf(settingTable);
