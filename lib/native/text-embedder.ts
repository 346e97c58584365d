// Texts to embeddings. A text is looked up in memory, then in the files of earlier runs, and encoded only if it is in
// neither.
import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { EmbeddingCache } from "../cache/embeddings.js";
import { weightFiles } from "../models/weights.js";
import { TextTokenizer } from "../tokenizer/tokenizer.js";
import { abortable } from "../util/abort.js";
import { LruCache } from "../util/lru-cache.js";
import type { ModelInfo } from "./model-info.js";

/** Part of the key of cached embeddings. Change it when the same text gets another embedding. */
const textVersion = "text-1";
const textsPerCall = 64;
/** 10 MB for embeddings of 640 numbers. */
const textsInMemory = 4096;

export interface TextEmbedderOptions {
	/** The checkpoint's directory. */
	directory: string;
	native: ModelInfo;
	/** Folder of the embedding files; undefined: no files. */
	cache: string | undefined;
	debug: (message: string) => void;
	warn: (message: string) => void;
	/** Throws if the engine is closed. */
	requireOpen: () => void;
	/** Runs the text tower. Resolves to [n * E], unit rows. */
	encodeTokens: (
		ids: Int32Array,
		lengths: Int32Array,
		signal: AbortSignal | undefined,
	) => Promise<Float32Array>;
}

export class TextEmbedder {
	readonly #memory = new LruCache<string, Float32Array>(textsInMemory);
	readonly #tokenizer: TextTokenizer;
	readonly #options: TextEmbedderOptions;
	#files: Promise<EmbeddingCache | undefined> | undefined;

	constructor(options: TextEmbedderOptions) {
		const { directory, native, warn } = options;
		this.#options = options;
		this.#tokenizer = new TextTokenizer(
			directory,
			native.context,
			native.vocabulary,
			{ warn },
		);
	}

	/**
	 * Resolves to [n * E], unit rows in the order of the texts. A text that occurs several times is encoded once. Two
	 * calls at the same time may both encode a text.
	 */
	async encode(
		texts: readonly string[],
		signal?: AbortSignal,
	): Promise<Float32Array> {
		signal?.throwIfAborted();
		this.#files ??= this.#openFiles();
		const files = await this.#files;
		const rows = new Map<string, Float32Array>();
		const missing: string[] = [];
		for (const text of new Set(texts)) {
			const row = this.#memory.get(text) ?? (await files?.get(text));
			if (row) rows.set(text, row);
			else missing.push(text);
		}
		for (let start = 0; start < missing.length; start += textsPerCall) {
			const chunk = missing.slice(start, start + textsPerCall);
			for (const [text, row] of await this.#encodeChunk(chunk, signal))
				rows.set(text, row);
		}
		if (missing.length > 0)
			await files?.add(missing, (i) => rows.get(missing[i]!)!);
		return this.#join(texts.map((text) => rows.get(text)!));
	}

	async countTokens(text: string): Promise<number> {
		const [count] = await this.#tokenizer.count([text]);
		return count!;
	}

	close(): Promise<void> {
		return this.#tokenizer.close();
	}

	async #encodeChunk(
		texts: string[],
		signal: AbortSignal | undefined,
	): Promise<[text: string, row: Float32Array][]> {
		const { requireOpen, encodeTokens, debug, native } = this.#options;
		requireOpen();
		const { ids, lengths } = await abortable(
			this.#tokenizer.encode(texts),
			signal,
		);
		const all = await encodeTokens(ids, lengths, signal);
		debug(`Encoded ${texts.length} texts`);
		const width = native.embedDim;
		return texts.map((text, i) => {
			const row = all.slice(i * width, (i + 1) * width);
			this.#memory.set(text, row);
			return [text, row];
		});
	}

	#join(rows: Float32Array[]): Float32Array {
		const width = this.#options.native.embedDim;
		const joined = new Float32Array(rows.length * width);
		for (const [i, row] of rows.entries()) joined.set(row, i * width);
		return joined;
	}

	async #openFiles(): Promise<EmbeddingCache | undefined> {
		const { cache, directory, native, warn } = this.#options;
		if (cache === undefined) return undefined;
		// Another vocabulary gives other tokens for the same text, so the tokenizer is part of the key.
		const tokenizer = await readFile(join(directory, "tokenizer.json")).catch(
			() => undefined,
		);
		if (!tokenizer) return undefined;
		const identity = [
			textVersion,
			native.hash,
			native.precision,
			tokenizer,
			// The checkpoint's hash covers samples of its tensors. The files' times reveal changes between the samples.
			...(await Promise.all(weightFiles.map((name) => this.#timeOf(name)))),
		];
		return new EmbeddingCache(
			cache,
			{ identity, width: native.embedDim },
			warn,
		);
	}

	/** When the file was last written; "" if there is no such file. */
	async #timeOf(name: string): Promise<string> {
		try {
			const { mtimeMs } = await stat(join(this.#options.directory, name));
			return `${mtimeMs}`;
		} catch {
			return "";
		}
	}
}
