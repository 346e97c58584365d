// The journal stores the detections of every image, one line of JSON each, in the report folder. A run that was stopped
// continues from it.
import { constants, type FileHandle, open } from "node:fs/promises";
import { AlfaError } from "../errors.js";
import type { StoredDetection } from "./stored-detection.js";

export interface ImageKey {
	readonly dataset: string;
	readonly category: string;
	/** The id of the image. */
	readonly image: string;
}

/** One line of the journal. An image can have several lines with different configurations. */
export interface JournalEntry extends ImageKey {
	/** In pixels. */
	readonly size?: readonly [width: number, height: number];
	/** Why the image cannot be decoded. */
	readonly error?: string;
	/** By the id of the configuration. */
	readonly looks?: Readonly<Record<string, StoredDetection>>;
}

/** Where a line is in the file, in bytes, and what it contains. */
interface LineInfo {
	readonly offset: number;
	readonly length: number;
	readonly configurations: readonly string[] | "error";
}

const lineFeed = 10;
const readSize = 1 << 20;

export class Journal {
	/** By the image's key. Only positions are kept in memory. */
	readonly #lines = new Map<string, LineInfo[]>();
	readonly #file: string;
	readonly #handle: FileHandle;
	#end = 0;

	private constructor(file: string, handle: FileHandle) {
		this.#file = file;
		this.#handle = handle;
	}

	/**
	 * Opens the file. With `resume`, it keeps the lines of an earlier run with the same id `run`; without, it
	 * deletes them. Rejects with ERR_ALFA_EVALUATION if the file belongs to another run, and with
	 * ERR_ALFA_WRITE if it cannot be written.
	 */
	static async open(
		file: string,
		run: string,
		resume: boolean,
	): Promise<Journal> {
		const flags =
			constants.O_RDWR | constants.O_CREAT | (resume ? 0 : constants.O_TRUNC);
		const handle = await open(file, flags).catch((cause: Error) => {
			throw new AlfaError(
				"ERR_ALFA_WRITE",
				`${file} cannot be opened for writing (${cause.message}); give a writable folder`,
				{ cause },
			);
		});
		const journal = new Journal(file, handle);
		try {
			const found = await journal.#load();
			if (found === undefined) await journal.#append(JSON.stringify({ run }));
			else if (found !== run) {
				throw new AlfaError(
					"ERR_ALFA_EVALUATION",
					`${file} belongs to a run with other data, another model or other systems; resume with the ` +
						"arguments of that run, or give another folder",
				);
			}
			return journal;
		} catch (error) {
			await handle.close();
			throw error;
		}
	}

	/** Whether the image is done: the detections of all these configurations are stored, or it cannot be decoded. */
	has(image: ImageKey, configurations: readonly string[]): boolean {
		const lines = this.#lines.get(keyOf(image)) ?? [];
		const isStored = (id: string) =>
			lines.some((line) => line.configurations.includes(id));
		return (
			lines.some((line) => line.configurations === "error") ||
			configurations.every(isStored)
		);
	}

	async add(entry: JournalEntry): Promise<void> {
		const position = await this.#append(JSON.stringify(entry));
		this.#register(entry, position);
	}

	/** All lines of the image, merged into one entry. */
	async get(image: ImageKey): Promise<JournalEntry | undefined> {
		let merged: JournalEntry | undefined;
		for (const { offset, length } of this.#lines.get(keyOf(image)) ?? []) {
			const bytes = Buffer.alloc(length);
			await this.#handle.read(bytes, 0, length, offset);
			const entry = JSON.parse(bytes.toString()) as JournalEntry;
			merged = {
				...merged,
				...entry,
				looks: { ...merged?.looks, ...entry.looks },
			};
		}
		return merged;
	}

	async close(): Promise<void> {
		await this.#handle.close();
	}

	async [Symbol.asyncDispose](): Promise<void> {
		await this.close();
	}

	async #append(line: string): Promise<{ offset: number; length: number }> {
		const bytes = Buffer.from(`${line}\n`);
		const offset = this.#end;
		try {
			// One write call, so that a run that is killed leaves at most one incomplete line.
			await this.#handle.write(bytes, 0, bytes.length, offset);
		} catch (cause) {
			throw new AlfaError(
				"ERR_ALFA_WRITE",
				`${this.#file} cannot be written (${(cause as Error).message}); free some disk space and run again with resume`,
				{ cause },
			);
		}
		this.#end += bytes.length;
		return { offset, length: bytes.length - 1 };
	}

	#register(
		entry: JournalEntry,
		position: { offset: number; length: number },
	): void {
		const key = keyOf(entry);
		const lines = this.#lines.get(key) ?? [];
		const configurations =
			entry.error === undefined ? Object.keys(entry.looks ?? {}) : "error";
		lines.push({ ...position, configurations });
		this.#lines.set(key, lines);
	}

	/** Registers all complete lines and cuts off an incomplete last one. Returns the id of the run in the first line. */
	async #load(): Promise<string | undefined> {
		let run: string | undefined;
		let isFirst = true;
		for await (const bytes of this.#completeLines()) {
			const line = parseLine(bytes.toString());
			if (isFirst) run = typeof line?.["run"] === "string" ? line["run"] : "";
			else if (isEntry(line))
				this.#register(line, { offset: this.#end, length: bytes.length });
			isFirst = false;
			this.#end += bytes.length + 1;
		}
		await this.#handle.truncate(this.#end);
		return run;
	}

	/** The lines of the file without their line feeds. */
	async *#completeLines(): AsyncGenerator<Buffer, void, undefined> {
		let rest = Buffer.alloc(0);
		const chunk = Buffer.alloc(readSize);
		for (let offset = 0; ; ) {
			const { bytesRead } = await this.#handle.read(
				chunk,
				0,
				chunk.length,
				offset,
			);
			if (bytesRead === 0) return;
			offset += bytesRead;
			rest = Buffer.concat([rest, chunk.subarray(0, bytesRead)]);
			for (
				let end = rest.indexOf(lineFeed);
				end >= 0;
				end = rest.indexOf(lineFeed)
			) {
				yield rest.subarray(0, end);
				rest = rest.subarray(end + 1);
			}
		}
	}
}

function keyOf({ dataset, category, image }: ImageKey): string {
	return JSON.stringify([dataset, category, image]);
}

/** undefined for a damaged line; its image is then processed again. */
function parseLine(line: string): Record<string, unknown> | undefined {
	try {
		const value: unknown = JSON.parse(line);
		return typeof value === "object" && value !== null
			? (value as Record<string, unknown>)
			: undefined;
	} catch {
		return undefined;
	}
}

function isEntry(line: unknown): line is JournalEntry {
	const { dataset, category, image, looks, error } = (line ??
		{}) as Partial<JournalEntry>;
	const hasKey = [dataset, category, image].every(
		(part) => typeof part === "string",
	);
	const hasContent =
		typeof error === "string" || (typeof looks === "object" && looks !== null);
	return hasKey && hasContent;
}
