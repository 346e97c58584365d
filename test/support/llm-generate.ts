// Prompts asked of the stub, with little patience, and what a result or an error must be like
// whatever the stub answered.
import { inspect } from "node:util";
import { expect } from "vitest";
import { AlfaError } from "../../dist/index.js";
import {
	generatePrompts,
	type GenerateResult,
} from "../../dist/prompts/generate.js";
import { toPromptSet } from "../../dist/prompts/prompt-set.js";
import type { Stub } from "./llm-stub.js";

export const key = "sk-test-0123456789abcdef";
export type Options = Parameters<typeof generatePrompts>[0];
export type Given = Partial<Omit<Options, "llm">> & {
	llm?: Partial<Options["llm"]>;
};

export const generate = ({ baseURL }: Stub, { llm, ...rest }: Given = {}) =>
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
		...rest,
	});

/** Everything that could be looked at: the message, the stack, causes, hidden properties. */
export const all = (value: unknown) =>
	inspect(value, { depth: 20, showHidden: true }) + JSON.stringify(value);

export async function expectError(
	stub: Stub,
	code: RegExp | string,
	given?: Given,
): Promise<AlfaError> {
	const error = await generate(stub, given).then(
		(result) => {
			throw new Error(
				`a result where an error was expected: ${JSON.stringify(result).slice(0, 200)}`,
			);
		},
		(thrown: unknown) => thrown,
	);
	expect(error).toBeInstanceOf(AlfaError);
	expect((error as AlfaError).code, (error as Error).message).toMatch(code);
	expect(all(error)).not.toContain(key);
	expect((error as Error).message).not.toMatch(/[\p{Cc}\p{Cf}]/u);
	expect((error as Error).message).toContain(stub.host);
	return error as AlfaError;
}

export function expectSound({ prompts, dropped, usage }: GenerateResult): void {
	expect(toPromptSet(prompts, "")).toEqual(prompts);
	for (const label of ["normal", "abnormal"] as const) {
		expect(prompts[label].length).toBeGreaterThanOrEqual(16);
		expect(prompts[label].length).toBeLessThanOrEqual(144);
		expect(new Set(prompts[label]).size).toBe(prompts[label].length);
		for (const text of prompts[label])
			expect(text).toMatch(
				label === "normal" ? /^A normal image of / : /^An abnormal image of /,
			);
	}
	expect(all({ prompts, dropped, usage })).not.toContain(key);
	expect(JSON.stringify(prompts)).not.toMatch(
		/[<>\u007f-\u009f\u202a-\u202e]|\\u001b|https?:|gnore (?:all )?previous/,
	);
}
