// Decides which texts of a language model become prompts. Each text is repaired if that is simple,
// and then kept, or dropped with a reason.

import { wrongType } from "../options/validate.js";
import { hasControlCharacters, visibleText } from "../util/escape.js";
import { isKind } from "../util/typed-arrays.js";
import { withArticles } from "./articles.js";
import { contradictsLabel } from "./contradiction.js";
import { keepDistinctRows } from "./near-duplicates.js";
import { type Label, promptPrefixes } from "./questions.js";
import { isInstruction, isMarkup } from "./suspicious-text.js";
import { wordKey, wordsOf } from "./words.js";

export type DropReason =
	| "empty" // has no words
	| "control" // has control, escape or direction characters
	| "markup" // has HTML, addresses or code
	| "instruction" // speaks to a model or a person, or repeats the question
	| "beginning" // does not begin with "An abnormal image of" or "A normal image of"
	| "class" // does not name the class
	| "label" // says the opposite of its label
	| "length" // has more words or tokens than the text tower reads
	| "duplicate" // differs from another text only in case, spacing and punctuation
	| "near-duplicate" // has an embedding that is too similar to that of another text
	| "surplus"; // exceeds the number of prompts that are wanted

export interface Dropped {
	/** At most 200 characters, with control characters written as \uXXXX. It is safe to display. */
	text: string;
	label: Label | "descriptors";
	reason: DropReason;
}

export interface FilterResult {
	kept: string[];
	dropped: Dropped[];
}

export interface FilterOptions {
	/** The class's name as the question contains it. */
	class: string;
	label: Label;
	/**
	 * Counts the tokens of a text, start and end included. Texts with more than 77 are dropped. Without
	 * it, texts with more than 60 words are dropped.
	 */
	countTokens?: ((text: string) => number | Promise<number>) | undefined;
	/**
	 * Embeds n texts as n unit rows, one after another. With it, a text is dropped if its cosine
	 * similarity to an earlier text is above `similarity`.
	 */
	embed?:
		| ((texts: string[]) => Float32Array | Promise<Float32Array>)
		| undefined;
	/** From 0 to 1. Default 0.98. */
	similarity?: number | undefined;
	/** The most prompts to keep. Default: all. */
	max?: number | undefined;
}

const maxTokens = 77;
const maxWords = 60;
const maxCharacters = 500;
const maxDescriptorWords = 12;
const defaultSimilarity = 0.98;

/** Filters the texts for one label of a class. Keeps their order. */
export async function filterPrompts(
	texts: readonly string[],
	options: FilterOptions,
): Promise<FilterResult> {
	const { label, countTokens, embed } = options;
	const { similarity = defaultSimilarity, max = Infinity } = options;
	let { kept, dropped } = filterByText(texts, label, options.class);
	const drop = (reason: DropReason, isKept: (index: number) => boolean) => {
		const rest = kept.filter((_, i) => !isKept(i));
		dropped.push(...rest.map((text) => toDropped(text, label, reason)));
		kept = kept.filter((_, i) => isKept(i));
	};
	if (countTokens) {
		const counts = await Promise.all(kept.map(countTokens));
		drop("length", (i) => counts[i]! <= maxTokens);
	}
	if (embed && kept.length > 1) {
		const rows: unknown = await embed([...kept]);
		if (!isKind(rows, "Float32Array"))
			throw wrongType("a Float32Array", "the result of embed", rows);
		const isDistinct = keepDistinctRows(rows, kept.length, similarity);
		drop("near-duplicate", (i) => isDistinct[i]!);
	}
	drop("surplus", (i) => i < max);
	return { kept, dropped };
}

/** Applies all rules that need neither tokens nor embeddings. */
export function filterByText(
	texts: readonly string[],
	label: Label,
	className: string,
): FilterResult {
	return filterEach(texts, label, className, (text) => {
		const rest = removePrefix(text, label);
		if (typeof rest !== "string") return rest;
		if (!namesClass(rest, className)) return { reason: "class" };
		const withoutClass = rest
			.toLowerCase()
			.replaceAll(className.toLowerCase(), " ");
		if (contradictsLabel(withoutClass, label)) return { reason: "label" };
		return withArticles(`${promptPrefixes[label]} ${rest}`);
	});
}

