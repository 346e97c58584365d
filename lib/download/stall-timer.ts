import { ServerError } from "./server-error.js";

const minBytes = 16_384;

/** Aborts the request if fewer than `minBytes` bytes arrive within one timeout. */
export class StallTimer {
	readonly controller: AbortController;
	readonly #timeout: number;
	#timer: NodeJS.Timeout | undefined;
	#received = 0;

	constructor(controller: AbortController, timeout: number) {
		this.controller = controller;
		this.#timeout = timeout;
	}

	restart(host: string): void {
		this.stop();
		this.#received = 0;
		this.#timer = setInterval(() => this.#check(host), this.#timeout);
	}

	count(bytes: number): void {
		this.#received += bytes;
	}

	stop(): void {
		clearInterval(this.#timer);
	}

	#check(host: string): void {
		if (this.#received < minBytes) {
			const seconds = this.#timeout / 1000;
			this.controller.abort(
				new ServerError(
					`${host} is too slow: fewer than ${minBytes} bytes arrived in ${seconds} s`,
					{ retryable: true },
				),
			);
		}
		this.#received = 0;
	}
}
