// What a saved category's file says beside its numbers: JSON, checked when it is read, since files come from anywhere.

import { AlfaError } from "../errors.js";
import type { NativeStored } from "../native/addon.js";
import type { Settings } from "../native/settings.js";
import { checkedSettings } from "../options/category.js";
import { isPlain } from "../options/validate.js";
import { type PromptSet, toPromptSet } from "../prompts/prompt-set.js";
import { type RecipeName, recipeNames } from "../recipes.js";
import { visibleText } from "../util/escape.js";

export interface StoredHeader {
	name: string;
	recipe: RecipeName;
	settings: Settings;
	prompts?: PromptSet;
	threshold?: number;
	pixelThreshold?: number;
}

export function encodeHeader(header: StoredHeader): string {
	return JSON.stringify(header);
}

/** Throws ERR_ALFA_CATEGORY_FILE where anything in it is not as `encodeHeader` writes it, or does not fit the numbers. */
export function decodeHeader(
	file: string,
	{ header, normal, abnormal, descriptors }: NativeStored,
	embedDim: number,
): StoredHeader {
	try {
		const value: unknown = JSON.parse(header);
		if (!isPlain(value)) throw new Error("its header is no object");
		const { name, recipe, settings, prompts, threshold, pixelThreshold } =
			value;
		if (typeof name !== "string" || !recipeNames.includes(recipe as RecipeName))
			throw new Error("its name or recipe is unknown");
		const set = prompts === undefined ? undefined : toPromptSet(prompts, name);
		const rows = [normal, abnormal, descriptors].map(
			(each) => each.length / embedDim,
		);
		const texts = [set?.normal, set?.abnormal, set?.descriptors].map(
			(each) => each?.length ?? 0,
		);
		if (rows.some((count, i) => count !== texts[i]))
			throw new Error("it has other numbers of texts and embeddings");
		return {
			name,
			recipe: recipe as RecipeName,
			settings: checkedSettings(settings),
			...(set && { prompts: set }),
			...(share(threshold) && { threshold }),
			...(share(pixelThreshold) && { pixelThreshold }),
		};
	} catch (cause) {
		throw new AlfaError(
			"ERR_ALFA_CATEGORY_FILE",
			`${visibleText(file, 500)} is no category that this version reads: ${visibleText((cause as Error).message)}; save the category again`,
			{ cause },
		);
	}
}

function share(value: unknown): value is number {
	if (value === undefined) return false;
	if (typeof value !== "number" || !(value >= 0))
		throw new Error("a threshold is no number of at least 0");
	return true;
}
