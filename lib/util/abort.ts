import { setMaxListeners } from "node:events";

/**
 * Calls `stop` once when the signal aborts. Returns a function that removes the listener. One signal may serve any
 * number of calls at the same time.
 */
export function onAbort(
	signal: AbortSignal | undefined,
	stop: () => void,
): () => void {
	if (!signal) return () => {};
	// Node warns of a listener leak from the eleventh concurrent call on. A frozen signal has no place for the setting.
	if (Object.isExtensible(signal)) setMaxListeners(0, signal);
	signal.addEventListener("abort", stop, { once: true });
	return () => signal.removeEventListener("abort", stop);
}

/**
 * Settles as `promise` does, or rejects with the signal's reason as soon as it aborts. The work behind the promise
 * goes on; its result or error is then ignored.
 */
export async function abortable<T>(
	promise: Promise<T>,
	signal: AbortSignal | undefined,
): Promise<T> {
	if (!signal) return promise;
	promise.catch(() => {});
	signal.throwIfAborted();
	let removeListener = () => {};
	const aborted = new Promise<never>((_, reject) => {
		removeListener = onAbort(signal, () => reject(signal.reason));
	});
	try {
		return await Promise.race([promise, aborted]);
	} finally {
		removeListener();
	}
}
