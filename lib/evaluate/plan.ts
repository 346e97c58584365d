// The plan of an evaluation: which variants there are, and which configurations of categories they need.

import type { CategoryOptions } from "../category/options.js";
import { argumentError, rangeError } from "../errors.js";
import { cleanClassName } from "../prompts/class-name.js";
import { extendPrompts } from "../prompts/extend.js";
import { promptList } from "../prompts/lists.js";
import { type PromptInput, toPromptSet } from "../prompts/prompt-set.js";
import type { Variant } from "../report/evaluation/results.js";
import { resolveSystem, type System } from "./systems.js";

/**
 * A category configuration: options, number of references and seed. Variants that differ only in `readout`
 * share it. The journal stores one detection per image and configuration. The keys are part of the id of a
 * run.
 */
export interface Configuration {
	readonly id: string;
	readonly options: CategoryOptions;
	/** Number of reference images. */
	readonly shots: number;
	readonly seed: number;
	/** Whether images judge each other, so that all images of a category are needed at once. */
	readonly mutual: boolean;
	/** Whether prompts are used. */
	readonly prompts: boolean;
	/**
	 * The size of the stored maps. 'grid', one value per patch, has all information of a map without tiles. A
	 * map with tiles has more, so it is stored at the size at which it is measured.
	 */
	readonly resolution: "grid" | "model" | "image";
}

export interface Plan {
	readonly variants: readonly Variant[];
	readonly configurations: readonly Configuration[];
	/** By the id of the variant: its configurations, one per seed. */
	readonly configurationsOf: ReadonlyMap<string, readonly Configuration[]>;
}

/** `modelSize`: the image size of the model. Throws if a system cannot run with any of the numbers of shots. */
export function makePlan(
	systems: readonly System[],
	shots: readonly number[],
	seeds: number,
	resolution: number | "image",
	modelSize: number,
): Plan {
	checkTitles(systems);
	const variants: Variant[] = [];
	const configurations = new Map<string, Configuration>();
	const configurationsOf = new Map<string, Configuration[]>();
	for (const system of systems) {
		for (const variant of variantsOf(system, shots, seeds)) {
			variants.push(variant);
			const perSeed = Array.from({ length: variant.seeds }, (_, seed) =>
				makeConfiguration(system, variant, seed, resolution, modelSize),
			);
			const shared = perSeed.map((configuration) => {
				const key = JSON.stringify([
					system.options,
					variant.shots,
					configuration.seed,
				]);
				const known = configurations.get(key) ?? configuration;
				configurations.set(key, known);
				return known;
			});
			configurationsOf.set(variant.id, shared);
		}
	}
	return {
		variants,
		configurations: [...configurations.values()],
		configurationsOf,
	};
}

function checkTitles(systems: readonly System[]): void {
	const titles = systems.map(({ title }) => title);
	const duplicate = titles.find((title, i) => titles.indexOf(title) !== i);
	if (duplicate !== undefined) {
		throw rangeError(
			`Two systems have the title '${duplicate}'; give each system its own title`,
		);
	}
}

function variantsOf(
	{ title, readout, options }: System,
	shots: readonly number[],
	seeds: number,
): Variant[] {
	const { recipe, settings } = resolveSystem(title, options);
	const { map, prompts } = settings;
	const canRun = (count: number) => {
		if (map === "references") return count > 0;
		return map !== "mutual" || count === 0;
	};
	const possible = shots.filter(canRun);
	if (possible.length === 0) {
		throw rangeError(
			map === "references"
				? `The system '${title}' measures distances to normal images, so it needs references; give shots of at least 1`
				: `The system '${title}' compares test images with each other and takes no references; add 0 to shots`,
		);
	}
	if (readout === "one-class" && prompts === "none") {
		throw argumentError(
			`The system '${title}' uses no prompts, but the readout 'one-class' needs normal prompts`,
		);
	}
	return possible.map((count) => ({
		id: count === 0 ? title : `${title} ${count}-shot`,
		system: title,
		recipe,
		shots: count,
		seeds: count === 0 ? 1 : seeds,
		settings,
		readout,
	}));
}

function makeConfiguration(
	{ options }: System,
	{ id, shots, settings }: Variant,
	seed: number,
	resolution: number | "image",
	modelSize: number,
): Configuration {
	return {
		id: shots === 0 ? id : `${id} #${seed}`,
		options,
		shots,
		seed,
		mutual: settings.map === "mutual",
		prompts: settings.prompts !== "none",
		resolution: settings.tile ? tileResolution(resolution, modelSize) : "grid",
	};
}

function tileResolution(
	resolution: number | "image",
	modelSize: number,
): "model" | "image" {
	return resolution === "image" || resolution > modelSize ? "image" : "model";
}

/**
 * The options of a configuration for one class. `classPrompts`, the user's prompts for this class, replace
 * the prompts of the shipped library. `displayName`: the words for the class in prompts.
 */
export function categoryOptionsFor(
	configuration: Configuration,
	className: string,
	classPrompts: PromptInput | undefined,
	displayName?: string,
): CategoryOptions {
	const { id, prompts: usesPrompts } = configuration;
	const options: CategoryOptions = {
		...configuration.options,
		...(displayName !== undefined && { displayName }),
	};
	const list =
		options.prompts ?? resolveSystem(id, options, className).settings.prompts;
	if (!classPrompts || !usesPrompts) return options;
	const words = () => displayName?.trim() ?? cleanClassName(className);
	if (list === "library")
		return { ...options, prompts: toPromptSet(classPrompts, words()) };
	if (list !== "merged") return options;
	const templates = promptList("templates", words());
	return {
		...options,
		prompts: extendPrompts(templates, toPromptSet(classPrompts, words())),
	};
}
