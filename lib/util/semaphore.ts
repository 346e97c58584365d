/** Runs at most `limit` tasks at a time; the others wait in the order in which they came. */
export class Semaphore {
	readonly #waiting: (() => void)[] = [];
	#free: number;

	constructor(limit: number) {
		this.#free = limit;
	}

	async run<T>(task: () => Promise<T>): Promise<T> {
		if (this.#free > 0) this.#free--;
		else await new Promise<void>((start) => this.#waiting.push(start));
		try {
			return await task();
		} finally {
			const startNext = this.#waiting.shift();
			if (startNext) startNext();
			else this.#free++;
		}
	}
}
