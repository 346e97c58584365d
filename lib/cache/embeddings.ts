// Text embeddings kept between runs, one folder per model: each batch that was encoded is a file of its own, so that
// processes side by side lose nothing of each other's. ServerError with the cache is told, never thrown.
import { createHash, randomUUID } from "node:crypto";
import { mkdir, readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { writeFileAtomic } from "../util/atomic-file.js";
import {
	decodeRows,
	encodeRows,
	textKey,
	type Rows,
} from "./embedding-file.js";

const mostFiles = 24; // more are merged into one
const mostRows = 20_000; // 50 MB at a width of 640; what comes after is not kept

export interface StoredModel {
	/** Whatever changes the embeddings: the checkpoint's hash, the precision, the tokenizer's bytes. */
	identity: readonly (string | Uint8Array)[];
	width: number;
}

export class EmbeddingCache {
	readonly #folder: string;
	readonly #width: number;
	readonly #warn: (message: string) => void;
	#rows: Promise<Rows> | undefined;
	readonly #files: string[] = []; // sound ones, of which the rows are

	constructor(
		directory: string,
		{ identity, width }: StoredModel,
		warn: (message: string) => void,
	) {
		const hash = createHash("sha256");
		for (const part of identity)
			hash.update(createHash("sha256").update(part).digest());
		this.#folder = join(
			directory,
			"embeddings",
			hash.digest("hex").slice(0, 32),
		);
		this.#width = width;
		this.#warn = warn;
	}

	/** The text's embedding, [width], where it is known. */
	async get(text: string): Promise<Float32Array | undefined> {
		return (await this.#load()).get(textKey(text));
	}

	async add(
		texts: readonly string[],
		rowOf: (index: number) => Float32Array,
	): Promise<void> {
		const rows = await this.#load();
		if (rows.size + texts.length > mostRows) return;
		const added: Rows = new Map(
			texts.map((text, i) => [textKey(text), rowOf(i)]),
		);
		for (const [key, row] of added) rows.set(key, row);
		await this.#write(added);
		await this.#merge(rows);
	}

	/** One file of all rows in place of many. Another process may still read the old ones: it takes what it finds. */
	async #merge(rows: Rows): Promise<void> {
		if (this.#files.length <= mostFiles) return;
		const old = this.#files.splice(0);
		if (await this.#write(rows))
			await Promise.all(
				old.map((file) => rm(file, { force: true }).catch(() => {})),
			);
		else this.#files.push(...old);
	}

	#load(): Promise<Rows> {
		return (this.#rows ??= this.#read());
	}

	async #read(): Promise<Rows> {
		const rows: Rows = new Map();
		const names = (
			await readdir(this.#folder).catch(() => [] as string[])
		).filter((name) => name.endsWith(".emb"));
		for (const name of names) {
			const file = join(this.#folder, name);
			const bytes = await readFile(file).catch(() => undefined); // merged away by another process
			if (!bytes) continue;
			const found = decodeRows(bytes, this.#width);
			if (found) {
				this.#files.push(file);
				for (const [key, row] of found) rows.set(key, row);
			} else {
				this.#warn(
					`The cached embeddings in ${file} are damaged and were discarded`,
				);
				await rm(file, { force: true }).catch(() => {});
			}
		}
		await this.#merge(rows);
		return rows;
	}

	async #write(rows: Rows): Promise<boolean> {
		const file = join(this.#folder, `${randomUUID()}.emb`);
		try {
			await mkdir(this.#folder, { recursive: true });
			await writeFileAtomic(file, encodeRows(rows, this.#width));
			this.#files.push(file);
			return true;
		} catch (error) {
			this.#warn(
				`Embeddings could not be cached in ${this.#folder}: ${(error as Error).message}`,
			);
			return false;
		}
	}
}
