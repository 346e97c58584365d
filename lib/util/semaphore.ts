import { onAbort } from "./abort.js";

/** Runs tasks whose weights sum up to at most `limit`; the others wait in the order in which they came. */
export class Semaphore {
	readonly #waiting: { weight: number; start: () => void }[] = [];
	readonly #limit: number;
	#free: number;

	constructor(limit: number) {
		this.#limit = limit;
		this.#free = limit;
	}

	/**
	 * A task that weighs more than the limit runs alone. If the signal aborts before the task starts, the call rejects
	 * with its reason and the task never starts.
	 */
	async run<T>(
		task: () => Promise<T>,
		signal?: AbortSignal,
		taskWeight = 1,
	): Promise<T> {
		const weight = Math.min(taskWeight, this.#limit);
		if (this.#waiting.length === 0 && weight <= this.#free)
			this.#free -= weight;
		else await this.#wait(weight, signal);
		try {
			return await task();
		} finally {
			this.#free += weight;
			this.#startWaiting();
		}
	}

	#startWaiting(): void {
		while (true) {
			const next = this.#waiting[0];
			if (!next || next.weight > this.#free) return;
			this.#waiting.shift();
			this.#free -= next.weight;
			next.start();
		}
	}

	#wait(weight: number, signal: AbortSignal | undefined): Promise<void> {
		return new Promise((resolve, reject) => {
			const waiting = {
				weight,
				start: () => {
					removeListener();
					resolve();
				},
			};
			const removeListener = onAbort(signal, () => {
				this.#waiting.splice(this.#waiting.indexOf(waiting), 1);
				reject(signal!.reason);
				// A light task may have waited behind this one.
				this.#startWaiting();
			});
			this.#waiting.push(waiting);
		});
	}
}
