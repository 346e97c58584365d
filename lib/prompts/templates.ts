// Template prompts (T_cs of the paper): "A {domain} image of a {state} {class} [with {details}]", for
// every domain and every state. The lists are data, and a user may give others.
import {
	arrayOf,
	type Check,
	checkOptions,
	isPlain,
	text,
} from "../options/validate.js";
import { withArticles } from "./articles.js";
import { cleanClassName } from "./class-name.js";
import type { PromptSet } from "./prompt-set.js";
import defaults from "./templates.json" with { type: "json" };

/**
 * A state of the class, such as "rusty", or one with details: { state: 'damaged', details: 'with
 * rust' }.
 */
export type State = string | { state: string; details?: string };

export interface TemplateLists {
	/** Default: the list of this package, such as "cropped" and "close-up". */
	domains?: readonly string[];
	/** Default: the 12 states of this package. */
	normal?: readonly State[];
	/** Default: the 12 states of this package. */
	abnormal?: readonly State[];
}

const stateText: Check<string> = (value, name) =>
	value === "" ? value : text(value, name);
const stateKeys = { state: stateText, details: text };
const state: Check<State> = (value, name) => {
	if (!isPlain(value)) return text(value, name);
	const { state = "", details } = checkOptions(value, name, stateKeys);
	return { state, ...(details !== undefined && { details }) };
};
const states = arrayOf(state, {
	min: 1,
	max: 1000,
	what: "an array of states",
});
const checks = {
	domains: arrayOf(text, { min: 1, max: 100, what: "an array of texts" }),
	normal: states,
	abnormal: states,
} satisfies Record<keyof TemplateLists, Check>;

/**
 * A prompt set with every state in every domain. `extendPrompts` adds it to another set. Throws a
 * TypeError or RangeError for a wrong argument.
 */
export function templatePrompts(
	className: string,
	lists: TemplateLists = {},
): PromptSet {
	const name = cleanClassName(text(className, "className"));
	return composePrompts(name, checkOptions(lists, "lists", checks));
}

/** The same for a name that is used unchanged. */
export function composePrompts(
	className: string,
	lists: TemplateLists = {},
): PromptSet {
	const {
		domains = defaults.domains,
		normal = defaults.normal,
		abnormal = defaults.abnormal,
	} = lists;
	const compose = (states: readonly State[]) => {
		const prompts = domains.flatMap((domain) =>
			states.map((each) => fillIn(domain, each, className)),
		);
		return [...new Set(prompts)];
	};
	const hasUserLists = Object.values(lists).some((each) => each !== undefined);
	return {
		class: className,
		normal: compose(normal),
		abnormal: compose(abnormal),
		source: { kind: hasUserLists ? "user" : "template", list: "templates" },
	};
}

function fillIn(domain: string, state: State, className: string): string {
	const words: Record<string, string> = {
		domain,
		class: className,
		details: "",
		...(typeof state === "string" ? { state } : state),
	};
	const prompt = defaults.template
		.replace(/\{(\w+)\}/g, (_, key: string) => words[key] ?? "")
		.replace(/\s+/g, " ")
		.trim();
	return withArticles(prompt);
}
