// Errors of one image or one category. They do not end the evaluation.
import { codeOf, type ErrorCode } from "../errors.js";

/** After these errors, no image can be scored or no result can be stored. */
const fatalCodes: ReadonlySet<ErrorCode> = new Set([
	"ERR_ALFA_CLOSED",
	"ERR_ALFA_WRITE",
	"ERR_ALFA_EVALUATION",
	"ERR_ALFA_MODEL_NOT_FOUND",
	"ERR_ALFA_MODEL_CORRUPT",
]);

/** Throws the error if it ends the whole evaluation: the run was stopped, the engine is closed, or the disk is full. */
export function throwIfFatal(
	error: unknown,
	signal: AbortSignal | undefined,
): void {
	signal?.throwIfAborted();
	const code = codeOf(error);
	const isAbort = (error as Error | undefined)?.name === "AbortError";
	if (isAbort || (code !== undefined && fatalCodes.has(code))) throw error;
}

/** The message of the error, with the image's id in place of its path, so that it is the same on every machine. */
export function messageOf(
	error: unknown,
	{ id, file }: { id: string; file: string },
): string {
	return (error as Error).message.replaceAll(file, id);
}
