// Lists everything that is wrong with a prompt set, with the place of each problem.
import {
	type Check,
	checkOptions,
	isPlain,
	text,
	typeName,
	wrongType,
} from "../options/validate.js";
import { hasControlCharacters } from "../util/escape.js";
import { maxTexts, promptSource } from "./prompt-set.js";
import { wordsOf } from "./words.js";

export interface PromptProblem {
	/** 'form': the set cannot be used. 'content': it can be used, but this text is probably wrong. */
	kind: "form" | "content";
	/** Such as "abnormal[3]" or "source.kind". Empty for the complete set. */
	place: string;
	message: string;
}

/** About 77 tokens. The text tower reads no more. */
const maxWords = 60;

const listNames = ["normal", "abnormal", "descriptors"];

const anything: Check = () => true;
const knownKeys: Record<string, Check> = {
	class: anything,
	normal: anything,
	abnormal: anything,
	descriptors: anything,
	source: anything,
};

export function promptProblems(value: unknown): PromptProblem[] {
	if (!isPlain(value)) {
		const message = `Expected an object { class, normal, abnormal } but received ${typeName(value)}`;
		return [{ kind: "form", place: "", message }];
	}
	const problems = new ProblemList();
	for (const key of Object.keys(value)) {
		const checkKey: Check = (each) =>
			checkOptions({ [key]: each }, "the prompt set", knownKeys);
		problems.check(key, checkKey, value[key]);
	}
	problems.check("class", text, value["class"]);
	if (value["source"] !== undefined)
		problems.check("source", promptSource, value["source"]);
	for (const name of listNames) problems.checkList(name, value[name]);
	return problems.all;
}

class ProblemList {
	readonly all: PromptProblem[] = [];
	/** The places of the texts so far, by their words. */
	readonly #places = new Map<string, string>();

	/** Adds a problem of form if the check throws. */
	check(place: string, check: Check, value: unknown): void {
		try {
			check(value, place);
		} catch (error) {
			const { message } = error as Error;
			this.all.push({ kind: "form", place, message });
		}
	}

	checkList(name: string, list: unknown): void {
		const isOptional = name === "descriptors";
		if (list === undefined && isOptional) return;
		this.check(name, isOptional ? optionalTexts : requiredTexts, list);
		if (!Array.isArray(list)) return;
		list.slice(0, maxTexts).forEach((each: unknown, i) => {
			const place = `${name}[${i}]`;
			this.check(place, text, each);
			if (typeof each === "string") this.#checkContent(place, each);
		});
	}

	#checkContent(place: string, each: string): void {
		const add = (message: string) =>
			this.all.push({ kind: "content", place, message });
		const words = wordsOf(each);
		const key = words.join(" ");
		const earlierPlace = key === "" ? undefined : this.#places.get(key);
		if (hasControlCharacters(each))
			add("contains control, escape or direction characters");
		if (words.length > maxWords)
			add(
				`has ${words.length} words, but models read only about ${maxWords} words`,
			);
		if (earlierPlace !== undefined) add(`repeats ${earlierPlace}`);
		else this.#places.set(key, place);
	}
}

const textCount =
	(min: number): Check =>
	(value, name) => {
		if (!Array.isArray(value))
			throw wrongType("an array of texts", name, value);
		if (value.length < min || value.length > maxTexts)
			throw wrongType(`an array of 1 to ${maxTexts} texts`, name, value);
		return value;
	};

const requiredTexts = textCount(1);
const optionalTexts = textCount(0);
