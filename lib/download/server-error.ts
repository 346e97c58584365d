// What goes wrong between here and a server, whether asking again may help, and the asking again.
import { setTimeout as sleep } from "node:timers/promises";
import { AlfaError, type ErrorCode } from "../errors.js";

/** Never reaches users: `withRetry` turns it into an AlfaError. */
export class ServerError extends Error {
	constructor(
		message: string,
		readonly again: boolean,
		readonly more: { code?: ErrorCode; after?: number; cause?: unknown } = {},
	) {
		super(message);
	}

	asError(attempts = 1): AlfaError {
		const { code = "ERR_ALFA_DOWNLOAD", cause } = this.more;
		const advice = this.again
			? `; attempts: ${attempts}. Run it again later: what came is kept, and it goes on from there`
			: "";
		return new AlfaError(
			code,
			this.message + advice,
			cause === undefined ? {} : { cause },
		);
	}
}

export interface RetryOptions {
	retries: number;
	signal: AbortSignal | undefined;
}

const firstPause = 500,
	longestPause = 30_000; // ms

/** Runs `attempt` until it succeeds, must not be repeated, or failed once more than `retries` times without `progressed`. */
export async function withRetry<T>(
	attempt: () => Promise<T>,
	{ retries, signal }: RetryOptions,
	progressed = () => false,
): Promise<T> {
	for (let failures = 1; ; failures++) {
		try {
			signal?.throwIfAborted();
			return await attempt();
		} catch (error) {
			signal?.throwIfAborted();
			if (!(error instanceof ServerError)) throw error;
			if (progressed()) failures = 1;
			const { again, more } = error;
			if (!again || failures > retries) throw error.asError(failures);
			// Between half and all of the step: clients that failed together do not come back together.
			const step = firstPause * 2 ** (failures - 1) * (0.5 + Math.random() / 2);
			await sleep(
				Math.min(longestPause, more.after ?? step),
				undefined,
				signal ? { signal } : {},
			).catch(() => {
				throw signal!.reason;
			});
		}
	}
}

const hopeless =
	/^(ENOTFOUND|CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO|ERR_TLS|ERR_SSL|EPROTO|ERR_INVALID|UND_ERR_INVALID)/;

/** No connection, or one cut off. */
export function fromNetwork(error: unknown, host: string): ServerError {
	if (error instanceof ServerError) return error;
	const { cause, message } = error as Error & { cause?: NodeJS.ErrnoException };
	const code = cause?.code ?? "";
	return new ServerError(
		`The connection to ${host} failed (${code || cause?.message || message})` +
			(code === "ENOTFOUND"
				? "; is this machine online, and is the endpoint right?"
				: ""),
		!hopeless.test(code),
		{ cause: error },
	);
}

/** What kind of server is asked: how messages call it, and what its refusals mean. */
export interface Server {
	/** 'a model hub' */
	called: string;
	/** Who states hashes and sizes: 'the hub'. */
	states: string;
	/** Of content that is not what was stated. */
	corrupt: ErrorCode;
	/** The meaning of an answer that other servers give otherwise; undefined: it has none of its own here. */
	refusal(status: number, told: string): ServerError | undefined;
}

export const modelHub: Server = {
	called: "a model hub",
	states: "the hub",
	corrupt: "ERR_ALFA_MODEL_CORRUPT",
	refusal(status, told) {
		if (status === 401 || status === 403) {
			return new ServerError(
				`${told}: there is no such repository, or it is private or gated, or HF_TOKEN does not open it. ` +
					"Check the name; for a gated one accept its terms on the hub's page, and set HF_TOKEN to a token that may read it",
				false,
			);
		}
		return status === 404
			? new ServerError(
					`${told}: there is no such repository, revision or file`,
					false,
					{ code: "ERR_ALFA_MODEL_NOT_FOUND" },
				)
			: undefined;
	},
};

/** An answer that is not 2xx. Nothing of its text is repeated: it is the server's word, and may hold what was sent. */
export function fromStatus(
	status: number,
	headers: Headers,
	host: string,
	what: string,
	server: Server,
): ServerError {
	const told = `${host} answered ${status} for ${what}`;
	const own = server.refusal(status, told);
	if (own) return own;
	const seconds = Number(headers.get("retry-after") ?? NaN);
	const after = seconds >= 0 ? { after: 1000 * seconds } : {};
	if (status === 429)
		return new ServerError(`${told}: too many requests`, true, after);
	if (status >= 500 || status === 408)
		return new ServerError(`${told}: the server has trouble`, true, after);
	return new ServerError(
		`${told}, which is no answer that ${server.called} gives; is the endpoint right?`,
		false,
	);
}
