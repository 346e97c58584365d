// What can go wrong with a request to a language model's server, and whether another attempt may help.
import {
	AttemptError,
	type AttemptFailure,
	retryAfterOf,
} from "../download/retry.js";
import { AlfaError, type ErrorCode } from "../errors.js";
import { visibleText } from "../util/escape.js";
import { ResponseTooLarge } from "./bounded-fetch.js";
import { InvalidCompletion } from "./completion.js";
import type { SecretRedactor } from "./secrets.js";

type LlmErrorCode = Extract<ErrorCode, `ERR_ALFA_LLM_${string}`>;

export function llmError(
	code: LlmErrorCode,
	message: string,
	options?: { cause?: unknown },
): AlfaError {
	return new AlfaError(code, message, options);
}

interface LlmFailureOptions extends AttemptFailure {
	code: LlmErrorCode;
	/** What the user can do. */
	advice: string;
	/** HTTP status of the answer, if there was one. */
	status?: number;
}

/**
 * A failed request. The message continues "The LLM server at HOST ...". It contains neither secrets
 * nor control characters.
 */
export class LlmFailure extends AttemptError {
	readonly code: LlmErrorCode;
	readonly status: number | undefined;
	readonly #advice: string;

	constructor(
		message: string,
		{ code, advice, status, ...failure }: LlmFailureOptions,
	) {
		super(message, failure);
		this.code = code;
		this.status = status;
		this.#advice = advice;
	}

	/**
	 * The error for the user. Its cause is a plain error, because the client's own errors contain
	 * headers and bodies.
	 */
	toAlfaError(host: string): AlfaError {
		const attempts = this.attempts > 1 ? ` (${this.attempts} attempts)` : "";
		return llmError(
			this.code,
			`The LLM server at ${host} ${this.message}${attempts}. ${this.#advice}`,
			{ cause: new Error(this.message) },
		);
	}
}

/** What the OpenAI client throws, as far as it is used here. */
interface ClientError {
	status?: number;
	code?: unknown;
	headers?: Headers;
	message?: string;
}

/**
 * The failure for what a request threw. `timedOut` tells whether it was stopped after `timeout`
 * milliseconds.
 */
export function toLlmFailure(
	thrown: unknown,
	timedOut: boolean,
	timeout: number,
	secrets: SecretRedactor,
): LlmFailure {
	const root = rootCause(thrown);
	if (root instanceof ResponseTooLarge) return tooLarge(root);
	if (thrown instanceof InvalidCompletion)
		return invalidCompletion(thrown, secrets);
	const error = (thrown ?? {}) as ClientError;
	if (error.status !== undefined) {
		const text = error.message ?? String(thrown);
		return statusFailure({ ...error, status: error.status }, text, secrets);
	}
	if (timedOut) return timeoutFailure(timeout);
	return connectionFailure(root, secrets);
}

const tooLarge = ({ message }: ResponseTooLarge) =>
	new LlmFailure(message, {
		code: "ERR_ALFA_LLM_RESPONSE",
		advice:
			"A list of prompts is never that long: check that llm.baseURL is an OpenAI-compatible API",
		retryable: false,
	});

function invalidCompletion(
	error: InvalidCompletion,
	secrets: SecretRedactor,
): LlmFailure {
	const reason = safeText(error.message, secrets, 300);
	return new LlmFailure(
		`sent an answer that is not a chat completion (${reason})`,
		{
			code: "ERR_ALFA_LLM_RESPONSE",
			advice:
				"Check that llm.baseURL is the root of an OpenAI-compatible API, such as http://localhost:11434/v1",
			retryable: true,
		},
	);
}

const timeoutFailure = (timeout: number) =>
	new LlmFailure(`did not answer completely within ${timeout} ms`, {
		code: "ERR_ALFA_LLM_TIMEOUT",
		advice: "Raise llm.timeout, or lower llm.concurrency if the server is busy",
		retryable: true,
	});

function connectionFailure(root: unknown, secrets: SecretRedactor): LlmFailure {
	const { code, message } = (root ?? {}) as NodeJS.ErrnoException;
	const reason = safeText(String(code ?? message ?? root), secrets, 100);
	return new LlmFailure(
		`could not be reached, or the connection broke (${reason})`,
		{
			code: "ERR_ALFA_LLM_CONNECTION",
			advice: "Check that the server runs and that llm.baseURL is right",
			retryable: true,
		},
	);
}

function statusFailure(
	{ status, code, headers }: ClientError & { status: number },
	text: string,
	secrets: SecretRedactor,
): LlmFailure {
	// The client puts the status before the server's text.
	const answer = safeText(text.replace(/^\d{3} /, ""), secrets, 300);
	const message = `answered ${status} (${answer})`;
	if (status === 401 || status === 403) {
		return new LlmFailure(message, {
			code: "ERR_ALFA_LLM_AUTH",
			advice:
				"Check the key: llm.apiKey, or the environment variable ALFA_LLM_KEY",
			retryable: false,
			status,
		});
	}
	if (status === 429) {
		return new LlmFailure(message, {
			code: "ERR_ALFA_LLM_RATE_LIMIT",
			advice: "Try again later, or lower llm.concurrency",
			retryable: code !== "insufficient_quota",
			retryAfter: retryAfterOf(headers),
			status,
		});
	}
	if (status === 408 || status === 409 || status >= 500) {
		return new LlmFailure(message, {
			code: "ERR_ALFA_LLM_SERVER",
			advice: "Check the server's log, or try again later",
			retryable: true,
			retryAfter: retryAfterOf(headers),
			status,
		});
	}
	return new LlmFailure(message, {
		code: "ERR_ALFA_LLM_REQUEST",
		advice: "Check llm.baseURL and llm.model",
		retryable: false,
		status,
	});
}

const safeText = (text: string, secrets: SecretRedactor, max: number) =>
	visibleText(secrets.redact(text), max);

const maxCauses = 8;

function rootCause(thrown: unknown): unknown {
	let root = thrown;
	for (let depth = 0; depth < maxCauses; depth++) {
		if (!(root instanceof Error) || !(root.cause instanceof Error)) break;
		root = root.cause;
	}
	return root;
}
