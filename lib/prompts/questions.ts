// What a language model is asked: the two questions of ALFA's prompt generation and the one for descriptors (sec. 4.2, 4.1).
import type { AnswerForm, Question } from "../llm/client.js";

/** Stored with every set; grows whenever a word below changes. */
export const questionsVersion = 1;

export type Label = "normal" | "abnormal";
export const labels = [
	"normal",
	"abnormal",
] as const satisfies readonly Label[];

const perAnswer = 24;
const articled: Record<Label, string> = {
	normal: "a normal",
	abnormal: "an abnormal",
};

/** What every prompt of a label begins with, before the class. */
export const beginnings: Record<Label, string> = {
	normal: "A normal image of",
	abnormal: "An abnormal image of",
};

// The first sample is the paper's question as it is; the others look at one side of the thing each, so that they differ.
const aspects: Record<Label, readonly string[]> = {
	normal: [
		"",
		"its surface, texture and finish",
		"its shape, outline and proportions",
		"its parts and how they sit together",
		"its colour and markings",
		"its edges, ends and openings",
		"its material and cleanliness",
	],
	abnormal: [
		"",
		"damage to its surface, such as scratches, dents and cuts",
		"broken, cracked or torn places",
		"parts that are missing, doubled or misplaced",
		"stains, foreign matter and contamination",
		"wrong colours, prints and markings",
		"deformed, bent or wrongly sized shapes",
	],
};

const listSchema = (key: string) => ({
	name: key,
	schema: {
		type: "object",
		properties: { [key]: { type: "array", items: { type: "string" } } },
		required: [key],
		additionalProperties: false,
	},
});

const asked = (form: AnswerForm, key: string) =>
	form === "plain"
		? "Answer with the list alone, one a line."
		: `Answer with JSON alone: {"${key}": ["...", "..."]}.`;

/** Sample number `sample` (from 0) of the question for one label of a class. */
export function labelQuestion(
	label: Label,
	className: string,
	sample: number,
): Question {
	const aspect = aspects[label][sample % aspects[label].length];
	return {
		schema: listSchema("prompts"),
		text: (form) =>
			[
				`How to identify ${articled[label]} ${className} in an image?`,
				`Give ${perAnswer} different descriptions, each of what is to be seen in one such image${aspect ? `; here above all: ${aspect}` : ""}.`,
				`State the description beginning with: ${beginnings[label]} ${className}`,
				"Each description is one plain sentence of at most 25 words, without explanations.",
				asked(form, "prompts"),
			].join("\n"),
	};
}

/** The question for the phrases that a result's reasons are taken from. */
export function descriptorQuestion(className: string): Question {
	return {
		schema: listSchema("descriptors"),
		text: (form) =>
			[
				`What are useful descriptions for distinguishing an anomaly ${className} in a photo?`,
				"Give 20 different short phrases of two to six words, each naming one visible defect, without explanations.",
				asked(form, "descriptors"),
			].join("\n"),
	};
}
