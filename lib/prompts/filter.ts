// Which texts of a language model become prompts. Each is kept, after simple repair, or dropped with its reason.
import { hasControlCharacters, visibleText } from "../util/escape.js";
import { withArticles } from "./articles.js";
import { contradicts } from "./contradiction.js";
import { farApart } from "./near-duplicates.js";
import { beginnings, type Label } from "./questions.js";
import { isInstruction, isMarkup } from "./suspicious-text.js";

export type DropReason =
	| "empty" // nothing but spaces and punctuation
	| "control" // control, escape or direction marks
	| "markup" // HTML, addresses, code
	| "instruction" // speaks to a model or a person, or repeats the question
	| "beginning" // does not begin "An abnormal/normal image of"
	| "class" // does not name the class
	| "label" // says the opposite of its label
	| "length" // more words or tokens than the text tower reads
	| "duplicate" // the same but for case, spacing and punctuation
	| "near-duplicate" // an embedding closer to another's than the bound
	| "surplus"; // more than were wanted

/** `text` is shortened, its control characters written \uXXXX: it may be shown as it is. */
export interface Dropped {
	text: string;
	label: Label | "descriptors";
	reason: DropReason;
}

export interface Cleaned {
	kept: string[];
	dropped: Dropped[];
}

export interface CleanOptions {
	/** The class's words, as the prompts were asked for. */
	class: string;
	label: Label;
	/** Tokens of a text, start and end counted; more than 77 are too many. Without it, more than 60 words are. */
	countTokens?: ((text: string) => number | Promise<number>) | undefined;
	/** Unit rows, one for each text; with it, texts closer than `similarity` to an earlier one are dropped. */
	embed?:
		| ((texts: string[]) => Float32Array | Promise<Float32Array>)
		| undefined;
	/** Cosine, 0 to 1. Default 0.98. */
	similarity?: number | undefined;
	/** Prompts to keep at most. Default: all. */
	max?: number | undefined;
}

const mostTokens = 77;
const mostWords = 60;
const mostCharacters = 500;

const wordsOf = (text: string) =>
	text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];
const keyOf = (text: string) => wordsOf(text).join(" ");

/** What can be judged text by text: everything but tokens and embeddings. */
export function cleanTexts(
	texts: readonly string[],
	label: Label,
	className: string,
): Cleaned {
	return sieve(texts, label, className, (text) => {
		const description = descriptionOf(text, label);
		if (typeof description !== "string") return description;
		if (!names(description, className)) return { reason: "class" };
		if (
			contradicts(
				description.toLowerCase().replaceAll(className.toLowerCase(), " "),
				label,
			)
		)
			return { reason: "label" };
		return withArticles(`${beginnings[label]} ${description}`);
	});
}

/** Descriptors are phrases: two to twelve words, no beginning asked for. */
export function cleanDescriptors(
	texts: readonly string[],
	max: number,
): Cleaned {
	const { kept, dropped } = sieve(texts, "descriptors", "", (text) =>
		wordsOf(text).length > 12
			? { reason: "length" }
			: text.replace(/:\s*$/, ""),
	);
	return {
		kept: kept.slice(0, max),
		dropped: [
			...dropped,
			...kept.slice(max).map((text) => drop(text, "descriptors", "surplus")),
		],
	};
}

/** The prompts of one label among a model's texts, in their order. */
export async function cleanPrompts(
	texts: readonly string[],
	{
		class: className,
		label,
		countTokens,
		embed,
		similarity = 0.98,
		max = Infinity,
	}: CleanOptions,
): Promise<Cleaned> {
	let { kept, dropped } = cleanTexts(texts, label, className);
	const keepWhere = (
		reason: DropReason,
		good: (text: string, i: number) => boolean,
	) => {
		dropped.push(
			...kept
				.filter((text, i) => !good(text, i))
				.map((text) => drop(text, label, reason)),
		);
		kept = kept.filter(good);
	};
	if (countTokens) {
		const counts = await Promise.all(kept.map(countTokens));
		keepWhere("length", (_, i) => counts[i]! <= mostTokens);
	}
	if (embed && kept.length > 1) {
		const apart = farApart(await embed([...kept]), kept.length, similarity);
		keepWhere("near-duplicate", (_, i) => apart[i]!);
	}
	keepWhere("surplus", (_, i) => i < max);
	return { kept, dropped };
}

type Judged = string | { reason: DropReason };

function sieve(
	texts: readonly string[],
	label: Dropped["label"],
	className: string,
	judge: (text: string) => Judged,
): Cleaned {
	const kept: string[] = [];
	const dropped: Dropped[] = [];
	const keys = new Set<string>();
	for (const raw of texts) {
		const text = tidy(raw);
		const reason = faultOf(text, className);
		const judged = reason ? { reason } : judge(text);
		if (typeof judged !== "string")
			dropped.push(drop(raw, label, judged.reason));
		else if (keys.has(keyOf(judged)))
			dropped.push(drop(raw, label, "duplicate"));
		else {
			keys.add(keyOf(judged));
			kept.push(judged);
		}
	}
	return { kept, dropped };
}

function faultOf(text: string, className: string): DropReason | undefined {
	const others = className ? text.replaceAll(className, " ") : text; // "nut M4*20" is the user's word, not a model's markup
	if (keyOf(text) === "") return "empty";
	if (hasControlCharacters(text)) return "control";
	if (isInstruction(text)) return "instruction";
	if (isMarkup(others)) return "markup";
	return text.length > mostCharacters || text.split(" ").length > mostWords
		? "length"
		: undefined;
}

const drop = (
	text: string,
	label: Dropped["label"],
	reason: DropReason,
): Dropped => ({ text: visibleText(text), label, reason });

/** One line in plain signs: spacing, quotes and the marks around a list's item. */
function tidy(raw: string): string {
	return raw
		.slice(0, 2 * mostCharacters)
		.normalize("NFKC")
		.replace(/[\t\n\r ]+/g, " ")
		.replace(/[‘’]/g, "'")
		.replace(/[“”]/g, '"')
		.replace(/\*\*|__/g, "")
		.replace(/^[\s"'*•-]+|[\s"'.,;…]+$/g, "");
}

const beginning =
	/^(?:[^.!?:]{1,60}: )?(?:(?:an?|the) )?(abnormal|anomalous|normal) (?:image|photo|photograph|picture) of (.+)$/i;

/** What follows the beginning; simple departures from it are forgiven: no article, another one, "photo", a heading before. */
function descriptionOf(text: string, label: Label): Judged {
	const [, state, description] = beginning.exec(text) ?? [];
	if (state === undefined || description === undefined)
		return { reason: "beginning" };
	return (state.toLowerCase() === "normal" ? "normal" : "abnormal") === label
		? description
		: { reason: "label" };
}

/** Whether a word of the class is there, plural or not. */
function names(description: string, className: string): boolean {
	const text = description.toLowerCase();
	const words = wordsOf(className).filter(
		(word, _, all) => word.length > 2 || all.length === 1,
	);
	return (
		words.length === 0 ||
		words.some((word) => text.includes(word.replace(/s$/, "")))
	);
}
