// Everything that is wrong with a prompt set, each with its place: a file's author wants all of it at once.
import {
	checkOptions,
	isPlain,
	oneOf,
	text,
	typeName,
	wrongType,
	type Check,
} from "../options/validate.js";
import { hasControlCharacters } from "../util/escape.js";

export interface PromptProblem {
	/** 'form': the set cannot be used; 'content': it can, but this text does not do what its author wants. */
	kind: "form" | "content";
	/** "abnormal[3]", "source.kind"; empty for the whole. */
	place: string;
	message: string;
}

const mostTexts = 10_000;
const mostWords = 60; // about what 77 tokens hold; the text tower reads no further

export function promptProblems(value: unknown): PromptProblem[] {
	if (!isPlain(value))
		return [
			{
				kind: "form",
				place: "",
				message: `Expected an object { class, normal, abnormal } but received ${typeName(value)}`,
			},
		];
	const problems: PromptProblem[] = [];
	const form = (place: string, check: Check, held: unknown) => {
		try {
			check(held, place);
		} catch (error) {
			problems.push({ kind: "form", place, message: (error as Error).message });
		}
	};
	const any: Check = () => {};
	for (const key of Object.keys(value))
		form(
			key,
			(held) =>
				checkOptions({ [key]: held }, "the prompt set", {
					class: any,
					normal: any,
					abnormal: any,
					descriptors: any,
					source: any,
				}),
			value[key],
		);
	form("class", text, value["class"]);
	if (value["source"] !== undefined)
		form(
			"source",
			(held, name) => {
				if (!isPlain(held)) throw wrongType("an object", name, held);
				oneOf(["template", "llm", "library", "user"])(
					held["kind"],
					`${name}.kind`,
				);
			},
			value["source"],
		);
	const seen = new Map<string, string>();
	for (const key of ["normal", "abnormal", "descriptors"]) {
		const list = value[key];
		if (list === undefined && key === "descriptors") continue;
		form(
			key,
			(held, name) => {
				if (!Array.isArray(held))
					throw wrongType("an array of texts", name, held);
				if (
					(held.length === 0 && key !== "descriptors") ||
					held.length > mostTexts
				)
					throw wrongType(`an array of 1 to ${mostTexts} texts`, name, held);
			},
			list,
		);
		if (!Array.isArray(list)) continue;
		list.slice(0, mostTexts).forEach((each: unknown, i) => {
			const place = `${key}[${i}]`;
			form(place, text, each);
			if (typeof each === "string")
				problems.push(...contentOf(each, place, seen));
		});
	}
	return problems;
}

/** `seen` holds the places of the texts before, by their words. */
function contentOf(
	each: string,
	place: string,
	seen: Map<string, string>,
): PromptProblem[] {
	const words = each.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];
	const key = words.join(" ");
	const messages: string[] = [];
	if (hasControlCharacters(each))
		messages.push("has control, escape or direction marks in it");
	if (words.length > mostWords)
		messages.push(
			`has ${words.length} words; models read about the first ${mostWords}`,
		);
	if (key !== "" && seen.has(key))
		messages.push(`says the same as ${seen.get(key)}`);
	else seen.set(key, place);
	return messages.map((message) => ({ kind: "content", place, message }));
}
