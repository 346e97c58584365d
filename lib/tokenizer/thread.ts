// One thread that tokenizes. It knows nothing of its tokenizer, so that a dropped tokenizer can be collected.
import { Worker } from "node:worker_threads";
import { AlfaError, type ErrorCode, makeError } from "../errors.js";
import { addressSpaceLeft } from "../util/address-space.js";
import type { TokenizeReply, TokenizerFile, WorkerMessage } from "./worker.js";

export interface Tokens {
	/** The ids of all texts, one text after another. */
	ids: Int32Array;
	/** How many ids each text has. */
	lengths: Int32Array;
}

interface Job {
	id: number;
	resolve: (tokens: Tokens) => void;
	reject: (error: unknown) => void;
	/** For the message if the job takes too long. */
	characters: number;
}

/**
 * Megabytes. By default Node reserves 512 MB of addresses for the thread's compiled code. With 16 MB
 * the thread starts in about 32 MB.
 */
const codeRangeSizeMb = 16;

/** Bytes that must be available for the thread and a large vocabulary. */
const minAddressSpace = 192 << 20;

export class Thread {
	/** Whether it stopped or failed. It then accepts no more jobs. */
	hasEnded = false;
	readonly #worker: Worker;
	readonly #file: string;
	readonly #timeLimit: number;
	/** In the order in which the thread works on them. */
	readonly #jobs: Job[] = [];
	#timer: NodeJS.Timeout | undefined;
	#nextId = 0;

	constructor(
		worker: Worker,
		file: string,
		warn: (message: string) => void,
		timeLimit: number,
	) {
		this.#worker = worker;
		this.#file = file;
		this.#timeLimit = timeLimit;
		worker.unref();
		worker.on("message", (message: WorkerMessage) => {
			if ("warning" in message) warn(`tokenizer: ${message.warning}`);
			else this.#settle(message);
		});
		worker.on("error", (cause) => this.#end(threadError(cause)));
		worker.on("exit", () => this.#end(closedError()));
	}

	run(texts: readonly string[], truncate: boolean): Promise<Tokens> {
		const id = this.#nextId++;
		const characters = texts.reduce((sum, { length }) => sum + length, 0);
		return new Promise((resolve, reject) => {
			this.#jobs.push({ id, resolve, reject, characters });
			if (this.#jobs.length === 1) this.#restartTimer();
			this.#worker.ref();
			this.#worker.postMessage({ id, texts: [...texts], truncate });
		});
	}

	async stop(): Promise<void> {
		await this.#worker.terminate();
	}

	#settle({ id, ids, lengths, error }: TokenizeReply): void {
		const job = this.#jobs.shift();
		if (job?.id !== id) return;
		this.#restartTimer();
		if (this.#jobs.length === 0) this.#worker.unref();
		if (error) job.reject(makeError(error.code as ErrorCode, error.message));
		else job.resolve({ ids: ids!, lengths: lengths! });
	}

	/** The limit applies to the job that the thread works on. */
	#restartTimer(): void {
		clearTimeout(this.#timer);
		if (this.#jobs.length > 0)
			this.#timer = setTimeout(() => this.#timeOut(), this.#timeLimit);
	}

	#timeOut(): void {
		const { characters } = this.#jobs[0]!;
		this.#end(
			new AlfaError(
				"ERR_ALFA_UNSUPPORTED",
				`The tokenizer ${this.#file} did not finish texts of ${characters} characters within ` +
					`${this.#timeLimit / 1000} s and was stopped. Pass shorter texts, or use the checkpoint's own tokenizer.json`,
			),
		);
	}

	#end(error: AlfaError): void {
		if (this.hasEnded) return;
		this.hasEnded = true;
		clearTimeout(this.#timer);
		for (const { reject } of this.#jobs.splice(0)) reject(error);
		void this.#worker.terminate();
	}
}

/** Throws ERR_ALFA_MEMORY or ERR_ALFA_UNSUPPORTED, with the reason, if the thread cannot start. */
export function startThread(
	workerData: TokenizerFile,
	warn: (message: string) => void,
	timeLimit: number,
): Thread {
	const left = addressSpaceLeft();
	if (left < minAddressSpace) {
		throw memoryError(
			`${left} bytes of address space are left, ${minAddressSpace} are needed`,
		);
	}
	try {
		const worker = new Worker(new URL("./worker.js", import.meta.url), {
			workerData,
			execArgv: ["--no-warnings"],
			resourceLimits: { codeRangeSizeMb },
		});
		return new Thread(worker, workerData.file, warn, timeLimit);
	} catch (error) {
		throw threadError(error as Error);
	}
}

function threadError(cause: NodeJS.ErrnoException): AlfaError {
	const { code, message } = cause;
	switch (code) {
		case "ERR_WORKER_INIT_FAILED":
		case "ERR_WORKER_OUT_OF_MEMORY":
			return memoryError(message, cause);
		case "ERR_ACCESS_DENIED":
			return unsupportedError(
				message,
				"Node's permission model forbids threads: start node with --allow-worker",
				cause,
			);
		case "MODULE_NOT_FOUND":
		case "ERR_MODULE_NOT_FOUND":
			return unsupportedError(
				message,
				"A file of this package is missing: if a bundler was used, mark alfa-vad as external",
				cause,
			);
		default:
			return new AlfaError(
				"ERR_ALFA_INTERNAL",
				`The tokenizer's thread failed: ${message}`,
				{ cause },
			);
	}
}

const unsupportedError = (reason: string, advice: string, cause: unknown) =>
	new AlfaError(
		"ERR_ALFA_UNSUPPORTED",
		`The tokenizer's thread cannot start (${reason}). ${advice}`,
		{ cause },
	);

const memoryError = (reason: string, cause?: unknown) =>
	new AlfaError(
		"ERR_ALFA_MEMORY",
		`The tokenizer's thread cannot run: there is not enough memory, or no further thread is allowed (${reason}). ` +
			"Raise the limits of the process: ulimit -v (memory), ulimit -u (threads), or those of its container",
		{ cause },
	);

const closedError = () =>
	new AlfaError(
		"ERR_ALFA_CLOSED",
		"The engine was closed while a text was tokenized",
	);
