// Turns texts into tokens, on a thread of its own. The thread starts with the first text and does not
// keep the process alive while it waits.
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { AlfaError, type ErrorCode, makeError } from "../errors.js";
import { addressSpaceLeft } from "../util/address-space.js";
import type { TokenizeJob, TokenizeReply, TokenizerFile } from "./worker.js";

export interface Tokens {
	/** The ids of all texts, one text after another. */
	ids: Int32Array;
	/** How many ids each text has. */
	lengths: Int32Array;
}

interface PendingJob {
	resolve: (tokens: Tokens) => void;
	reject: (error: unknown) => void;
}

/**
 * Megabytes. By default Node reserves 512 MB of addresses for the thread's compiled code. With 16 MB
 * the thread starts in about 32 MB.
 */
const codeRangeSizeMb = 16;

/** Bytes that must be available for the thread and a large vocabulary. */
const minAddressSpace = 192 << 20;

export class TextTokenizer {
	readonly #file: TokenizerFile;
	readonly #pending = new Map<number, PendingJob>();
	#worker: Worker | undefined;
	#nextId = 0;

	/**
	 * `directory` holds tokenizer.json, which is read with the first text. `context` is the most tokens
	 * that the text tower reads, and `vocabulary` is the number of tokens that it knows.
	 */
	constructor(directory: string, context: number, vocabulary: number) {
		const file = join(directory, "tokenizer.json");
		this.#file = { file, context, vocabulary };
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
		await this.#worker?.terminate();
	}

	async #run(texts: readonly string[], truncate: boolean): Promise<Tokens> {
		this.#worker ??= this.#start();
		const worker = this.#worker;
		const job: TokenizeJob = {
			id: this.#nextId++,
			texts: [...texts],
			truncate,
		};
		return new Promise((resolve, reject) => {
			this.#pending.set(job.id, { resolve, reject });
			worker.ref();
			worker.postMessage(job);
		});
	}

	#start(): Worker {
		const worker = startThread(this.#file);
		worker.unref();
		worker.on("message", (reply: TokenizeReply) => this.#settle(worker, reply));
		worker.on("error", (cause) => this.#fail(worker, threadError(cause)));
		worker.on("exit", () => this.#fail(worker, closedError()));
		return worker;
	}

	#settle(worker: Worker, { id, ids, lengths, error }: TokenizeReply): void {
		const job = this.#pending.get(id);
		this.#pending.delete(id);
		if (this.#pending.size === 0) worker.unref();
		if (error) job?.reject(makeError(error.code as ErrorCode, error.message));
		else job?.resolve({ ids: ids!, lengths: lengths! });
	}

	/** The next text starts a new thread. */
	#fail(worker: Worker, error: AlfaError): void {
		if (this.#worker !== worker) return;
		this.#worker = undefined;
		for (const { reject } of this.#pending.values()) reject(error);
		this.#pending.clear();
	}
}

function startThread(workerData: TokenizerFile): Worker {
	if (addressSpaceLeft() < minAddressSpace) throw memoryError();
	try {
		return new Worker(new URL("./worker.js", import.meta.url), {
			workerData,
			execArgv: [],
			resourceLimits: { codeRangeSizeMb },
		});
	} catch (error) {
		throw threadError(error as Error);
	}
}

const memoryCodes: (string | undefined)[] = [
	"ERR_WORKER_INIT_FAILED",
	"ERR_WORKER_OUT_OF_MEMORY",
];

function threadError(cause: NodeJS.ErrnoException): AlfaError {
	if (memoryCodes.includes(cause.code)) return memoryError(cause);
	return new AlfaError(
		"ERR_ALFA_INTERNAL",
		`The tokenizer's thread failed: ${cause.message}`,
		{ cause },
	);
}

const memoryError = (cause?: unknown) =>
	new AlfaError(
		"ERR_ALFA_MEMORY",
		"There is not enough memory for the tokenizer's thread. Give the process more memory (ulimit -v)",
		{ cause },
	);

const closedError = () =>
	new AlfaError(
		"ERR_ALFA_CLOSED",
		"The engine was closed while a text was tokenized",
	);
