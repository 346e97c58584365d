// A stream through concurrent work: results in the order of the inputs, a bounded number in flight, nothing left running.
import { onAbort } from "./abort.js";

export type Source<T> = Iterable<T> | AsyncIterable<T>;

/** How many elements there are, where the source knows. */
export function totalOf(source: Source<unknown>): number | undefined {
	return Array.isArray(source)
		? source.length
		: source instanceof Set
			? source.size
			: undefined;
}

interface Running<R> {
	result: Promise<R>;
	done: boolean;
}

/**
 * Calls `work` for each element, at most `limit` at a time, and yields the results in order, each as soon as it and the
 * ones before it are there. A failure is thrown in its element's place, after the results before it. When the consumer
 * stops, or anything fails, the signal given to the work that still runs aborts and the source is closed.
 */
export async function* ordered<T, R>(
	source: Source<T>,
	limit: number,
	signal: AbortSignal | undefined,
	work: (element: T, index: number, signal: AbortSignal) => Promise<R>,
): AsyncGenerator<R, void, undefined> {
	signal?.throwIfAborted();
	const own = new AbortController();
	const elements =
		Symbol.asyncIterator in source
			? source[Symbol.asyncIterator]()
			: source[Symbol.iterator]();
	const running: Running<R>[] = [];
	let index = 0;
	let ended = false;
	let pulling = false;
	let wake = () => {};

	const start = (result: Promise<R>) => {
		const entry = { result, done: false };
		const settle = () => {
			entry.done = true;
			wake();
		};
		result.then(settle, settle);
		running.push(entry);
	};
	const pull = async () => {
		pulling = true;
		try {
			const next = await elements.next();
			if (next.done) ended = true;
			else if (!own.signal.aborted)
				start(work(next.value, index++, own.signal));
		} catch (error) {
			ended = true;
			start(Promise.reject(error));
		}
		pulling = false;
		wake();
	};
	const forget = onAbort(signal, () => {
		own.abort(signal!.reason);
		wake();
	});

	try {
		while (true) {
			signal?.throwIfAborted();
			if (!ended && !pulling && running.length < limit) void pull();
			const head = running[0];
			if (!head && ended) return;
			if (head?.done) {
				running.shift();
				yield await head.result;
			} else {
				await new Promise<void>((resolve) => {
					wake = resolve;
				});
			}
		}
	} finally {
		forget();
		own.abort();
		const closing = ended ? undefined : elements.return?.();
		// A source that hangs in next() would hang here too: it is asked to close, but waited for only where it can.
		if (pulling) Promise.resolve(closing).catch(() => {});
		else await closing;
	}
}
