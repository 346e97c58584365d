// Failures of a connection to a server, and how a user sees them.
import { AlfaError, type ErrorCode } from "../errors.js";
import {
	AttemptError,
	type AttemptFailure,
	type RetryOptions,
	retryAfterOf,
	withRetry,
} from "./retry.js";

/** A failed request. It stays inside this package: `requestWithRetry` turns it into an AlfaError. */
export class ServerError extends AttemptError {
	readonly code: ErrorCode;

	constructor(
		message: string,
		failure: AttemptFailure,
		code: ErrorCode = "ERR_ALFA_DOWNLOAD",
	) {
		super(message, failure);
		this.code = code;
	}

	toAlfaError(): AlfaError {
		const advice = this.retryable
			? `; attempts: ${this.attempts}. Run it again later: ` +
				"the bytes received so far are kept, and the download continues from there"
			: "";
		const options = this.cause === undefined ? {} : { cause: this.cause };
		return new AlfaError(this.code, this.message + advice, options);
	}
}

/** `withRetry` for requests to a server. Throws an AlfaError in place of a ServerError. */
export async function requestWithRetry<T>(
	attempt: () => Promise<T>,
	options: RetryOptions,
): Promise<T> {
	try {
		return await withRetry(attempt, options);
	} catch (error) {
		throw error instanceof ServerError ? error.toAlfaError() : error;
	}
}

/**
 * Codes of Node's network errors that come back on every attempt: unknown hosts, certificates,
 * protocols.
 */
const permanentCodes =
	/^(ENOTFOUND|CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO|ERR_TLS|ERR_SSL|EPROTO|ERR_INVALID|UND_ERR_INVALID)/;

/** The error for a connection that could not be opened or that broke. */
export function connectionError(error: unknown, host: string): ServerError {
	if (error instanceof ServerError) return error;
	const { cause, message } = error as Error & { cause?: NodeJS.ErrnoException };
	const code = cause?.code ?? "";
	const reason = code || cause?.message || message;
	const advice =
		code === "ENOTFOUND"
			? ". Check that this machine is online and that the endpoint is right"
			: "";
	return new ServerError(
		`The connection to ${host} failed (${reason})${advice}`,
		{ retryable: !permanentCodes.test(code), cause: error },
	);
}

/** What messages and errors need to know about the kind of server that is asked. */
export interface ServerKind {
	/** With its article: "a model hub". */
	name: string;
	/** Who states hashes and sizes: "the hub". */
	hashSource: string;
	/** The code of the error for content with a wrong hash or size. */
	corruptCode: ErrorCode;
	/** The error for a status that has a special meaning on this kind of server, else undefined. */
	explainStatus(status: number, message: string): ServerError | undefined;
}

export interface StatusResponse {
	status: number;
	headers: Headers;
	host: string;
}

/**
 * The error for a status other than 2xx. `subject` is what was requested. The message repeats
 * nothing from the body: it is untrusted, and it may contain what was sent, such as a token.
 */
export function statusError(
	{ status, headers, host }: StatusResponse,
	subject: string,
	server: ServerKind,
): ServerError {
	const message = `${host} answered ${status} for ${subject}`;
	const explained = server.explainStatus(status, message);
	if (explained) return explained;
	const later = { retryable: true, retryAfter: retryAfterOf(headers) };
	if (status === 429)
		return new ServerError(`${message}: too many requests`, later);
	if (status >= 500 || status === 408)
		return new ServerError(`${message}: the server failed`, later);
	return new ServerError(
		`${message}. This is not an answer of ${server.name}. Check the endpoint`,
		{ retryable: false },
	);
}
