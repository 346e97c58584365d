// The errors of this package: a TypeError or RangeError for a wrong argument, an AlfaError for every other failure.
// Each has one of the codes below.

import { visibleLines } from "./util/escape.js";

/** Every error code with its meaning. A code keeps its meaning in all later versions. */
export const errorCodes = {
	ERR_ALFA_ARGUMENT:
		"TypeError: an argument has the wrong type, or an option is unknown or missing",
	ERR_ALFA_RANGE:
		"RangeError: an argument has the right type but an invalid value",
	ERR_ALFA_IMAGE: "the image cannot be read or decoded",
	ERR_ALFA_IMAGE_SIZE: "the image is too small or too large",
	ERR_ALFA_NO_MAP:
		"an image was requested from a result without an anomaly map",
	ERR_ALFA_MODEL_NOT_FOUND:
		"there is no checkpoint, or one of its files is missing",
	ERR_ALFA_MODEL_CORRUPT: "a file of the checkpoint is damaged",
	ERR_ALFA_MODEL_UNSUPPORTED:
		"the checkpoint is valid, but this version does not support its kind",
	ERR_ALFA_MODEL_MISMATCH:
		"config, weights and tokenizer do not belong to the same model",
	ERR_ALFA_DOWNLOAD:
		"a download failed: no connection, or an unexpected answer of the server",
	ERR_ALFA_ADDON: "the native addon cannot be loaded",
	ERR_ALFA_RUNTIME: "ONNX Runtime is missing, or it failed",
	ERR_ALFA_RUNTIME_CORRUPT:
		"an ONNX Runtime archive has an unexpected hash, size or content",
	ERR_ALFA_DEVICE: "the requested device is not available",
	ERR_ALFA_UNSUPPORTED: "this version does not support the request",
	ERR_ALFA_MEMORY: "there is not enough memory",
	ERR_ALFA_QUEUE_FULL: "more calls are waiting than the queue holds",
	ERR_ALFA_CLOSED: "the engine is closed",
	ERR_ALFA_ABORTED:
		"internal: a cancelled call rejects with the reason of its AbortSignal instead",
	ERR_ALFA_WRITE: "a file or folder cannot be written",
	ERR_ALFA_CATEGORY_FILE:
		"the file is not a saved category, is damaged, or is from another version",
	ERR_ALFA_PROMPT_FILE:
		"the file is not a valid prompt set, or cannot be read or written",
	ERR_ALFA_DATASET:
		"the folders have no known dataset layout, or cannot be read",
	ERR_ALFA_EVALUATION:
		"the report folder holds another run, or a run that is not finished",
	ERR_ALFA_LLM_CONNECTION:
		"the connection to the language model server failed or was cut",
	ERR_ALFA_LLM_TIMEOUT:
		"the language model server did not answer completely in time",
	ERR_ALFA_LLM_RATE_LIMIT:
		"status 429 after all retries, or the quota is used up",
	ERR_ALFA_LLM_SERVER: "status 5xx after all retries",
	ERR_ALFA_LLM_AUTH: "status 401 or 403",
	ERR_ALFA_LLM_REQUEST:
		"the server rejected the request, for example an unknown model or address",
	ERR_ALFA_LLM_RESPONSE:
		"the answer is too large or is not in the API's format",
	ERR_ALFA_LLM_TOO_FEW:
		"the answers are valid, but contain too few usable prompts",
	ERR_ALFA_INTERNAL: "a bug in this package",
} as const;

/** The codes of this package; {@link errorCodes} explains each. */
export type ErrorCode = keyof typeof errorCodes;

/**
 * Every failure that is not a wrong argument. `code` is for programs. `message` is for people: what was wrong, what was
 * expected, what was received, what to do; control and format characters of file names and other texts in it are
 * written as \uXXXX. `cause` is the underlying error, if there is one.
 */
export class AlfaError extends Error {
	override readonly name = "AlfaError";
	readonly code: ErrorCode;
	constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
		super(visibleLines(message), options);
		this.code = code;
	}
}

/** A TypeError with code ERR_ALFA_ARGUMENT. */
export function argumentError(
	message: string,
	options?: ErrorOptions,
): TypeError {
	const code: ErrorCode = "ERR_ALFA_ARGUMENT";
	return Object.assign(new TypeError(visibleLines(message), options), { code });
}

/** A RangeError with code ERR_ALFA_RANGE. */
export function rangeError(
	message: string,
	options?: ErrorOptions,
): RangeError {
	const code: ErrorCode = "ERR_ALFA_RANGE";
	return Object.assign(new RangeError(visibleLines(message), options), {
		code,
	});
}

/** An error of the class that belongs to the code. */
export function makeError(
	code: ErrorCode,
	message: string,
	options?: ErrorOptions,
): Error {
	if (code === "ERR_ALFA_ARGUMENT") return argumentError(message, options);
	if (code === "ERR_ALFA_RANGE") return rangeError(message, options);
	return new AlfaError(code, message, options);
}

/** The code of an error of this package; undefined for any other value. */
export function codeOf(error: unknown): ErrorCode | undefined {
	if (!(error instanceof Error)) return undefined;
	const { code } = error as { code?: unknown };
	return typeof code === "string" && Object.hasOwn(errorCodes, code)
		? (code as ErrorCode)
		: undefined;
}

/**
 * Turns an error that the addon threw into the error that users see: of the class that belongs to its code, or the
 * signal's reason if the call was aborted. Returns every other value unchanged.
 */
export function fromNative(error: unknown, signal?: AbortSignal): unknown {
	const code = codeOf(error);
	if (!code || error instanceof AlfaError) return error;
	if (code === "ERR_ALFA_ABORTED") {
		return signal?.aborted
			? signal.reason
			: new DOMException("This operation was aborted", "AbortError");
	}
	return makeError(code, (error as Error).message, { cause: error });
}

/** Runs a synchronous call of the addon; its errors become those that users see. */
export function callNative<T>(call: () => T): T {
	try {
		return call();
	} catch (error) {
		throw fromNative(error);
	}
}

/**
 * The same error with `where` in front of its message and the original as its cause. Returns errors of others, such as
 * the reason of an abort, unchanged.
 */
export function withLocation(error: unknown, where: string): unknown {
	const code = codeOf(error);
	if (!code) return error;
	return makeError(code, `${where}: ${(error as Error).message}`, {
		cause: error,
	});
}
