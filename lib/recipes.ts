// Recipes as data: the systems that ALFA compares itself with are settings of the same engine. A new one is one entry.
import type { PromptListName } from "./prompts/lists.js";

/** Every setting of a recipe. A category's options of the same names override them, objects key by key. */
export interface RecipeSettings {
	/** Which shipped list, where the category is given no prompts of its own; 'none': pictures alone are compared. */
	prompts: PromptListName | "none";
	/** Sides of the windows, in patches; none = no windows. */
	scales: number[];
	/** T of the softmax over normal and abnormal; above 0. */
	temperature: number;
	/** How the prompts are carried into each window's space. */
	aligner: "ridge" | "pinv" | "off";
	/** The aligner's regularisation; above 0, large = no aligner. For 'pinv' its eps: give a small one. Default 10 (docs/method.md). */
	lambda: number;
	/** The last layer's values after its output projection, or before. */
	values: "projected" | "raw";
	/** Whether the class token's row (and registers') takes part in the alignment. */
	classRow: boolean;
	/** Whether the prompts that both sides' similarities cover are dropped, per image. */
	context: ContextOption;
	/** includeGlobal: the global score is one more scale of the map's harmonic mean. */
	harmonic: { includeGlobal?: boolean };
	/**
	 * What the map is made of: 'windows' against the prompts; the patches' 'values' (MaskCLIP), or those of the V-V 'path'
	 * (AnoVL); the class token's 'relevance' (Trans-MM); distances to 'references' alone (PatchCore); the images of one
	 * stream, judging each other: 'mutual' (MuSc); or 'none'.
	 */
	map:
		| "windows"
		| "values"
		| "path"
		| "relevance"
		| "references"
		| "mutual"
		| "none";
	/** Side of a mean over the map's patches; odd, 1 = none. */
	smoothing: number;
	/** Upsampling of the map lays corners on corners instead of pixel centres between each other. */
	alignCorners: boolean;
	/** What is compared with references, and by 'mutual'. */
	features: FeatureOptions;
	/** How references are kept and distances measured. */
	bank: BankOptions;
	/** Tokens outside a window are dropped; or its pixels are black and all tokens kept (about 30 times the work). */
	mask: "drop" | "zero";
	/** To the model's square whatever the shape, or shortest side first and then the centre. */
	fit: "squash" | "crop";
	/** The map's size: the patch grid, the model's input or the image itself. */
	resolution: "grid" | "model" | "image";
	/** 'mean': (S_G + max M) / 2; 'global': S_G; without prompts 'max': max M; 'reweighted': PatchCore's. */
	imageScore: "mean" | "global" | "max" | "reweighted";
}

export type ContextOption =
	| boolean
	| "on"
	| "off"
	| {
			/** k of the logistic; above 0, default 1. */
			slope?: number;
			/** Kept prompts count alike, or by their contextual score; default 'uniform'. */
			weighting?: "uniform" | "score";
			/** When a side keeps none: that side counts whole, or both do; default 'side'. */
			fallback?: "side" | "both";
	  };

export interface FeatureOptions {
	/** Blocks whose outputs are taken, from 1, or from the end as -1, -2, ... Default: those at `depths`. */
	layers?: readonly number[];
	/** The same as shares of the model's depth, above 0 to 1. */
	depths?: readonly number[];
	/** Each patch is the mean over so many patches a side; odd. One level per entry. */
	neighbourhoods?: readonly number[];
	/** All layers as one level, their rows joined; otherwise each layer is a level. */
	join?: boolean;
	/** Each layer's output is first standardised over the image. */
	standardise?: boolean;
	/** The embeddings of the windows are levels too, one per scale. */
	windows?: boolean;
}

export interface BankOptions {
	/** (1 - cosine) / 2, or half the Euclidean distance of the unit vectors. */
	distance?: "cosine" | "euclidean";
	/** 'rotate4': references count in all four orientations. */
	augment?: "none" | "rotate4";
	/** Most rows kept per level; more are thinned out to a greedy coreset. */
	maxEntries?: number;
	/** Most rows kept per level as a share of all, above 0 to 1. */
	share?: number;
	/** Of the coreset's random start and projection. */
	seed?: number;
}

const alfa: RecipeSettings = {
	prompts: "merged",
	scales: [2, 3],
	temperature: 0.07,
	aligner: "ridge",
	lambda: 10,
	values: "projected",
	classRow: true,
	context: "on",
	harmonic: { includeGlobal: false },
	map: "windows",
	smoothing: 1,
	alignCorners: false,
	features: {
		depths: [0.5],
		neighbourhoods: [1],
		join: false,
		standardise: false,
		windows: true,
	},
	bank: {
		distance: "cosine",
		augment: "none",
		maxEntries: 8192,
		share: 1,
		seed: 0,
	},
	mask: "drop",
	fit: "squash",
	resolution: "model",
	imageScore: "mean",
};
const plain: RecipeSettings = {
	...alfa,
	scales: [],
	context: "off",
	aligner: "off",
	imageScore: "global",
};
const pictures: RecipeSettings = { ...plain, prompts: "none" };

export const recipes = {
	alfa,
	winclip: {
		...alfa,
		prompts: "winclip",
		context: "off",
		aligner: "off",
		harmonic: { includeGlobal: true },
		imageScore: "global",
	},
	"clip-ac": { ...plain, prompts: "clip-ac", map: "none" },
	maskclip: { ...plain, prompts: "templates", map: "values" },
	anovl: {
		...plain,
		prompts: "anovl",
		map: "path",
		smoothing: 3,
		alignCorners: true,
	},
	patchcore: {
		...pictures,
		map: "references",
		imageScore: "reweighted",
		features: {
			depths: [0.5, 0.75],
			neighbourhoods: [3],
			join: true,
			standardise: false,
			windows: false,
		},
		bank: { ...alfa.bank, distance: "euclidean", share: 0.1 },
	},
	musc: {
		...pictures,
		map: "mutual",
		imageScore: "max",
		alignCorners: true,
		features: {
			depths: [0.25, 0.5, 0.75, 1],
			neighbourhoods: [1, 3, 5],
			join: false,
			standardise: true,
			windows: false,
		},
		bank: { ...alfa.bank, distance: "euclidean" },
	},
	"trans-mm": { ...plain, prompts: "clip-ac", map: "relevance" },
} satisfies Record<string, RecipeSettings>;

export type RecipeName = keyof typeof recipes;
export const recipeNames = Object.keys(recipes) as RecipeName[];
