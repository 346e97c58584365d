// A prompt set: the texts that stand for "normal" and "abnormal" of one class. JSON on disk, checked here.
import {
	arrayOf,
	isPlain,
	oneOf,
	checkOptions,
	text,
	wrongType,
	type Check,
} from "../options/validate.js";

export interface PromptSource {
	kind: "template" | "llm" | "library" | "user";
	/** Whatever else is known of where the texts come from. */
	[detail: string]: unknown;
}

export interface PromptSet {
	/** The class the texts speak of. */
	class: string;
	normal: string[];
	abnormal: string[];
	/** Short phrases that tell a defect; a result's reasons are the ones nearest to the image. */
	descriptors?: string[];
	source: PromptSource;
}

/** What the `prompts` option takes besides a list's name: a whole set, or its two lists alone. */
export type PromptInput =
	| PromptSet
	| Pick<PromptSet, "normal" | "abnormal" | "descriptors">;

const lines = arrayOf(text, { min: 1, max: 10_000, what: "an array of texts" });
const source: Check = (value, name) => {
	if (!isPlain(value)) throw wrongType("an object", name, value);
	oneOf(["template", "llm", "library", "user"])(value["kind"], `${name}.kind`);
};

/** Checks a set (or its two lists) and returns a whole one, its arrays copied. */
export function toPromptSet(
	value: unknown,
	className: string,
	name = "prompts",
): PromptSet {
	checkOptions(value, name, {
		class: text,
		normal: lines,
		abnormal: lines,
		descriptors: arrayOf(text, { what: "an array of texts" }),
		source,
	});
	const given = value as Partial<PromptSet> &
		Pick<PromptSet, "normal" | "abnormal">;
	lines(given.normal, `${name}.normal`);
	lines(given.abnormal, `${name}.abnormal`);
	return {
		class: given.class ?? className,
		normal: [...given.normal],
		abnormal: [...given.abnormal],
		...(given.descriptors && { descriptors: [...given.descriptors] }),
		source: { ...(given.source ?? { kind: "user" }) } as PromptSource,
	};
}
