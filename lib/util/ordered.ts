import { types } from "node:util";
import { argumentError } from "../errors.js";
import { onAbort } from "./abort.js";

/** Elements to process in order: an array, a set, a generator, a stream, ... */
export type Source<T> = Iterable<T> | AsyncIterable<T>;

/** Whether the value is an array, a set, a generator, a stream, ... but no view of bytes and no string. */
export function isSource(value: unknown): value is Source<unknown> {
	return (
		typeof value === "object" &&
		value !== null &&
		!ArrayBuffer.isView(value) &&
		iteratorMethod(value) !== undefined
	);
}

/** undefined if the object has no method that makes an iterator, or if reading it throws. */
function iteratorMethod(value: object): (() => unknown) | undefined {
	for (const key of [Symbol.asyncIterator, Symbol.iterator]) {
		try {
			const method = (value as Record<symbol, unknown>)[key];
			if (typeof method === "function") return method as () => unknown;
		} catch {
			// A getter or a Proxy that throws: not a source.
		}
	}
	return undefined;
}

/** Starts the source. Throws ERR_ALFA_ARGUMENT if what it makes is not an iterator. */
function iterate<T>(source: Source<T>): Iterator<T> | AsyncIterator<T> {
	const method = iteratorMethod(source);
	const iterator = method && Reflect.apply(method, source, []);
	const next = (iterator as Partial<Iterator<T>> | null | undefined)?.next;
	if (typeof next === "function") return iterator as Iterator<T>;
	throw argumentError(
		"Expected an iterable with a method that returns an iterator with next()",
	);
}

/** The next result. Throws ERR_ALFA_ARGUMENT for anything that is not { done, value }. */
async function nextResult<T>(
	iterator: Iterator<T> | AsyncIterator<T>,
): Promise<IteratorResult<T>> {
	const result = await iterator.next();
	if (typeof result === "object" && result !== null) return result;
	throw argumentError(
		`Expected { done, value } from next() of the iterable but received a value of type ${typeof result}`,
	);
}

/** The number of elements if the source knows it: an array or a set. */
export function totalOf(source: Source<unknown>): number | undefined {
	if (Array.isArray(source)) return source.length;
	return types.isSet(source) ? source.size : undefined;
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
	const iterator = iterate(source);
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
			const next = await nextResult(iterator);
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
