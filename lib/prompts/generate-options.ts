// The options of generatePrompts: types, checks and defaults.
import { rangeError } from "../errors.js";
import {
	type LlmOptions,
	type ResolvedLlm,
	resolveLlm,
} from "../llm/options.js";
import {
	type Check,
	checkOptions,
	func,
	number,
	signal,
	text,
	wrongType,
} from "../options/validate.js";
import { hasControlCharacters } from "../util/escape.js";
import { cleanClassName } from "./class-name.js";
import type { FilterOptions } from "./filter.js";

export interface GenerateProgress {
	/** Answers so far. */
	answered: number;
	/** Questions so far. More are added if there are too few prompts. */
	planned: number;
	/** HTTP requests, retries included. */
	requests: number;
	/** Requests that repeat a failed one. */
	retries: number;
	kept: { normal: number; abnormal: number; descriptors: number };
}

export interface GenerateOptions
	extends Pick<FilterOptions, "countTokens" | "embed" | "similarity"> {
	/** What the images show, such as "metal_nut". It is cleaned as `engine.category` does. */
	class: string;
	/** The words for the class in the prompts. Default: the cleaned name. */
	displayName?: string;
	llm: LlmOptions;
	/**
	 * Distinct prompts per label, 1 to 1000: fewer than `min` is an error, more than `max` are dropped.
	 * Defaults 16 and 144.
	 */
	perLabel?: { min?: number; max?: number };
	/** Questions per label, 1 to 50. Up to three times as many if there are too few prompts. Default 4. */
	samples?: number;
	/** The most descriptors, 0 to 100. 0 asks for none. Default 20. */
	descriptors?: number;
	signal?: AbortSignal;
	/** Called after each answer. */
	onProgress?: (progress: GenerateProgress) => void;
}

export interface ResolvedGenerate
	extends Pick<FilterOptions, "countTokens" | "embed" | "similarity"> {
	/** The words for the class in the prompts. */
	className: string;
	llm: ResolvedLlm;
	min: number;
	max: number;
	samples: number;
	descriptors: number;
	signal: AbortSignal | undefined;
	onProgress: GenerateOptions["onProgress"] | undefined;
}

const maxNameLength = 100;
const defaultMin = 16;
const defaultMax = 144;

const className: Check<string> = (value, name) => {
	const words = text(value, name);
	if (words.length > maxNameLength || hasControlCharacters(words)) {
		throw rangeError(
			`Expected at most ${maxNameLength} characters without control characters for ${name}`,
		);
	}
	return words;
};

const promptCount = number({ integer: true, min: 1, max: 1000 });
const checks = {
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
		checkOptions(value, name, { min: promptCount, max: promptCount }),
	llm: (value, name) => resolveLlm(value, name),
} satisfies Record<keyof GenerateOptions, Check>;

export function resolveGenerate(options: unknown): ResolvedGenerate {
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
		signal,
		onProgress,
	} = checkOptions(options, "options", checks);
	if (llm === undefined) throw wrongType("an object", "llm", llm);
	const min = perLabel.min ?? Math.min(defaultMin, perLabel.max ?? defaultMin);
	const max = perLabel.max ?? Math.max(defaultMax, min);
	if (min > max) {
		throw rangeError(
			`Expected perLabel.min to be at most perLabel.max but received ${min} and ${max}`,
		);
	}
	return {
		className: displayName?.trim() ?? cleanClassName(className(name, "class")),
		llm,
		min,
		max,
		samples,
		descriptors,
		countTokens,
		embed,
		similarity,
		signal,
		onProgress,
	};
}
