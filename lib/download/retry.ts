// Repeats a failed attempt after growing delays.
import { setTimeout as sleep } from "node:timers/promises";

export interface AttemptFailure {
	/** Whether the same attempt may succeed later. */
	retryable: boolean;
	/** Milliseconds that the server asks to wait before the next attempt. */
	retryAfter?: number | undefined;
	cause?: unknown;
}

/** A failed attempt that `withRetry` may repeat. Errors of other classes are never repeated. */
export class AttemptError extends Error {
	readonly retryable: boolean;
	readonly retryAfter: number;
	/** How many attempts were made. `withRetry` sets it when it gives up. */
	attempts = 1;

	constructor(
		message: string,
		{ retryable, retryAfter = 0, cause }: AttemptFailure,
	) {
		super(message, cause === undefined ? {} : { cause });
		this.retryable = retryable;
		this.retryAfter = retryAfter;
	}
}

/** Delays in milliseconds: the first one, which doubles with each failure, and the longest one. */
export interface Backoff {
	first: number;
	max: number;
}

export interface RetryOptions {
	/** How many attempts may follow the first one. */
	retries: number;
	signal: AbortSignal | undefined;
	backoff?: Backoff;
	/** Asked after each failure. If it returns true, the failures are counted from one again. */
	hasProgressed?: () => boolean;
	/** Called before each further attempt. */
	onRetry?: () => void;
}

const defaultBackoff: Backoff = { first: 500, max: 30_000 };

/**
 * Runs `attempt` until it succeeds. Throws the last error when it is not retryable or when no
 * retries are left, or the signal's reason when the signal aborts.
 */
export async function withRetry<T>(
	attempt: () => Promise<T>,
	{
		retries,
		signal,
		backoff = defaultBackoff,
		hasProgressed,
		onRetry,
	}: RetryOptions,
): Promise<T> {
	for (let failures = 1; ; failures++) {
		signal?.throwIfAborted();
		try {
			return await attempt();
		} catch (error) {
			signal?.throwIfAborted();
			if (!(error instanceof AttemptError)) throw error;
			if (hasProgressed?.()) failures = 1;
			error.attempts = failures;
			if (!error.retryable || failures > retries) throw error;
			const delay = Math.max(backoffDelay(backoff, failures), error.retryAfter);
			await abortableSleep(Math.min(backoff.max, delay), signal);
			onRetry?.();
		}
	}
}

/**
 * A random delay between half of the current step and the full step, so that clients do not retry
 * in unison.
 */
function backoffDelay({ first }: Backoff, failures: number): number {
	const step = first * 2 ** (failures - 1);
	return step * (0.5 + Math.random() / 2);
}

async function abortableSleep(
	ms: number,
	signal: AbortSignal | undefined,
): Promise<void> {
	try {
		await sleep(ms, undefined, signal ? { signal } : {});
	} catch {
		throw signal!.reason;
	}
}

/**
 * Milliseconds from retry-after-ms, or from Retry-After in seconds or as a date; undefined if
 * neither is valid.
 */
export function retryAfterOf(headers: Headers | undefined): number | undefined {
	const delay = parseRetryAfter(headers);
	return Number.isFinite(delay) && delay >= 0 ? delay : undefined;
}

function parseRetryAfter(headers: Headers | undefined): number {
	const milliseconds = Number.parseFloat(headers?.get("retry-after-ms") ?? "");
	if (Number.isFinite(milliseconds)) return milliseconds;
	const value = headers?.get("retry-after") ?? "";
	if (/^\s*\d+(\.\d+)?\s*$/.test(value)) return 1000 * Number(value);
	return Date.parse(value) - Date.now();
}
