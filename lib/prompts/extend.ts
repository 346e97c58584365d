// Adds texts to a prompt set: a user's own prompts in addition to those of the library or a model.
import { argumentError } from "../errors.js";
import { arrayOf, checkOptions, text } from "../options/validate.js";
import {
	type PromptSet,
	type PromptSource,
	promptSource,
	toPromptSet,
} from "./prompt-set.js";
import { wordKey } from "./words.js";

export type ExtraPrompts = Partial<
	Pick<PromptSet, "class" | "normal" | "abnormal" | "descriptors" | "source">
>;

type ListName = "normal" | "abnormal" | "descriptors";

const texts = arrayOf(text, { max: 10_000, what: "an array of texts" });

/**
 * A new set with the texts of `base`, followed by those of `extra` that it does not contain. Texts
 * that differ only in case, spacing and punctuation count as equal. Both arguments stay unchanged.
 * Throws a TypeError or RangeError for a wrong argument.
 */
export function extendPrompts(base: PromptSet, extra: ExtraPrompts): PromptSet {
	const set = toPromptSet(base, "", "base");
	if (set.class === "")
		throw argumentError("Expected a string for base.class but received none");
	const additions = checkOptions(extra, "extra", {
		class: text,
		normal: texts,
		abnormal: texts,
		descriptors: texts,
		source: promptSource,
	});
	const source: PromptSource = additions.source ?? { kind: "user" };
	const added: Partial<Record<ListName, number>> = {};
	const extend = (list: ListName): string[] => {
		const existing = set[list] ?? [];
		const newTexts = missingTexts(existing, additions[list] ?? []);
		if (newTexts.length > 0) added[list] = newTexts.length;
		return [...existing, ...newTexts];
	};
	const { extended: _, ...extraSource } = source;
	const descriptors = extend("descriptors");
	const normal = extend("normal");
	const abnormal = extend("abnormal");
	return {
		class: set.class,
		normal,
		abnormal,
		...(descriptors.length > 0 && { descriptors }),
		source: {
			...set.source,
			extended: [
				...extensionsOf(set.source),
				{ ...extraSource, added },
				...extensionsOf(source),
			],
		},
	};
}

function missingTexts(
	existing: readonly string[],
	extra: readonly string[],
): string[] {
	const keys = new Set(existing.map(keyOf));
	return extra.filter((each) => {
		const isNew = !keys.has(keyOf(each));
		keys.add(keyOf(each));
		return isNew;
	});
}

/** A text without words is compared as it is. */
const keyOf = (each: string) => wordKey(each) || each;

const extensionsOf = (source: PromptSource | undefined): unknown[] =>
	Array.isArray(source?.["extended"]) ? source["extended"] : [];
