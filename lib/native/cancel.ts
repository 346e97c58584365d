import { fromNative } from "../errors.js";
import { abortable, onAbort } from "../util/abort.js";
import type { Addon, CancelHandle } from "./addon.js";

/** Runs one job of the addon. When the signal aborts, the job is cancelled and the call rejects with the signal's reason. */
export async function cancellable<T>(
	addon: Addon,
	signal: AbortSignal | undefined,
	job: (cancel?: CancelHandle) => Promise<T>,
): Promise<T> {
	signal?.throwIfAborted();
	const cancel = signal && addon.createCancel();
	const removeListener = onAbort(signal, () => addon.cancel(cancel!));
	try {
		return await abortable(job(cancel), signal);
	} catch (error) {
		throw fromNative(error, signal);
	} finally {
		removeListener();
	}
}