/** Descriptors are phrases of at most 12 words, without a prefix. */
export function filterDescriptors(
	texts: readonly string[],
	max: number,
): FilterResult {
	const { kept, dropped } = filterEach(texts, "descriptors", "", (text) =>
		wordsOf(text).length > maxDescriptorWords
			? { reason: "length" }
			: text.replace(/:\s*$/, ""),
	);
	const surplus = kept
		.slice(max)
		.map((text) => toDropped(text, "descriptors", "surplus"));
	return { kept: kept.slice(0, max), dropped: [...dropped, ...surplus] };
}

/** A text to keep, or the reason to drop it. */
type Verdict = string | { reason: DropReason };

function filterEach(
	texts: readonly string[],
	label: Dropped["label"],
	className: string,
	judge: (text: string) => Verdict,
): FilterResult {
	const kept: string[] = [];
	const dropped: Dropped[] = [];
	const keys = new Set<string>();
	for (const original of texts) {
		const text = normalize(original);
		const reason = findFault(text, className);
		const verdict = reason ? { reason } : judge(text);
		if (typeof verdict !== "string") {
			dropped.push(toDropped(original, label, verdict.reason));
		} else if (keys.has(wordKey(verdict))) {
			dropped.push(toDropped(original, label, "duplicate"));
		} else {
			keys.add(wordKey(verdict));
			kept.push(verdict);
		}
	}
	return { kept, dropped };
}

const toDropped = (
	text: string,
	label: Dropped["label"],
	reason: DropReason,
): Dropped => ({ text: visibleText(text), label, reason });

function findFault(text: string, className: string): DropReason | undefined {
	if (wordKey(text) === "") return "empty";
	if (hasControlCharacters(text)) return "control";
	if (isInstruction(text)) return "instruction";
	// The user's class name may contain such characters, as "nut M4*20" does.
	const withoutClass = className ? text.replaceAll(className, " ") : text;
	if (isMarkup(withoutClass)) return "markup";
	const isTooLong =
		text.length > maxCharacters || text.split(" ").length > maxWords;
	return isTooLong ? "length" : undefined;
}

/** One line with plain spaces and quotes, without list marks, emphasis and punctuation at its ends. */
function normalize(original: string): string {
	return original
		.slice(0, 2 * maxCharacters)
		.normalize("NFKC")
		.replace(/[\t\n\r ]+/g, " ")
		.replace(/[‘’]/g, "'")
		.replace(/[“”]/g, '"')
		.replace(/\*\*|__/g, "")
		.replace(/^[\s"'*•-]+|[\s"'.,;…]+$/g, "");
}

/** Accepts other articles, "photo" or "picture" for "image", and a short heading before the prefix. */
const prefix =
	/^(?:[^.!?:]{1,60}: )?(?:(?:an?|the) )?(abnormal|anomalous|normal) (?:image|photo|photograph|picture) of (.+)$/i;

/** The text after "An abnormal image of" or "A normal image of". */
function removePrefix(text: string, label: Label): Verdict {
	const [, state, rest] = prefix.exec(text) ?? [];
	if (state === undefined || rest === undefined) return { reason: "beginning" };
	const found = state.toLowerCase() === "normal" ? "normal" : "abnormal";
	return found === label ? rest : { reason: "label" };
}

/** Whether the text contains a word of the class, in singular or plural. */
function namesClass(text: string, className: string): boolean {
	const lowerCase = text.toLowerCase();
	const words = wordsOf(className).filter(
		(word, _, all) => word.length > 2 || all.length === 1,
	);
	if (words.length === 0) return true;
	return words.some((word) => lowerCase.includes(word.replace(/s$/, "")));
}
