// AbortSignal at the borders: towards promises that cannot be stopped, and towards the addon's own cancel handles.
import type { Addon, CancelHandle } from './addon.js'
import { fromNative } from './errors.js'

/** Settles as `promise`, or rejects with the signal's reason at once when it aborts; the work below then ends unheard. */
export async function abortable<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return promise
  promise.catch(() => {})
  signal.throwIfAborted()
  let stop = () => {}
  const aborted = new Promise<never>((_, reject) => { stop = () => reject(signal.reason) })
  signal.addEventListener('abort', stop, { once: true })
  try {
    return await Promise.race([promise, aborted])
  } finally {
    signal.removeEventListener('abort', stop)
  }
}

/** Runs one job of the addon under a signal, its errors as users see them. */
export async function cancellable<T>(addon: Addon, signal: AbortSignal | undefined,
                                     job: (cancel?: CancelHandle) => Promise<T>): Promise<T> {
  signal?.throwIfAborted()
  const cancel = signal && addon.createCancel()
  const stop = () => addon.cancel(cancel!)
  if (cancel) signal.addEventListener('abort', stop, { once: true })
  try {
    return await job(cancel)
  } catch (error) {
    throw fromNative(error, signal)
  } finally {
    if (cancel) signal.removeEventListener('abort', stop)
  }
}
