// generatePrompts with the stub of a language model's server, and what each of its results and errors
// must be like.
import { inspect } from "node:util";
import { expect } from "vitest";
import {
	AlfaError,
	extendPrompts,
	type GenerateOptions,
	type GenerateResult,
	generatePrompts,
} from "../../dist/index.js";
import type { LlmStub } from "./llm-stub.js";

export const key = "sk-test-0123456789abcdef";

export type PartialOptions = Partial<Omit<GenerateOptions, "llm">> & {
	llm?: Partial<GenerateOptions["llm"]>;
};

/** Generates prompts for a bottle, with short delays between retries. */
export const generate = (
	{ baseURL }: LlmStub,
	{ llm, ...options }: PartialOptions = {},
) =>
	generatePrompts({
		class: "bottle",
		llm: {
			baseURL,
			model: "stub-1",
			apiKey: key,
			timeout: 2000,
			maxRetries: 2,
			backoff: { first: 1, max: 50 },
			...llm,
		},
		...options,
	});

/** Everything in a value that could reach a user: messages, stacks, causes, hidden properties. */
export const allText = (value: unknown) =>
	inspect(value, { depth: 20, showHidden: true }) + JSON.stringify(value);

/** Expects `generate` to reject with that code. The error must name the host and contain no secrets. */
export async function expectGenerateError(
	stub: LlmStub,
	code: string,
	options?: PartialOptions,
): Promise<AlfaError> {
	const error = await generate(stub, options).then(
		(result) => {
			const text = JSON.stringify(result).slice(0, 200);
			throw new Error(`Expected ${code} but received a result: ${text}`);
		},
		(thrown: AlfaError) => thrown,
	);
	const { message } = error;
	expect(error).toBeInstanceOf(AlfaError);
	expect(error.code, message).toBe(code);
	expect(allText(error)).not.toContain(key);
	expect(message).not.toMatch(/[\p{Cc}\p{Cf}]/u);
	expect(message).toContain(stub.host);
	return error;
}

/** Expects a complete prompt set with distinct prompts, and nothing secret or harmful in it. */
export function expectGoodResult({
	prompts,
	dropped,
	usage,
}: GenerateResult): void {
	const { source, ...texts } = prompts;
	expect(extendPrompts(prompts, {})).toMatchObject({ ...texts, source });
	const prefixes = {
		normal: /^A normal image of /,
		abnormal: /^An abnormal image of /,
	};
	for (const label of ["normal", "abnormal"] as const) {
		expect(prompts[label].length).toBeGreaterThanOrEqual(16);
		expect(prompts[label].length).toBeLessThanOrEqual(144);
		expect(new Set(prompts[label]).size).toBe(prompts[label].length);
		for (const text of prompts[label]) expect(text).toMatch(prefixes[label]);
	}
	expect(allText({ prompts, dropped, usage })).not.toContain(key);
	expect(JSON.stringify(prompts)).not.toMatch(
		/[<>\u007f-\u009f\u202a-\u202e]|\\u001b|https?:|gnore (?:all )?previous/,
	);
}
