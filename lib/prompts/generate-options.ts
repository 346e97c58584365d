// The options of generatePrompts: their types and the door.

import { rangeError } from "../errors.js";
import {
	type LlmOptions,
	type ResolvedLlm,
	resolveLlm,
} from "../llm/options.js";
import { hasControlCharacters } from "../util/escape.js";
import {
	type Check,
	checkOptions,
	func,
	number,
	signal,
	text,
	wrongType,
} from "../options/validate.js";
import { cleanClassName } from "./class-name.js";
import type { CleanOptions } from "./filter.js";

export interface GenerateProgress {
	/** Questions answered, and how many are planned so far: more come where prompts are too few. */
	answered: number;
	planned: number;
	/** HTTP requests, and how many of them repeat a failed one. */
	requests: number;
	retries: number;
	kept: { normal: number; abnormal: number; descriptors: number };
}

export interface GenerateOptions
	extends Pick<CleanOptions, "countTokens" | "embed" | "similarity"> {
	/** What the pictures show: "metal_nut". Cleaned as `engine.category` does. */
	class: string;
	/** The words for the class where they differ from its name. */
	displayName?: string;
	llm: LlmOptions;
	/** Distinct prompts of each label: fewer than `min` is an error, more than `max` are dropped. Default 16 and 144. */
	perLabel?: { min?: number; max?: number };
	/** Answers asked for per label, 1 to 50; up to three times as many where prompts are too few. Default 4. */
	samples?: number;
	/** Descriptors at most, 0 to 100; 0 asks for none. Default 20. */
	descriptors?: number;
	signal?: AbortSignal;
	/** After each answer. */
	onProgress?: (progress: GenerateProgress) => void;
}

export interface ResolvedGenerate
	extends Pick<CleanOptions, "countTokens" | "embed" | "similarity"> {
	className: string;
	llm: ResolvedLlm;
	min: number;
	max: number;
	samples: number;
	descriptors: number;
}

const className: Check = (value, name) => {
	text(value, name);
	if ((value as string).length > 100 || hasControlCharacters(value as string))
		throw rangeError(
			`Expected at most 100 characters without control marks for ${name}`,
		);
};

const some = number({ integer: true, min: 1, max: 1000 });
const shape: Record<keyof GenerateOptions, Check> = {
	class: className,
	displayName: className,
	signal,
	onProgress: func,
	countTokens: func,
	embed: func,
	similarity: number({ above: 0, max: 1 }),
	samples: number({ integer: true, min: 1, max: 50 }),
	descriptors: number({ integer: true, min: 0, max: 100 }),
	perLabel: (value, name) =>
		checkOptions(value, name, { min: some, max: some }),
	llm: () => {}, // has a door of its own
};

export function resolveGenerate(given: unknown): ResolvedGenerate {
	checkOptions(given, "options", shape);
	const {
		class: name,
		displayName,
		llm,
		perLabel = {},
		samples = 4,
		descriptors = 20,
		countTokens,
		embed,
		similarity,
	} = given as GenerateOptions;
	className(name, "class");
	if (llm === undefined) throw wrongType("an object", "llm", llm);
	const min = perLabel.min ?? Math.min(16, perLabel.max ?? 16);
	const max = perLabel.max ?? Math.max(144, min);
	if (min > max)
		throw rangeError(
			`Expected perLabel.min to be at most perLabel.max but received ${min} and ${max}`,
		);
	return {
		className: displayName?.trim() ?? cleanClassName(name),
		llm: resolveLlm(llm),
		min,
		max,
		samples,
		descriptors,
		countTokens,
		embed,
		similarity,
	};
}
