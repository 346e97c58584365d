// Template prompts (T_cs of the paper): "A {domain} image of a {state} {class} [with {details}]", every domain with every
// state. The lists are data; a user may give others.
import {
	arrayOf,
	checkOptions,
	isPlain,
	text,
	type Check,
} from "../options/validate.js";
import { withArticles } from "./articles.js";
import { cleanClassName } from "./class-name.js";
import type { PromptSet } from "./prompt-set.js";
import ours from "./templates.json" with { type: "json" };

/** A state of the class, such as "rusty", or one with details: { state: 'damaged', details: 'with rust' }. */
export type State = string | { state: string; details?: string };

export interface TemplateLists {
	/** Default: ours, such as "cropped" and "close-up". */
	domains?: readonly string[];
	/** Default: ours, 12 of each label. */
	normal?: readonly State[];
	abnormal?: readonly State[];
}

const state: Check = (value, name) => {
	if (!isPlain(value)) return text(value, name);
	checkOptions(value, name, {
		state: (each, at) => {
			if (each !== "") text(each, at);
		},
		details: text,
	});
};
const states = arrayOf(state, {
	min: 1,
	max: 1000,
	what: "an array of states",
});
const shape: Record<keyof TemplateLists, Check> = {
	domains: arrayOf(text, { min: 1, max: 100, what: "an array of texts" }),
	normal: states,
	abnormal: states,
};

/** A prompt set for a class from states: theirs times the domains, per label. `extendPrompts` adds one set to another. */
export function templatePrompts(
	className: string,
	lists: TemplateLists = {},
): PromptSet {
	text(className, "className");
	checkOptions(lists, "lists", shape);
	return composed(cleanClassName(className), lists);
}

/** The same for words that are to stand as they are. */
export function composed(words: string, lists: TemplateLists = {}): PromptSet {
	const {
		domains = ours.domains,
		normal = ours.normal,
		abnormal = ours.abnormal,
	} = lists;
	const compose = (each: readonly State[]) => [
		...new Set(
			domains.flatMap((domain) =>
				each.map((one) => sentence(domain, one, words)),
			),
		),
	];
	const own = Object.values(lists).some((each) => each !== undefined);
	return {
		class: words,
		normal: compose(normal),
		abnormal: compose(abnormal),
		source: { kind: own ? "user" : "template", list: "templates" },
	};
}

function sentence(domain: string, given: State, className: string): string {
	const { state, details = "" } =
		typeof given === "string" ? { state: given } : given;
	const words: Record<string, string> = {
		domain,
		state,
		class: className,
		details,
	};
	return withArticles(
		ours.template
			.replace(/\{(\w+)\}/g, (_, key: string) => words[key] ?? "")
			.replace(/\s+/g, " ")
			.trim(),
	);
}
