// What is compared: systems (a recipe, perhaps with settings of one's own), each at some numbers of references.
import {
	resolveCategory,
	type CategoryOptions,
	type ResolvedCategory,
} from "../category/options.js";
import { argumentError, withLocation, rangeError } from "../errors.js";
import { extendPrompts } from "../prompts/extend.js";
import { cleanClassName } from "../prompts/class-name.js";
import { promptList, type PromptListName } from "../prompts/lists.js";
import { toPromptSet, type PromptInput } from "../prompts/prompt-set.js";
import { recipeNames, recipes, type RecipeName } from "../recipes.js";
import { readouts, type Readout, type Variant } from "./results.js";

/** A recipe under a name of its own, with settings over it. */
export interface SystemOptions
	extends Omit<
		CategoryOptions,
		| "references"
		| "displayName"
		| "threshold"
		| "pixelThreshold"
		| "signal"
		| "onProgress"
	> {
	/** What tables call it. */
	title: string;
	/** Default 'score'. */
	readout?: Readout;
}

export interface System {
	readonly title: string;
	readonly readout: Readout;
	readonly options: CategoryOptions;
}

const forbidden = [
	"references",
	"displayName",
	"threshold",
	"pixelThreshold",
	"signal",
	"onProgress",
];

export function toSystem(given: RecipeName | SystemOptions): System {
	if (typeof given === "string") {
		if (!recipeNames.includes(given))
			throw rangeError(
				`Expected a recipe's name (${recipeNames.join(", ")}) or { title, … } for systems but received '${given}'`,
			);
		return { title: given, readout: "score", options: { recipe: given } };
	}
	const { title, readout = "score", ...options } = given;
	if (typeof title !== "string" || title.trim() === "")
		throw argumentError(
			"Expected a title for every system: what tables call it",
		);
	if (!readouts.includes(readout))
		throw rangeError(
			`Expected ${readouts.join(", ")} for the readout of '${title}' but received '${String(readout)}'`,
		);
	const wrong = forbidden.find((key) => key in options);
	if (wrong)
		throw argumentError(
			`The system '${title}' has '${wrong}', which evaluation sets itself; leave it out`,
		);
	return { title, readout, options };
}

/** The same with another list where the recipe reads 'merged' and the system names none of its own. */
export function withList(system: System, list: PromptListName): System {
	const { prompts } = resolvedFor(system.title, system.options).settings;
	return prompts === "merged" && system.options.prompts === undefined
		? { ...system, options: { ...system.options, prompts: list } }
		: system;
}

/** One way of looking at images: what several variants may share, and what results are kept of. */
export interface Look {
	readonly id: string;
	readonly options: CategoryOptions;
	readonly shots: number;
	readonly seed: number;
	/** Images judge each other: all of a category are needed at once. */
	readonly mutual: boolean;
	readonly prompts: boolean;
	/** The size at which maps are kept: the patch grid, which says all; with tiles, which see more, what is measured. */
	readonly resolution: "grid" | "model" | "image";
}

export interface Plan {
	readonly variants: readonly Variant[];
	readonly looks: readonly Look[];
	/** Of each variant, one per seed. */
	readonly looksOf: ReadonlyMap<string, readonly Look[]>;
}

/** Every system at every number of shots that it can do. Throws for one that can do none of them. */
export function planOf(
	systems: readonly System[],
	shots: readonly number[],
	seeds: number,
	resolution: number | "image",
	modelSize: number,
): Plan {
	const twice = systems.find(
		({ title }, i) => systems.findIndex((each) => each.title === title) !== i,
	);
	if (twice)
		throw rangeError(
			`Two systems are called '${twice.title}'; give each a title of its own`,
		);
	const variants: Variant[] = [];
	const looks = new Map<string, Look>();
	const looksOf = new Map<string, Look[]>();
	for (const { title, readout, options } of systems) {
		const { recipe, settings } = resolvedFor(title, options);
		const { map, prompts } = settings;
		const possible = shots.filter((count) =>
			map === "references" ? count > 0 : map === "mutual" ? count === 0 : true,
		);
		if (possible.length === 0) {
			throw rangeError(
				map === "references"
					? `The system '${title}' measures distances to normal images; give shots of at least 1`
					: `The system '${title}' compares test images with each other and takes no references; add 0 to shots`,
			);
		}
		if (readout === "one-class" && prompts === "none")
			throw argumentError(
				`The system '${title}' has no prompts to be one-class with`,
			);
		for (const count of possible) {
			const id = count === 0 ? title : `${title} ${count}-shot`;
			const draws = count === 0 ? 1 : seeds;
			variants.push({
				id,
				system: title,
				recipe,
				shots: count,
				seeds: draws,
				settings,
				readout,
			});
			looksOf.set(
				id,
				Array.from({ length: draws }, (_, seed) => {
					const key = JSON.stringify([options, count, seed]);
					const known = looks.get(key);
					const look = known ?? {
						id: draws === 1 && count === 0 ? id : `${id} #${seed}`,
						options,
						shots: count,
						seed,
						mutual: map === "mutual",
						prompts: prompts !== "none",
						resolution: !settings.tile
							? "grid"
							: resolution === "image" || resolution > modelSize
								? "image"
								: "model",
					};
					if (!known) looks.set(key, look);
					return look;
				}),
			);
		}
	}
	return { variants, looks: [...looks.values()], looksOf };
}

/** Options as a category would take them; those that need references count as having some. */
function resolvedFor(
	title: string,
	options: CategoryOptions,
	name = "object",
): ResolvedCategory {
	const { recipe = "alfa" } = options;
	const over = typeof recipe === "string" ? { name: recipe } : recipe;
	const map = options.map ?? over.map ?? recipes[over.name ?? "alfa"]?.map;
	try {
		return resolveCategory(
			name,
			map === "references" ? { ...options, references: [] } : options,
		);
	} catch (error) {
		throw withLocation(error, `The system '${title}'`);
	}
}

/** The options of a look for one category; `own` are the category's own prompts, which stand where the library's would. */
export function optionsFor(
	look: Look,
	name: string,
	own: PromptInput | undefined,
): CategoryOptions {
	const list =
		look.options.prompts ??
		resolvedFor(look.id, look.options, name).settings.prompts;
	if (!own || !look.prompts || (list !== "merged" && list !== "library"))
		return look.options;
	const set = toPromptSet(own, cleanClassName(name));
	return {
		...look.options,
		prompts:
			list === "library"
				? set
				: extendPrompts(promptList("templates", cleanClassName(name)), set),
	};
}
