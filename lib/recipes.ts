// Recipes as data: ALFA and the methods that it is compared with are settings of one engine. A new recipe is one entry.
import { merge } from "./settings/kinds.js";
import {
	defaultSettings,
	type RecipeOptions,
	type RecipeSettings,
	recipeTable,
} from "./settings/settings.js";

/** The defaults with these settings over them. */
const recipe = (options: RecipeOptions): RecipeSettings =>
	merge(recipeTable, defaultSettings, options);

const withoutWindows = {
	scales: [],
	context: "off",
	aligner: "off",
	imageScore: "global",
} as const satisfies RecipeOptions;

const withoutPrompts = {
	...withoutWindows,
	prompts: "none",
} as const satisfies RecipeOptions;

export const recipes = {
	alfa: defaultSettings,
	winclip: recipe({
		prompts: "winclip",
		context: "off",
		aligner: "off",
		harmonic: { includeGlobal: true },
		imageScore: "global",
	}),
	"clip-ac": recipe({ ...withoutWindows, prompts: "clip-ac", map: "none" }),
	maskclip: recipe({ ...withoutWindows, prompts: "templates", map: "values" }),
	anovl: recipe({
		...withoutWindows,
		prompts: "anovl",
		map: "path",
		smoothing: 3,
		alignCorners: true,
	}),
	patchcore: recipe({
		...withoutPrompts,
		map: "references",
		imageScore: "reweighted",
		features: {
			depths: [0.5, 0.75],
			neighbourhoods: [3],
			join: true,
			windows: false,
		},
		bank: { distance: "euclidean", share: 0.1 },
	}),
	musc: recipe({
		...withoutPrompts,
		map: "mutual",
		imageScore: "max",
		alignCorners: true,
		features: {
			depths: [0.25, 0.5, 0.75, 1],
			neighbourhoods: [1, 3, 5],
			standardise: true,
			windows: false,
		},
		bank: { distance: "euclidean" },
	}),
	"trans-mm": recipe({
		...withoutWindows,
		prompts: "clip-ac",
		map: "relevance",
	}),
} satisfies Record<string, RecipeSettings>;

export type RecipeName = keyof typeof recipes;
export const recipeNames = Object.keys(recipes) as RecipeName[];
