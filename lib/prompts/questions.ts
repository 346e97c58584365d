// The questions for a language model: the two of ALFA's prompt generation (paper, sec. 4.2) and the one for descriptors
// (sec. 4.1).
import type { AnswerForm, Question } from "../llm/client.js";

/** Stored with every set. Increase it whenever a word of the questions below changes. */
export const questionsVersion = 1;

export type Label = "normal" | "abnormal";
export const labels = [
	"normal",
	"abnormal",
] as const satisfies readonly Label[];

const promptsPerAnswer = 24;

const labelWithArticle: Record<Label, string> = {
	normal: "a normal",
	abnormal: "an abnormal",
};

/** What every prompt of a label begins with. The class follows. */
export const promptPrefixes: Record<Label, string> = {
	normal: "A normal image of",
	abnormal: "An abnormal image of",
};

/**
 * The first sample asks the paper's question unchanged. Each further one adds an aspect, so that the
 * answers differ.
 */
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

/** The question for prompts of one label of a class. Samples are counted from 0. */
export function labelQuestion(
	label: Label,
	className: string,
	sample: number,
): Question {
	const aspect = aspects[label][sample % aspects[label].length];
	const emphasis = aspect ? `; here above all: ${aspect}` : "";
	return {
		schema: listSchema("prompts"),
		text: (form) =>
			[
				`How to identify ${labelWithArticle[label]} ${className} in an image?`,
				`Give ${promptsPerAnswer} different descriptions, each of what is to be seen in one such image${emphasis}.`,
				`State the description beginning with: ${promptPrefixes[label]} ${className}`,
				"Each description is one plain sentence of at most 25 words, without explanations.",
				formRequest(form, "prompts"),
			].join("\n"),
	};
}

/** The question for descriptors, from which a result's reasons are chosen. */
export function descriptorQuestion(className: string): Question {
	return {
		schema: listSchema("descriptors"),
		text: (form) =>
			[
				`What are useful descriptions for distinguishing an anomaly ${className} in a photo?`,
				"Give 20 different short phrases of two to six words, each naming one visible defect, without explanations.",
				formRequest(form, "descriptors"),
			].join("\n"),
	};
}

const listSchema = (key: string) => ({
	name: key,
	schema: {
		type: "object",
		properties: { [key]: { type: "array", items: { type: "string" } } },
		required: [key],
		additionalProperties: false,
	},
});

const formRequest = (form: AnswerForm, key: string) =>
	form === "plain"
		? "Answer with the list alone, one a line."
		: `Answer with JSON alone: {"${key}": ["...", "..."]}.`;
