// Settings that are valid one by one but contradict each other.

import { argumentError } from "../errors.js";
import type { Settings } from "./settings.js";

/** Throws a TypeError (ERR_ALFA_ARGUMENT) with the first contradiction. */
export function checkTogether(
	settings: Settings,
	recipe: string,
	passed: { prompts: boolean; references: boolean },
): void {
	const problem =
		promptProblem(settings, recipe, passed.prompts) ??
		referenceProblem(settings, recipe, passed.references) ??
		mutualProblem(settings) ??
		imageProblem(settings);
	if (problem !== undefined) throw argumentError(problem);
}

function promptProblem(
	{ prompts, map, imageScore }: Settings,
	recipe: string,
	passed: boolean,
): string | undefined {
	const mapOfImages = map === "references" || map === "mutual";
	const scoreOfImages = imageScore === "max" || imageScore === "reweighted";
	if (prompts === "none") {
		if (passed)
			return `The recipe '${recipe}' uses no prompts; leave prompts out or choose a recipe with prompts`;
		if (!mapOfImages)
			return `Expected map 'references' or 'mutual' without prompts but received '${map}'`;
		if (!scoreOfImages)
			return `Expected imageScore 'max' or 'reweighted' without prompts but received '${imageScore}'`;
		return undefined;
	}
	if (mapOfImages)
		return `Expected a recipe without prompts, such as 'patchcore' or 'musc', for map '${map}'`;
	if (scoreOfImages)
		return `Expected imageScore 'mean' or 'global' with prompts but received '${imageScore}'`;
	return undefined;
}

function referenceProblem(
	{ map }: Settings,
	recipe: string,
	passed: boolean,
): string | undefined {
	if (map === "references" && !passed)
		return `The recipe '${recipe}' measures distances to normal images; pass some as references`;
	if (map === "mutual" && passed)
		return `The recipe '${recipe}' compares the images of a stream with each other; leave references out`;
	return undefined;
}

function mutualProblem({ map, tile, features }: Settings): string | undefined {
	if (map !== "mutual") return undefined;
	if (tile) return "Map 'mutual' does not support tiles; leave tile out";
	if (features.windows || features.join)
		return "Expected features.windows and features.join to be false for map 'mutual'";
	return undefined;
}

function imageProblem({
	map,
	context,
	tile,
	fit,
}: Settings): string | undefined {
	if (map === "relevance" && context !== "off")
		return "Expected context 'off' with map 'relevance', whose prompts are fixed before an image is known";
	if (tile && fit === "crop")
		return "Expected fit 'squash' with tile; 'crop' would cut off parts that the tiles contain";
	return undefined;
}
