// The journal stores the detections of every image, one line of JSON each, in the report folder. A run that was stopped
// continues from it. A damaged line counts as missing: its image is measured again.
import { constants, type FileHandle, open } from "node:fs/promises";
import { AlfaError } from "../errors.js";
import { tryParseJson } from "../util/json.js";
import {
	type ImageKey,
	type JournalEntry,
	parseEntry,
	parseHeader,
	serializeEntry,
	serializeHeader,
} from "./journal-line.js";

/** Where a line is in the file, in bytes, and which configurations it contains. */
interface LineInfo {
	readonly offset: number;
	readonly length: number;
	readonly configurations: readonly string[] | "error";
}

/** The name of the journal in the report folder. */
export const journalFile = "images.jsonl";
/** A line that cannot be used. */
export interface DamagedLine {
	/** Its number, from 1. */
	readonly line: number;
	/** The id of its image, if that part is still readable. */
	readonly image?: string;
}

const lineFeed = 10;
const readSize = 1 << 20;
/** Longer lines are damaged. A line has the maps of all configurations of one image. */
const maxLineBytes = 1 << 29;

export class Journal {
	/** Damaged lines of an earlier run. */
	readonly damagedLines: DamagedLine[] = [];
	/** By the image's key. Only positions are kept in memory. */
	readonly #lines = new Map<string, LineInfo[]>();
	readonly #file: string;
	readonly #run: string;
	readonly #handle: FileHandle;
	/** Keys of the images that this run has added. */
	readonly #new = new Set<string>();
	#end = 0;

	private constructor(file: string, run: string, handle: FileHandle) {
		this.#file = file;
		this.#run = run;
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
		// A symbolic link is not followed (Windows has no such flag): it could lead to a file that is not a journal.
		const flags =
			constants.O_RDWR |
			constants.O_CREAT |
			(constants.O_NOFOLLOW ?? 0) |
			(resume ? 0 : constants.O_TRUNC);
		const handle = await open(file, flags).catch((cause: Error) => {
			throw new AlfaError(
				"ERR_ALFA_WRITE",
				`${file} cannot be opened for writing (${cause.message}); give a writable folder`,
				{ cause },
			);
		});
		const journal = new Journal(file, run, handle);
		try {
			await journal.#load();
			return journal;
		} catch (error) {
			await handle.close();
			throw error;
		}
	}

	/** Whether this run has added an image. */
	get hasNew(): boolean {
		return this.#new.size > 0;
	}

	/** Whether this run has added the image. */
	isNew(image: ImageKey): boolean {
		return this.#new.has(keyOf(image));
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
		const position = await this.#append(serializeEntry(entry, this.#run));
		this.#register(entry, position);
		this.#new.add(keyOf(entry));
	}

	/**
	 * All lines of the image, merged into one entry. Rejects with ERR_ALFA_EVALUATION if another program has changed the
	 * file during this run.
	 */
	async get(image: ImageKey): Promise<JournalEntry | undefined> {
		let merged: JournalEntry | undefined;
		for (const { offset, length } of this.#lines.get(keyOf(image)) ?? []) {
			const bytes = Buffer.alloc(length);
			await this.#handle.read(bytes, 0, length, offset);
			const entry = parseEntry(bytes.toString(), this.#run);
			if (!entry || keyOf(entry) !== keyOf(image)) {
				throw new AlfaError(
					"ERR_ALFA_EVALUATION",
					`${this.#file} was changed by another program during this run; run again with resume`,
				);
			}
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
			const { bytesWritten } = await this.#handle.write(
				bytes,
				0,
				bytes.length,
				offset,
			);
			if (bytesWritten < bytes.length) throw new Error("the disk is full");
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

	/** Registers all valid lines and cuts off an incomplete last one. Writes the header of an empty file. */
	async #load(): Promise<void> {
		let run: string | undefined;
		let count = 0;
		for await (const bytes of this.#completeLines()) {
			const offset = this.#end;
			this.#end += bytes.length + 1;
			count++;
			const line = bytes.length > maxLineBytes ? "" : bytes.toString();
			const header = parseHeader(line);
			if (header !== undefined) {
				run ??= header;
				if (header !== this.#run) throw this.#otherRun();
				continue;
			}
			const entry = parseEntry(line, this.#run);
			if (!entry) this.damagedLines.push(damagedLine(line, count));
			// An image that failed in the earlier run is tried again.
			else if (entry.error === undefined)
				this.#register(entry, { offset, length: bytes.length });
		}
		// Without a header, valid lines prove that the file belongs to this run: their checksums contain its id.
		if (count > 0 && run === undefined && this.#lines.size === 0)
			throw this.#otherRun();
		await this.#handle.truncate(this.#end);
		if (count === 0) await this.#append(serializeHeader(this.#run));
	}

	#otherRun(): AlfaError {
		return new AlfaError(
			"ERR_ALFA_EVALUATION",
			`${this.#file} belongs to a run with other data, another model or other systems, or to another version of ` +
				"alfa-vad; resume with the arguments of that run, set overwrite to replace it, or give another folder",
		);
	}

	/** The lines of the file without their line feeds. */
	async *#completeLines(): AsyncGenerator<Buffer, void, undefined> {
		const chunk = Buffer.alloc(readSize);
		let parts: Buffer[] = [];
		for (let offset = 0; ; ) {
			const { bytesRead } = await this.#handle.read(
				chunk,
				0,
				chunk.length,
				offset,
			);
			if (bytesRead === 0) return;
			offset += bytesRead;
			let start = 0;
			for (
				let end = chunk.subarray(0, bytesRead).indexOf(lineFeed);
				end >= 0;
				end = chunk.subarray(0, bytesRead).indexOf(lineFeed, start)
			) {
				yield Buffer.concat([...parts, chunk.subarray(start, end)]);
				parts = [];
				start = end + 1;
			}
			parts.push(Buffer.from(chunk.subarray(start, bytesRead)));
		}
	}
}

function damagedLine(text: string, line: number): DamagedLine {
	const [, quoted] = /"image":("(?:[^"\\]|\\.)*")/.exec(text) ?? [];
	const image = quoted === undefined ? undefined : tryParseJson(quoted);
	return { line, ...(typeof image === "string" && { image }) };
}

function keyOf({ dataset, category, image }: ImageKey): string {
	return JSON.stringify([dataset, category, image]);
}
