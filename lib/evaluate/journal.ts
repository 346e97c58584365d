// What is known of every image so far, one line of JSON each, beside the report: a run that was stopped goes on from here.
import { constants, open, type FileHandle } from "node:fs/promises";
import { AlfaError } from "../errors.js";

/** One look's result of one image. The map is the patch grid's, base64 of little-endian floats. */
export interface LookResult {
	readonly score: number;
	readonly global?: number;
	readonly local?: number;
	/** Mean similarity to the normal prompts. */
	readonly normal?: number;
	readonly kept?: readonly [number, number];
	readonly of?: readonly [number, number];
	readonly ambiguous?: boolean;
	readonly reasons?: readonly (readonly [text: string, similarity: number])[];
	readonly map?: {
		readonly width: number;
		readonly height: number;
		readonly data: string;
	};
}

export interface Entry {
	readonly dataset: string;
	readonly category: string;
	readonly image: string;
	/** Of the image, in pixels. */
	readonly size?: readonly [width: number, height: number];
	readonly error?: string;
	readonly looks?: Readonly<Record<string, LookResult>>;
}

interface Place {
	at: number;
	length: number;
	looks: string[] | "error";
}

const keyOf = ({
	dataset,
	category,
	image,
}: Pick<Entry, "dataset" | "category" | "image">) =>
	JSON.stringify([dataset, category, image]);

export class Journal {
	readonly #places = new Map<string, Place[]>();
	#end = 0;

	private constructor(
		readonly file: string,
		readonly handle: FileHandle,
	) {}

	/**
	 * Opens the file, with `resume` keeping what it holds where it is of the same run. Rejects with ERR_ALFA_EVALUATION
	 * where it is of another, ERR_ALFA_WRITE where it cannot be written.
	 */
	static async open(
		file: string,
		run: string,
		resume: boolean,
	): Promise<Journal> {
		const handle = await open(
			file,
			constants.O_RDWR | constants.O_CREAT | (resume ? 0 : constants.O_TRUNC),
		).catch((cause: Error) => {
			throw new AlfaError(
				"ERR_ALFA_WRITE",
				`${file} cannot be written (${cause.message}); give a folder that can be`,
				{ cause },
			);
		});
		const journal = new Journal(file, handle);
		try {
			const found = await journal.#read();
			if (found === undefined) await journal.#append(JSON.stringify({ run }));
			else if (found !== run) {
				throw new AlfaError(
					"ERR_ALFA_EVALUATION",
					`${file} belongs to a run of other data, another model or other systems; resume with what it began with, or give another folder`,
				);
			}
			return journal;
		} catch (error) {
			await handle.close();
			throw error;
		}
	}

	/** Whether the image needs no more work for these looks: all are known, or it cannot be read. */
	has(
		image: Pick<Entry, "dataset" | "category" | "image">,
		looks: readonly string[],
	): boolean {
		const places = this.#places.get(keyOf(image)) ?? [];
		return (
			places.some((each) => each.looks === "error") ||
			looks.every((look) => places.some((each) => each.looks.includes(look)))
		);
	}

	async add(entry: Entry): Promise<void> {
		const place = await this.#append(JSON.stringify(entry));
		this.#note(entry, place);
	}

	/** All that is known of the image. */
	async get(
		image: Pick<Entry, "dataset" | "category" | "image">,
	): Promise<Entry | undefined> {
		const places = this.#places.get(keyOf(image));
		if (!places) return undefined;
		let whole: Entry | undefined;
		for (const { at, length } of places) {
			const bytes = Buffer.alloc(length);
			await this.handle.read(bytes, 0, length, at);
			const entry = JSON.parse(bytes.toString()) as Entry;
			whole = {
				...whole,
				...entry,
				looks: { ...whole?.looks, ...entry.looks },
			};
		}
		return whole;
	}

	async close(): Promise<void> {
		await this.handle.close();
	}

	async [Symbol.asyncDispose](): Promise<void> {
		await this.close();
	}

	async #append(line: string): Promise<Omit<Place, "looks">> {
		const bytes = Buffer.from(`${line}\n`);
		const place = { at: this.#end, length: bytes.length - 1 };
		try {
			await this.handle.write(bytes, 0, bytes.length, this.#end); // one write: a killed run leaves at most one part of a line
		} catch (cause) {
			throw new AlfaError(
				"ERR_ALFA_WRITE",
				`${this.file} cannot be written on (${(cause as Error).message}); make room and run again with resume`,
				{ cause },
			);
		}
		this.#end += bytes.length;
		return place;
	}

	#note(entry: Entry, place: Omit<Place, "looks">): void {
		const key = keyOf(entry);
		const places = this.#places.get(key) ?? [];
		places.push({
			...place,
			looks:
				entry.error === undefined ? Object.keys(entry.looks ?? {}) : "error",
		});
		this.#places.set(key, places);
	}

	/** Takes in every whole line and cuts off what follows the last one; the run that the first line names. */
	async #read(): Promise<string | undefined> {
		let run: string | undefined;
		let rest = Buffer.alloc(0);
		let first = true;
		const chunk = Buffer.alloc(1 << 20);
		for (let at = 0; ; ) {
			const { bytesRead } = await this.handle.read(chunk, 0, chunk.length, at);
			if (bytesRead === 0) break;
			at += bytesRead;
			rest = Buffer.concat([rest, chunk.subarray(0, bytesRead)]);
			for (let end = rest.indexOf(10); end >= 0; end = rest.indexOf(10)) {
				const line = parsed(rest.subarray(0, end).toString());
				if (first) run = typeof line?.["run"] === "string" ? line["run"] : "";
				else if (isEntry(line))
					this.#note(line, { at: this.#end, length: end });
				first = false;
				this.#end += end + 1;
				rest = rest.subarray(end + 1);
			}
		}
		await this.handle.truncate(this.#end);
		return run;
	}
}

function parsed(line: string): Record<string, unknown> | undefined {
	try {
		const value: unknown = JSON.parse(line);
		return typeof value === "object" && value !== null
			? (value as Record<string, unknown>)
			: undefined;
	} catch {
		return undefined; // a damaged line: its image is looked at again
	}
}

function isEntry(line: unknown): line is Entry {
	const { dataset, category, image, looks, error } = (line ??
		{}) as Partial<Entry>;
	return (
		[dataset, category, image].every((each) => typeof each === "string") &&
		(typeof error === "string" || (typeof looks === "object" && looks !== null))
	);
}
