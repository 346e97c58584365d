// An open model as engine and categories share it: the addon's handle, the texts already encoded, and the way to close.
import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { EmbeddingCache } from "../cache/embeddings.js";
import { AlfaError, fromNative } from "../errors.js";
import { weightFiles } from "../models/weights.js";
import { TextTokenizer } from "../tokenizer/tokenizer.js";
import { abortable } from "../util/abort.js";
import { LruCache } from "../util/lru-cache.js";
import { Semaphore } from "../util/semaphore.js";
import type { Addon, CancelHandle, EngineHandle, NativeInfo } from "./addon.js";
import { cancellable } from "./cancel.js";

const textVersion = "text-1"; // grows when what we make of a text changes
const textsPerCall = 64;
const textsKept = 4096; // 10 MB at E = 640

export interface SessionOptions {
	maxBatch: number;
	queue: number;
	/** Folder of what is kept between runs; undefined: nothing is. */
	cache: string | undefined;
	debug: (message: string) => void;
	warn: (message: string) => void;
}

export class Session {
	/** Images of streams and batches of texts in flight at once, over the whole engine: two batches, but fewer than the queue takes. */
	readonly inFlight: number;
	readonly semaphore: Semaphore;
	readonly #texts = new LruCache<string, Float32Array>(textsKept);
	readonly #tokenizer: TextTokenizer;
	#cache: Promise<EmbeddingCache | undefined> | undefined;
	#closing: Promise<void> | undefined;

	constructor(
		readonly addon: Addon,
		readonly engine: EngineHandle,
		readonly native: NativeInfo,
		readonly directory: string,
		readonly options: SessionOptions,
	) {
		this.inFlight = Math.max(
			1,
			Math.min(2 * options.maxBatch, options.queue - 1),
		);
		this.semaphore = new Semaphore(this.inFlight);
		this.#tokenizer = new TextTokenizer(
			directory,
			native.context,
			native.vocabulary,
		);
	}

	/** Throws ERR_ALFA_CLOSED after close, ERR_ALFA_MODEL_UNSUPPORTED where the model lacks the tower. */
	require(tower?: "image" | "text"): void {
		if (this.#closing)
			throw new AlfaError(
				"ERR_ALFA_CLOSED",
				"The engine is closed; open another with Engine.open",
			);
		if (
			tower &&
			(tower === "image" ? this.native.imageSize : this.native.context) === 0
		) {
			throw new AlfaError(
				"ERR_ALFA_MODEL_UNSUPPORTED",
				`The model in ${this.directory} has no ${tower} tower, which this needs; open a CLIP model with both`,
			);
		}
	}

	run<T>(
		signal: AbortSignal | undefined,
		job: (
			addon: Addon,
			engine: EngineHandle,
			cancel?: CancelHandle,
		) => Promise<T>,
	): Promise<T> {
		return cancellable(this.addon, signal, (cancel) => {
			this.require();
			return job(this.addon, this.engine, cancel);
		});
	}

	/** [n*E], unit rows in the order of the texts; each distinct text is encoded once and kept, unless two calls meet. */
	async encode(
		texts: readonly string[],
		signal?: AbortSignal,
	): Promise<Float32Array> {
		this.require("text");
		signal?.throwIfAborted();
		const cache = await (this.#cache ??= this.#openCache());
		const known = new Map<string, Float32Array | undefined>();
		for (const text of texts)
			if (!known.get(text))
				known.set(text, this.#texts.get(text) ?? (await cache?.get(text)));
		const missing = [...known].flatMap(([text, row]) => (row ? [] : [text]));
		const width = this.native.embedDim;
		for (let at = 0; at < missing.length; at += textsPerCall) {
			const chunk = missing.slice(at, at + textsPerCall);
			this.require();
			const { ids, lengths } = await abortable(
				this.#tokenizer.encode(chunk),
				signal,
			);
			const rows = await abortable(
				this.semaphore.run(() =>
					this.run(signal, (addon, engine, cancel) =>
						addon.encodeText(engine, ids, lengths, cancel),
					),
				),
				signal,
			);
			chunk.forEach((text, i) => {
				const row = rows.slice(i * width, (i + 1) * width);
				known.set(text, row);
				this.#texts.set(text, row);
			});
			this.options.debug(`Encoded ${chunk.length} texts`);
		}
		if (missing.length > 0)
			await cache?.add(missing, (i) => known.get(missing[i]!)!);
		const out = new Float32Array(texts.length * width);
		texts.forEach((text, i) => out.set(known.get(text)!, i * width));
		return out;
	}

	async countTokens(text: string): Promise<number> {
		this.require("text");
		return (await this.#tokenizer.count([text]))[0]!;
	}

	/** The tokenizer's bytes are part of the key: another vocabulary gives other tokens to the same text. */
	async #openCache(): Promise<EmbeddingCache | undefined> {
		const { cache, warn } = this.options;
		const tokenizer =
			cache &&
			(await readFile(join(this.directory, "tokenizer.json")).catch(
				() => undefined,
			));
		if (!cache || !tokenizer) return undefined;
		const { hash, precision, embedDim: width } = this.native;
		// The checkpoint's hash samples its tensors; the time of the file tells a copy that was mended in between.
		const weights = await Promise.all(
			weightFiles.map((name) =>
				stat(join(this.directory, name)).then(
					({ mtimeMs }) => `${mtimeMs}`,
					() => "",
				),
			),
		);
		return new EmbeddingCache(
			cache,
			{
				identity: [textVersion, hash, precision, tokenizer, ...weights],
				width,
			},
			warn,
		);
	}

	/** Waiting work rejects with ERR_ALFA_CLOSED, the running one ends first. Idempotent. */
	close(): Promise<void> {
		return (this.#closing ??= this.#close());
	}

	async #close(): Promise<void> {
		try {
			await Promise.all([
				this.#tokenizer.close(),
				this.addon.closeEngine(this.engine),
			]);
		} catch (error) {
			throw fromNative(error);
		}
	}
}
