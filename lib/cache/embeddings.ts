// Keeps text embeddings between runs, in one folder per model. Each batch of encoded texts is a file
// of its own, so processes that run at the same time do not overwrite each other's embeddings.
// Problems with the cache are warnings and never errors.
import { createHash, randomUUID } from "node:crypto";
import { readdir, readFile, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { writeFileAtomic } from "../util/atomic-file.js";
import { makeDirectory } from "../util/make-directory.js";
import {
	decodeRows,
	encodeRows,
	fileBytes,
	isUnitRow,
	type Rows,
	textKey,
} from "./embedding-file.js";

/** More files are merged into one. */
const maxFiles = 24;
/** 50 MB at a width of 640. Further embeddings are not kept. */
const maxRows = 20_000;

export interface StoredModel {
	/**
	 * Everything that changes the embeddings: hash of the checkpoint, precision, content of the
	 * tokenizer.
	 */
	identity: readonly (string | Uint8Array)[];
	/** Length of an embedding. */
	width: number;
}

export class EmbeddingCache {
	readonly #folder: string;
	readonly #width: number;
	readonly #warn: (message: string) => void;
	#rows: Promise<Rows> | undefined;
	/** Paths of the valid files, whose rows are loaded. */
	readonly #files: string[] = [];

	constructor(
		directory: string,
		{ identity, width }: StoredModel,
		warn: (message: string) => void,
	) {
		this.#folder = join(directory, "embeddings", folderName(identity));
		this.#width = width;
		this.#warn = warn;
	}

	/** The text's embedding, [width], or undefined if it is not in the cache. */
	async get(text: string): Promise<Float32Array | undefined> {
		const rows = await this.#load();
		return rows.get(textKey(text));
	}

	/** Adds the embedding `rowOf(i)`, [width], of each text. */
	async add(
		texts: readonly string[],
		rowOf: (index: number) => Float32Array,
	): Promise<void> {
		const rows = await this.#load();
		if (rows.size + texts.length > maxRows) return;
		const added: Rows = new Map(
			texts.map((text, i) => [textKey(text), rowOf(i)]),
		);
		if (![...added.values()].every(isUnitRow)) return; // the model's weights are damaged
		for (const [key, row] of added) rows.set(key, row);
		await this.#write(added);
		await this.#merge(rows);
	}

	/** Replaces many files by one. A process that reads the old files meanwhile skips those that are gone. */
	async #merge(rows: Rows): Promise<void> {
		if (this.#files.length <= maxFiles) return;
		const old = this.#files.splice(0);
		if (await this.#write(rows)) await Promise.all(old.map(removeFile));
		else this.#files.push(...old);
	}

	#load(): Promise<Rows> {
		this.#rows ??= this.#read();
		return this.#rows;
	}

	async #read(): Promise<Rows> {
		const rows: Rows = new Map();
		const names = await readdir(this.#folder).catch(() => [] as string[]);
		for (const name of names) {
			if (!name.endsWith(".emb")) continue;
			const found = await this.#readFile(join(this.#folder, name));
			for (const [key, row] of found) rows.set(key, row);
		}
		await this.#merge(rows);
		return rows;
	}

	async #readFile(file: string): Promise<Rows> {
		const size = (await stat(file).catch(() => undefined))?.size;
		const isTooLarge = (size ?? 0) > fileBytes(maxRows, this.#width);
		const bytes = isTooLarge
			? Buffer.alloc(0)
			: await readFile(file).catch(() => undefined);
		if (!bytes) return new Map(); // another process has merged it
		const rows = decodeRows(bytes, this.#width);
		if (rows) {
			this.#files.push(file);
			return rows;
		}
		this.#warn(
			`The cached embeddings in ${file} are damaged. The file was deleted`,
		);
		await removeFile(file);
		return new Map();
	}

	/** Resolves to whether the rows were written. */
	async #write(rows: Rows): Promise<boolean> {
		const file = join(this.#folder, `${randomUUID()}.emb`);
		try {
			await makeDirectory(this.#folder);
			await writeFileAtomic(file, encodeRows(rows, this.#width));
			this.#files.push(file);
			return true;
		} catch (error) {
			const { message } = error as Error;
			this.#warn(
				`Embeddings could not be cached in ${this.#folder}: ${message}`,
			);
			return false;
		}
	}
}

/** The parts are hashed one by one, so that ["a", "bc"] and ["ab", "c"] differ. */
function folderName(identity: StoredModel["identity"]): string {
	const hash = createHash("sha256");
	for (const part of identity)
		hash.update(createHash("sha256").update(part).digest());
	return hash.digest("hex").slice(0, 32);
}

async function removeFile(file: string): Promise<void> {
	await rm(file, { force: true }).catch(() => {});
}
