// Asking again, later and later: exponential back-off with jitter, or as long as the server asks for, up to a bound.
import { setTimeout as sleep } from "node:timers/promises";
import type { Failure } from "./errors.js";

export interface RetryOptions {
	maxRetries: number;
	backoff: { first: number; max: number };
	signal: AbortSignal;
}

export type Attempt<T> = { value: T } | { failure: Failure };

/** Runs `attempt` until it succeeds, must not be repeated, or has been repeated often enough; a failure comes with its count. */
export async function persistently<T>(
	attempt: () => Promise<Attempt<T>>,
	{ maxRetries, backoff, signal }: RetryOptions,
	onRetry: () => void,
): Promise<{ value: T } | { failure: Failure; attempts: number }> {
	for (let attempts = 1; ; attempts++) {
		const outcome = await attempt();
		if ("value" in outcome) return outcome;
		const { failure } = outcome;
		if (!failure.again || attempts > maxRetries) return { failure, attempts };
		// Between half and all of the step: clients that failed together do not come back together.
		const step =
			backoff.first * 2 ** (attempts - 1) * (0.5 + Math.random() / 2);
		await pause(
			Math.min(backoff.max, Math.max(step, failure.after ?? 0)),
			signal,
		);
		onRetry();
	}
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
	try {
		await sleep(ms, undefined, { signal });
	} catch {
		throw signal.reason;
	}
}
