import { onAbort } from "./abort.js";

/** Elements to process in order: an array, a set, a generator, a stream, ... */
export type Source<T> = Iterable<T> | AsyncIterable<T>;

/** The number of elements if the source knows it: an array or a set. */
export function totalOf(source: Source<unknown>): number | undefined {
	if (Array.isArray(source)) return source.length;
	return source instanceof Set ? source.size : undefined;
}

interface Task<R> {
	result: Promise<R>;
	settled: boolean;
}

/**
 * Calls `work` for each element, at most `limit` at the same time, and yields the results in the order of the elements.
 *
 * A failed element throws when its turn comes, after the results before it. When the consumer stops, or an element
 * fails, or `signal` aborts, the signal that `work` received aborts and the source is closed.
 */
export async function* ordered<T, R>(
	source: Source<T>,
	limit: number,
	signal: AbortSignal | undefined,
	work: (element: T, index: number, signal: AbortSignal) => Promise<R>,
): AsyncGenerator<R, void, undefined> {
	signal?.throwIfAborted();
	const controller = new AbortController();
	const iterator =
		Symbol.asyncIterator in source
			? source[Symbol.asyncIterator]()
			: source[Symbol.iterator]();
	const tasks: Task<R>[] = [];
	let index = 0;
	let ended = false;
	let pulling = false;
	// Ends the wait of the loop below, which then looks at the state again.
	let wake = () => {};

	const addTask = (result: Promise<R>) => {
		const task = { result, settled: false };
		const settle = () => {
			task.settled = true;
			wake();
		};
		result.then(settle, settle);
		tasks.push(task);
	};
	const pull = async () => {
		pulling = true;
		try {
			const next = await iterator.next();
			if (next.done) ended = true;
			else if (!controller.signal.aborted)
				addTask(work(next.value, index++, controller.signal));
		} catch (error) {
			ended = true;
			addTask(Promise.reject(error));
		}
		pulling = false;
		wake();
	};
	const removeListener = onAbort(signal, () => {
		controller.abort(signal!.reason);
		wake();
	});

	try {
		while (true) {
			signal?.throwIfAborted();
			if (!ended && !pulling && tasks.length < limit) void pull();
			const first = tasks[0];
			if (!first && ended) return;
			if (first?.settled) {
				tasks.shift();
				yield await first.result;
			} else {
				await new Promise<void>((resolve) => {
					wake = resolve;
				});
			}
		}
	} finally {
		removeListener();
		controller.abort();
		const closing = ended ? undefined : iterator.return?.();
		// A source that hangs in next() would also hang in return(), so that one is not awaited.
		if (pulling) Promise.resolve(closing).catch(() => {});
		else await closing;
	}
}
