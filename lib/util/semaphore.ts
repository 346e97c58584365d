/** Lets at most `limit` holders in at a time; the rest wait in order of arrival. */
export class Semaphore {
	readonly #waiting: (() => void)[] = [];
	#free: number;
	constructor(limit: number) {
		this.#free = limit;
	}

	async run<T>(work: () => Promise<T>): Promise<T> {
		if (this.#free > 0) this.#free--;
		else await new Promise<void>((enter) => this.#waiting.push(enter));
		try {
			return await work();
		} finally {
			const next = this.#waiting.shift();
			if (next) next();
			else this.#free++;
		}
	}
}
