import { AlfaError, fromNative } from "../errors.js";
import type { ImageReading } from "../options/reading.js";
import { Semaphore } from "../util/semaphore.js";
import type { Addon, CancelHandle, EngineHandle } from "./addon.js";
import { cancellable } from "./cancel.js";
import type { ModelInfo } from "./model-info.js";
import { TextEmbedder } from "./text-embedder.js";

export interface SessionOptions {
	maxBatch: number;
	queue: number;
	/** How images are read, unless the category says otherwise. */
	reading: ImageReading;
	/** Folder of files that are kept between runs; undefined: no files. */
	cache: string | undefined;
	debug: (message: string) => void;
	warn: (message: string) => void;
}

/** An open model. The engine and its categories share it. */
export class Session {
	/**
	 * Maximum images of streams and batches of texts that are in the addon at once: two batches, but at least one less
	 * than the queue holds, so that single calls find room.
	 */
	readonly inFlight: number;
	readonly semaphore: Semaphore;
	readonly reading: ImageReading;
	readonly #queue: number;
	readonly #places: number;
	#pending = 0;
	readonly #texts: TextEmbedder;
	#closing: Promise<void> | undefined;

	constructor(
		readonly addon: Addon,
		readonly engine: EngineHandle,
		readonly native: ModelInfo,
		readonly directory: string,
		{ maxBatch, queue, reading, cache, debug, warn }: SessionOptions,
	) {
		this.inFlight = streamLimit(maxBatch, queue);
		this.reading = reading;
		this.#queue = queue;
		this.#places = queue + maxBatch;
		this.semaphore = new Semaphore(this.inFlight);
		this.#texts = new TextEmbedder({
			directory,
			native,
			cache,
			debug,
			warn,
			requireOpen: () => this.require(),
			encodeTokens: (ids, lengths, signal) =>
				this.semaphore.run(
					() =>
						this.run(signal, (addon, engine, cancel) =>
							addon.encodeText(engine, ids, lengths, cancel),
						),
					signal,
				),
		});
	}

	/** Throws ERR_ALFA_CLOSED after close, ERR_ALFA_MODEL_UNSUPPORTED if the model does not have the tower. */
	require(tower?: "image" | "text"): void {
		if (this.#closing)
			throw new AlfaError(
				"ERR_ALFA_CLOSED",
				"The engine is closed; open another with Engine.open",
			);
		const missing =
			(tower === "image" && this.native.imageSize === 0) ||
			(tower === "text" && this.native.context === 0);
		if (missing)
			throw new AlfaError(
				"ERR_ALFA_MODEL_UNSUPPORTED",
				`The model in ${this.directory} has no ${tower} tower, but this call needs one; ` +
					"open a CLIP model with both towers",
			);
	}

	/**
	 * Runs a call of the user, from reading its input to its result. Throws ERR_ALFA_QUEUE_FULL before any work if
	 * `queue` calls are waiting. Streams do not use it: they wait for the semaphore.
	 */
	async admit<T>(call: () => Promise<T>): Promise<T> {
		this.require();
		if (this.#pending >= this.#places)
			throw new AlfaError(
				"ERR_ALFA_QUEUE_FULL",
				`The engine's queue of ${this.#queue} calls is full; wait for earlier calls, use detectMany, or open the ` +
					"engine with a larger `queue`",
			);
		this.#pending++;
		try {
			return await call();
		} finally {
			this.#pending--;
		}
	}

	/** Runs one task of the addon. Errors are those that users see; an abort rejects with the signal's reason. */
	run<T>(
		signal: AbortSignal | undefined,
		start: (
			addon: Addon,
			engine: EngineHandle,
			cancel?: CancelHandle,
		) => Promise<T>,
	): Promise<T> {
		return cancellable(this.addon, signal, (cancel) => {
			this.require();
			return start(this.addon, this.engine, cancel);
		});
	}

	/** The embeddings of the texts, [n * E], unit rows in the order of the texts. */
	async encode(
		texts: readonly string[],
		signal?: AbortSignal,
	): Promise<Float32Array> {
		this.require("text");
		return this.#texts.encode(texts, signal);
	}

	async countTokens(text: string): Promise<number> {
		this.require("text");
		return this.#texts.countTokens(text);
	}

	/** Waiting tasks reject with ERR_ALFA_CLOSED; the running task ends first. Idempotent. */
	close(): Promise<void> {
		this.#closing ??= this.#close();
		return this.#closing;
	}

	async #close(): Promise<void> {
		try {
			await Promise.all([
				this.#texts.close(),
				this.addon.closeEngine(this.engine),
			]);
		} catch (error) {
			throw fromNative(error);
		}
	}
}

/** Maximum images of streams and batches of texts in the addon: two batches, but less than the queue holds. */
function streamLimit(maxBatch: number, queue: number): number {
	return Math.max(1, Math.min(2 * maxBatch, queue - 1));
}

/**
 * The size of the addon's own queue. It has room for every admitted call and all streams, so that no call is refused
 * after its image has been decoded.
 */
export function nativeQueue(maxBatch: number, queue: number): number {
	return queue + maxBatch + streamLimit(maxBatch, queue);
}
