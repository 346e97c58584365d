// What this package throws: AlfaError, or TypeError and RangeError for wrong arguments, each with a stable `code`.

/** The codes of this package. A code keeps its meaning for good. */
export type ErrorCode =
	| "ERR_ALFA_ARGUMENT" // TypeError: a wrong type or an unknown key
	| "ERR_ALFA_RANGE" // RangeError: the right type, an impossible value
	| "ERR_ALFA_IMAGE" // pixels that cannot be read
	| "ERR_ALFA_IMAGE_SIZE" // too small or too large an image
	| "ERR_ALFA_MODEL_NOT_FOUND" // no checkpoint there, or a part of it is missing
	| "ERR_ALFA_MODEL_CORRUPT" // bytes that break the file format
	| "ERR_ALFA_MODEL_UNSUPPORTED" // a sound file of a kind that is not run
	| "ERR_ALFA_MODEL_MISMATCH" // config, weights and tokenizer do not fit each other
	| "ERR_ALFA_DOWNLOAD" // a model or runtime cannot be downloaded: the network, or what a server answers
	| "ERR_ALFA_RUNTIME" // ONNX Runtime cannot be found, opened or run
	| "ERR_ALFA_RUNTIME_CORRUPT" // an archive of ONNX Runtime that is not the one it should be
	| "ERR_ALFA_ADDON" // the native addon cannot be loaded
	| "ERR_ALFA_DEVICE" // the device asked for cannot be had
	| "ERR_ALFA_UNSUPPORTED" // asked for something that this version does not do
	| "ERR_ALFA_NO_MAP" // a picture was asked of a result without a map
	| "ERR_ALFA_MEMORY" // an allocation failed
	| "ERR_ALFA_CLOSED" // used after close
	| "ERR_ALFA_ABORTED" // cancelled; callers see signal.reason instead
	| "ERR_ALFA_WRITE" // a file or folder cannot be written
	| "ERR_ALFA_LLM_CONNECTION" // no connection to a language model's server, or one cut off
	| "ERR_ALFA_LLM_TIMEOUT" // no whole answer in time
	| "ERR_ALFA_LLM_RATE_LIMIT" // 429, retries included, or a quota used up
	| "ERR_ALFA_LLM_SERVER" // 5xx, retries included
	| "ERR_ALFA_LLM_AUTH" // 401, 403
	| "ERR_ALFA_LLM_REQUEST" // another refusal: no such model, no such address
	| "ERR_ALFA_LLM_RESPONSE" // an answer that is too large or not of the API's form
	| "ERR_ALFA_LLM_TOO_FEW" // sound answers, but too few usable prompts in them
	| "ERR_ALFA_PROMPT_FILE" // a file that is no prompt set, or cannot be read or written
	| "ERR_ALFA_CATEGORY_FILE" // a file that is no saved category, or a damaged one
	| "ERR_ALFA_DATASET" // folders that are no dataset of a known layout, or cannot be read
	| "ERR_ALFA_EVALUATION" // a report's folder holds another run, or one that is not finished
	| "ERR_ALFA_QUEUE_FULL" // more work than the queue holds
	| "ERR_ALFA_INTERNAL"; // a fault of ours

/**
 * Every failure that is not a wrong argument. `code` is for programs, `message` for people: it names the thing, what
 * was expected, what was found and what to do; `cause` is the error below it, where there is one.
 */
export class AlfaError extends Error {
	override readonly name = "AlfaError";
	readonly code: ErrorCode;
	constructor(code: ErrorCode, message: string, options?: { cause?: unknown }) {
		super(message, options);
		this.code = code;
	}
}

/** A TypeError with code ERR_ALFA_ARGUMENT. */
export function argumentError(
	message: string,
	options?: { cause?: unknown },
): TypeError {
	return Object.assign(new TypeError(message, options), {
		code: "ERR_ALFA_ARGUMENT" as const,
	});
}

/** A RangeError with code ERR_ALFA_RANGE. */
export function rangeError(
	message: string,
	options?: { cause?: unknown },
): RangeError {
	return Object.assign(new RangeError(message, options), {
		code: "ERR_ALFA_RANGE" as const,
	});
}

/** The error of this package with that code: the class follows from the code. */
export function makeError(
	code: ErrorCode,
	message: string,
	options?: { cause?: unknown },
): Error {
	if (code === "ERR_ALFA_ARGUMENT") return argumentError(message, options);
	if (code === "ERR_ALFA_RANGE") return rangeError(message, options);
	return new AlfaError(code, message, options);
}

/** The code of an error of this package, else undefined. */
export function codeOf(error: unknown): ErrorCode | undefined {
	const code =
		error instanceof Error ? (error as { code?: unknown }).code : undefined;
	return typeof code === "string" && code.startsWith("ERR_ALFA_")
		? (code as ErrorCode)
		: undefined;
}

/** What the addon threw, as users see it; anything else passes through. An abort becomes the signal's own reason. */
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

/** What a call of the addon returns at once; what it throws, as users see it. */
export function callNative<T>(call: () => T): T {
	try {
		return call();
	} catch (error) {
		throw fromNative(error);
	}
}

/** The same error, its message led by `where`, the original its cause. Foreign errors (an abort's reason) pass through. */
export function withLocation(error: unknown, where: string): unknown {
	const code = codeOf(error);
	return code
		? makeError(code, `${where}: ${(error as Error).message}`, { cause: error })
		: error;
}
