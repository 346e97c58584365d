// Turns texts into tokens, on a thread of its own. The thread starts with the first text, does not keep the process
// alive while it waits, and ends when the tokenizer is closed or collected as garbage.
import { join } from "node:path";
import { startThread, type Thread, type Tokens } from "./thread.js";

export interface TokenizerOptions {
	/** Receives the messages of the tokenizer's library. */
	warn?: (message: string) => void;
	/** Milliseconds for the texts of one call. */
	timeLimit?: number;
}

/** CLIP's tokenizer takes a tenth of a second for a text of a megabyte. */
const defaultTimeLimit = 60_000;

/** Stops the threads of tokenizers that were dropped without `close`. */
const dropped = new FinalizationRegistry<Thread>((thread) => thread.stop());

export class TextTokenizer {
	readonly #start: () => Thread;
	#thread: Thread | undefined;

	/**
	 * `directory` holds tokenizer.json, which is read with the first text. `context` is the most tokens
	 * that the text tower reads, and `vocabulary` is the number of tokens that it knows.
	 */
	constructor(
		directory: string,
		context: number,
		vocabulary: number,
		{ warn = () => {}, timeLimit = defaultTimeLimit }: TokenizerOptions = {},
	) {
		const file = join(directory, "tokenizer.json");
		const workerData = { file, context, vocabulary };
		this.#start = () => startThread(workerData, warn, timeLimit);
	}

	/** The tokens of each text, with start and end token, cut to `context` tokens. */
	encode(texts: readonly string[]): Promise<Tokens> {
		return this.#run(texts, true);
	}

	/** How many tokens each text has before it is cut, start and end token included. */
	async count(texts: readonly string[]): Promise<Int32Array> {
		const { lengths } = await this.#run(texts, false);
		return lengths;
	}

	/** Jobs that wait reject with ERR_ALFA_CLOSED. */
	async close(): Promise<void> {
		await this.#thread?.stop();
	}

	async #run(texts: readonly string[], truncate: boolean): Promise<Tokens> {
		if (!this.#thread || this.#thread.hasEnded) {
			this.#thread = this.#start();
			dropped.register(this, this.#thread);
		}
		return this.#thread.run(texts, truncate);
	}
}
