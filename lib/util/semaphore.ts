import { onAbort } from "./abort.js";

/** Runs at most `limit` tasks at a time; the others wait in the order in which they came. */
export class Semaphore {
	readonly #waiting: (() => void)[] = [];
	#free: number;

	constructor(limit: number) {
		this.#free = limit;
	}

	/** If the signal aborts before the task starts, the call rejects with its reason and the task never starts. */
	async run<T>(task: () => Promise<T>, signal?: AbortSignal): Promise<T> {
		if (this.#free > 0) this.#free--;
		else await this.#wait(signal);
		try {
			return await task();
		} finally {
			const startNext = this.#waiting.shift();
			if (startNext) startNext();
			else this.#free++;
		}
	}

	#wait(signal: AbortSignal | undefined): Promise<void> {
		return new Promise((resolve, reject) => {
			const start = () => {
				removeListener();
				resolve();
			};
			const removeListener = onAbort(signal, () => {
				this.#waiting.splice(this.#waiting.indexOf(start), 1);
				reject(signal!.reason);
			});
			this.#waiting.push(start);
		});
	}
}
