// A prompt set: the texts for "normal" and "abnormal" of one class. It is stored as JSON.

import {
	arrayOf,
	type Check,
	checkOptions,
	isPlain,
	oneOf,
	text,
	wrongType,
} from "../options/validate.js";
import { copyJson, type JsonLimits } from "../util/json.js";

export interface PromptSource {
	kind: "template" | "llm" | "library" | "user";
	/** Anything else that is known about the origin of the texts. */
	[detail: string]: unknown;
}

export interface PromptSet {
	/** The class that the texts describe. */
	class: string;
	normal: string[];
	abnormal: string[];
	/** Short phrases that name a defect. A result's reasons are those most similar to the image. */
	descriptors?: string[];
	source: PromptSource;
}

/** What the option `prompts` accepts besides a list's name: a complete set, or its lists. */
export type PromptInput =
	| PromptSet
	| Pick<PromptSet, "normal" | "abnormal" | "descriptors">;

const sourceKinds = ["template", "llm", "library", "user"] as const;

/** The most texts in one list of a set. */
export const maxTexts = 10_000;

/** A source is data for people. These limits are far above any real one. */
const sourceLimits: JsonLimits = { depth: 16, values: 10_000 };

/** A copy of the origin of a set. */
export const promptSource: Check<PromptSource> = (value, name) => {
	if (!isPlain(value)) throw wrongType("an object", name, value);
	const copy = copyJson(value, name, sourceLimits);
	oneOf(sourceKinds)(copy["kind"], `${name}.kind`);
	return copy as PromptSource;
};

const texts = arrayOf(text, {
	min: 1,
	max: maxTexts,
	what: "an array of texts",
});
const checks = {
	class: text,
	normal: texts,
	abnormal: texts,
	descriptors: arrayOf(text, { what: "an array of texts" }),
	source: promptSource,
} satisfies Record<keyof PromptSet, Check>;
export const promptKeys = Object.keys(checks);

/**
 * Checks a set, or its two lists, and returns a complete set with copied arrays. `className` is used
 * if the value names no class.
 */
export function toPromptSet(
	value: unknown,
	className: string,
	name = "prompts",
): PromptSet {
	const set = checkOptions(value, name, checks);
	return {
		class: set.class ?? className,
		// checkOptions accepts a missing key, but both lists are needed.
		normal: set.normal ?? texts(undefined, `${name}.normal`),
		abnormal: set.abnormal ?? texts(undefined, `${name}.abnormal`),
		...(set.descriptors && { descriptors: set.descriptors }),
		source: set.source ?? { kind: "user" },
	};
}
