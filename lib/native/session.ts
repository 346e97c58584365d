import { AlfaError, fromNative } from "../errors.js";
import { Semaphore } from "../util/semaphore.js";
import type { Addon, CancelHandle, EngineHandle } from "./addon.js";
import { cancellable } from "./cancel.js";
import type { ModelInfo } from "./model-info.js";
import { TextEmbedder } from "./text-embedder.js";

export interface SessionOptions {
	maxBatch: number;
	queue: number;
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
	readonly #texts: TextEmbedder;
	#closing: Promise<void> | undefined;

	constructor(
		readonly addon: Addon,
		readonly engine: EngineHandle,
		readonly native: ModelInfo,
		readonly directory: string,
		{ maxBatch, queue, cache, debug, warn }: SessionOptions,
	) {
		this.inFlight = Math.max(1, Math.min(2 * maxBatch, queue - 1));
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
