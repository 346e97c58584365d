// What goes wrong between here and a language model's server, by name, and whether asking again may help.
import { AlfaError, type ErrorCode } from "../errors.js";
import { TooLarge } from "./bounded-fetch.js";
import type { Secrets } from "./secrets.js";
import { visibleText } from "../util/escape.js";

export type LlmErrorCode = Extract<ErrorCode, `ERR_ALFA_LLM_${string}`>;

export function llmError(
	code: LlmErrorCode,
	message: string,
	options?: { cause?: unknown },
): AlfaError {
	return new AlfaError(code, message, options);
}

/** An answer that arrived whole and is not what the API promises. */
export class BadAnswer extends Error {}

export interface Failure {
	code: LlmErrorCode;
	/** What happened, without secrets and without control characters. */
	what: string;
	advice: string;
	/** Whether the same request may succeed later. */
	again: boolean;
	/** HTTP status, where one came. */
	status?: number;
	/** Milliseconds that the server asks to wait. */
	after?: number;
}

interface Thrown {
	status?: number;
	code?: unknown;
	headers?: Headers;
	message?: string;
	cause?: unknown;
}

export function failureOf(
	thrown: unknown,
	timedOut: boolean,
	timeout: number,
	secrets: Secrets,
): Failure {
	const {
		status,
		code,
		headers,
		message = String(thrown),
	} = (thrown ?? {}) as Thrown;
	const says = visibleText(secrets.hide(message.replace(/^\d{3} /, "")), 300);
	const root = rootOf(thrown);
	if (root instanceof TooLarge)
		return {
			code: "ERR_ALFA_LLM_RESPONSE",
			what: root.message,
			advice:
				"no list of prompts is that long: check that baseURL is an OpenAI-compatible API",
			again: false,
		};
	if (thrown instanceof BadAnswer || thrown instanceof SyntaxError)
		return {
			code: "ERR_ALFA_LLM_RESPONSE",
			what: `sent what is no chat completion (${thrown instanceof BadAnswer ? says : "not JSON"})`,
			advice:
				"check that baseURL is the root of an OpenAI-compatible API, such as http://localhost:11434/v1",
			again: true,
		};
	if (status === undefined) {
		if (timedOut)
			return {
				code: "ERR_ALFA_LLM_TIMEOUT",
				what: `gave no whole answer within ${timeout} ms`,
				advice:
					"raise llm.timeout, or lower llm.concurrency where the server is busy",
				again: true,
			};
		const why = visibleText(
			secrets.hide(
				String((root as Thrown).code ?? (root as Error)?.message ?? root),
			),
			100,
		);
		return {
			code: "ERR_ALFA_LLM_CONNECTION",
			what: `could not be reached, or the connection broke (${why})`,
			advice: "check that it runs and that llm.baseURL is right",
			again: true,
		};
	}
	const what = `answered ${status} (${says})`;
	if (status === 401 || status === 403)
		return {
			code: "ERR_ALFA_LLM_AUTH",
			what,
			advice: "check the key: llm.apiKey, or ALFA_LLM_KEY in the environment",
			again: false,
			status,
		};
	if (status === 429)
		return {
			code: "ERR_ALFA_LLM_RATE_LIMIT",
			what,
			advice: "try later, or lower llm.concurrency",
			again: code !== "insufficient_quota",
			status,
			...waitOf(headers),
		};
	if (status === 408 || status === 409 || status >= 500)
		return {
			code: "ERR_ALFA_LLM_SERVER",
			what,
			advice: "look into its log, or try later",
			again: true,
			status,
			...waitOf(headers),
		};
	return {
		code: "ERR_ALFA_LLM_REQUEST",
		what,
		advice: "check llm.baseURL and llm.model",
		again: false,
		status,
	};
}

/** The error that users see. Its cause is a plain error: the client's own holds headers and bodies. */
export function errorOf(
	{ code, what, advice }: Failure,
	host: string,
	attempts: number,
): AlfaError {
	const times = attempts > 1 ? `, ${attempts} attempts` : "";
	return llmError(
		code,
		`The LLM server at ${host} ${what}${times}; ${advice}`,
		{ cause: new Error(what) },
	);
}

function rootOf(thrown: unknown): unknown {
	let root = thrown;
	for (
		let depth = 0;
		depth < 8 && root instanceof Error && root.cause instanceof Error;
		depth++
	)
		root = root.cause;
	return root;
}

/** Retry-After in seconds or as a date, or the finer retry-after-ms. */
function waitOf(headers: Headers | undefined): { after?: number } {
	const fine = Number.parseFloat(headers?.get("retry-after-ms") ?? "");
	const coarse = headers?.get("retry-after") ?? "";
	const after = Number.isFinite(fine)
		? fine
		: /^\s*\d+(\.\d+)?\s*$/.test(coarse)
			? 1000 * Number(coarse)
			: Date.parse(coarse) - Date.now();
	return Number.isFinite(after) && after >= 0 ? { after } : {};
}
