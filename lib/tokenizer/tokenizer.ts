// Texts to tokens, on a thread of its own. The thread keeps no process alive and starts with the first text.
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { AlfaError, makeError, type ErrorCode } from "../errors.js";
import { addressSpaceLeft } from "../util/address-space.js";
import type { TokenizeJob, TokenizeReply, TokenizerFile } from "./worker.js";

/** ids of all texts one after another; lengths says how many belong to each. */
export interface Tokens {
	ids: Int32Array;
	lengths: Int32Array;
}

interface Waiting {
	resolve: (tokens: Tokens) => void;
	reject: (error: unknown) => void;
}

// Node would reserve 512 MB of addresses for the thread's compiled code; with 16 MB it starts in some 32 MB, and a large
// vocabulary takes the rest.
const codeRange = 16;
const leastSpace = 192 << 20;

export class TextTokenizer {
	readonly #data: TokenizerFile;
	readonly #waiting = new Map<number, Waiting>();
	#worker: Worker | undefined;
	#next = 0;

	/** `directory` holds tokenizer.json; context and vocabulary are the text tower's. Reads nothing yet. */
	constructor(directory: string, context: number, vocabulary: number) {
		this.#data = {
			file: join(directory, "tokenizer.json"),
			context,
			vocabulary,
		};
	}

	/** Each text's tokens between start and end token, at most `context` long. */
	encode(texts: readonly string[]): Promise<Tokens> {
		return this.#ask(texts, false);
	}

	/** How many tokens each text has, start and end included, nothing cut. */
	async count(texts: readonly string[]): Promise<Int32Array> {
		return (await this.#ask(texts, true)).lengths;
	}

	async #ask(texts: readonly string[], whole: boolean): Promise<Tokens> {
		const worker = (this.#worker ??= this.#start());
		const job: TokenizeJob = { id: this.#next++, texts: [...texts], whole };
		return new Promise((resolve, reject) => {
			this.#waiting.set(job.id, { resolve, reject });
			worker.ref();
			worker.postMessage(job);
		});
	}

	async close(): Promise<void> {
		await this.#worker?.terminate();
	}

	#start(): Worker {
		const worker = startThread(this.#data);
		worker.unref();
		worker.on("message", ({ id, ids, lengths, error }: TokenizeReply) => {
			const waiting = this.#waiting.get(id);
			this.#waiting.delete(id);
			if (this.#waiting.size === 0) worker.unref();
			if (error)
				waiting?.reject(makeError(error.code as ErrorCode, error.message));
			else waiting?.resolve({ ids: ids!, lengths: lengths! });
		});
		worker.on("error", (cause) => this.#fail(worker, threadFailed(cause)));
		worker.on("exit", () =>
			this.#fail(
				worker,
				new AlfaError(
					"ERR_ALFA_CLOSED",
					"The engine was closed while a text was tokenised",
				),
			),
		);
		return worker;
	}

	#fail(worker: Worker, error: AlfaError): void {
		if (this.#worker !== worker) return;
		this.#worker = undefined;
		for (const { reject } of this.#waiting.values()) reject(error);
		this.#waiting.clear();
	}
}

function startThread(workerData: TokenizerFile): Worker {
	if (addressSpaceLeft() < leastSpace) throw outOfMemory();
	try {
		return new Worker(new URL("./worker.js", import.meta.url), {
			workerData,
			execArgv: [],
			resourceLimits: { codeRangeSizeMb: codeRange },
		});
	} catch (error) {
		throw threadFailed(error as Error);
	}
}

function threadFailed(cause: NodeJS.ErrnoException): AlfaError {
	if (
		cause.code === "ERR_WORKER_INIT_FAILED" ||
		cause.code === "ERR_WORKER_OUT_OF_MEMORY"
	)
		return outOfMemory(cause);
	return new AlfaError(
		"ERR_ALFA_INTERNAL",
		`The tokenizer's thread failed: ${cause.message}`,
		{ cause },
	);
}

function outOfMemory(cause?: unknown): AlfaError {
	return new AlfaError(
		"ERR_ALFA_MEMORY",
		"There is not enough memory for the thread that turns texts into tokens; give the process more (ulimit -v)",
		{ cause },
	);
}
