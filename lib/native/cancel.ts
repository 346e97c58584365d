import { fromNative } from "../errors.js";
import { onAbort } from "../util/abort.js";
import type { Addon, CancelHandle } from "./addon.js";

/**
 * Starts a task of the addon. If the signal aborts, the task is cancelled and the promise rejects with the signal's
 * reason at once; how the task ends is then ignored.
 */
export async function cancellable<T>(
	addon: Addon,
	signal: AbortSignal | undefined,
	start: (cancel?: CancelHandle) => Promise<T>,
): Promise<T> {
	signal?.throwIfAborted();
	const cancel = signal && addon.createCancel();
	let removeListener = () => {};
	try {
		const task = start(cancel);
		if (!signal) return await task;
		const aborted = new Promise<never>((_, reject) => {
			removeListener = onAbort(signal, () => {
				addon.cancel(cancel!);
				reject(signal.reason);
			});
		});
		return await Promise.race([task, aborted]);
	} catch (error) {
		throw fromNative(error, signal);
	} finally {
		removeListener();
	}
}
