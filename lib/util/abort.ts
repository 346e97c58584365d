// AbortSignal at the borders: towards promises that cannot be stopped, and towards the addon's own cancel handles.
import { setMaxListeners } from "node:events";
import type { Addon, CancelHandle } from "../native/addon.js";
import { fromNative } from "../errors.js";

/** Calls `stop` once when the signal aborts; returns the way to take that back. One signal may serve any number of calls. */
export function onAbort(
	signal: AbortSignal | undefined,
	stop: () => void,
): () => void {
	if (!signal) return () => {};
	setMaxListeners(0, signal); // else Node warns of a leak from the eleventh concurrent call on
	signal.addEventListener("abort", stop, { once: true });
	return () => signal.removeEventListener("abort", stop);
}

/** Settles as `promise`, or rejects with the signal's reason at once when it aborts; the work below then ends unheard. */
export async function abortable<T>(
	promise: Promise<T>,
	signal: AbortSignal | undefined,
): Promise<T> {
	if (!signal) return promise;
	promise.catch(() => {});
	signal.throwIfAborted();
	let forget = () => {};
	const aborted = new Promise<never>((_, reject) => {
		forget = onAbort(signal, () => reject(signal.reason));
	});
	try {
		return await Promise.race([promise, aborted]);
	} finally {
		forget();
	}
}

/** Runs one job of the addon under a signal, its errors as users see them. */
export async function cancellable<T>(
	addon: Addon,
	signal: AbortSignal | undefined,
	job: (cancel?: CancelHandle) => Promise<T>,
): Promise<T> {
	signal?.throwIfAborted();
	const cancel = signal && addon.createCancel();
	const forget = onAbort(signal, () => addon.cancel(cancel!));
	try {
		return await abortable(job(cancel), signal);
	} catch (error) {
		throw fromNative(error, signal);
	} finally {
		forget();
	}
}
