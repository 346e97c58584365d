// What has come of a file so far, beside the model's files until it is whole. The name holds the hash that the whole must
// have, so that only the same content is ever continued: FILE.HASH.part is free to be taken up; FILE.HASH.HOST-PID-ID.part
// belongs to the process that writes it, and is free once that has died. Taking up is a rename, which one process wins.
import { createHash, randomUUID } from "node:crypto";
import {
	type FileHandle,
	lstat,
	mkdir,
	open,
	readdir,
	rename,
	rm,
} from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { Digest, digestFile, type Hashes } from "./digest.js";
import { renameSynced } from "../util/atomic-file.js";
import { onDisk } from "./write-error.js";

const host = createHash("sha256").update(hostname()).digest("hex").slice(0, 8);
const owned = /\.[0-9a-f]{16}\.([0-9a-f]{8})-(\d{1,10})-[0-9a-f]{8}\.part$/;
const free = /\.[0-9a-f]{16}\.part$/;

function alive(pid: number): boolean {
	try {
		process.kill(pid, 0);
		return true;
	} catch (error) {
		return (error as NodeJS.ErrnoException).code !== "ESRCH";
	}
}

function isFree(name: string): boolean {
	const [, where, pid] = owned.exec(name) ?? [];
	return where === undefined
		? free.test(name)
		: where === host && !alive(Number(pid));
}

/** A name beside FILE that is this process's own, and is swept like a part once the process has died. */
export const ownName = (file: string, hash: string) =>
	`${file}.${hash.slice(0, 16)}.${host}-${process.pid}-${randomUUID().slice(0, 8)}.part`;

const sizeOf = async (file: string) => {
	const found = await lstat(file).catch(() => undefined);
	return found?.isFile() ? found.size : undefined;
};

export class Part {
	readonly #path: string;
	readonly #freePath: string;
	readonly #size: number;
	readonly #handle: FileHandle;
	#digest: Digest;

	private constructor(
		path: string,
		freePath: string,
		size: number,
		handle: FileHandle,
		digest: Digest,
	) {
		this.#path = path;
		this.#freePath = freePath;
		this.#size = size;
		this.#handle = handle;
		this.#digest = digest;
	}

	/** What an earlier try left of that content, read and hashed, or an empty one. */
	static async take(
		folder: string,
		file: string,
		hash: string,
		size: number,
		signal?: AbortSignal,
	): Promise<Part> {
		const stem = join(folder, `${file}.${hash.slice(0, 16)}`);
		const path = join(folder, ownName(file, hash));
		return onDisk(path, async () => {
			await mkdir(folder, { recursive: true });
			const found = (await readdir(folder)).filter(
				(name) =>
					name.startsWith(`${file}.${hash.slice(0, 16)}.`) && isFree(name),
			);
			const sized = (
				await Promise.all(
					found.map(async (name) => ({
						name,
						bytes: (await sizeOf(join(folder, name))) ?? -1,
					})),
				)
			)
				.filter(({ bytes }) => bytes > 0 && bytes <= size)
				.sort((a, b) => b.bytes - a.bytes);
			for (const { name } of sized) {
				if (
					await rename(join(folder, name), path).then(
						() => true,
						() => false,
					)
				)
					break;
			}
			const handle = await open(path, "a+");
			const part = new Part(
				path,
				`${stem}.part`,
				size,
				handle,
				new Digest(size),
			);
			await digestFile(path, part.#digest, size, signal).catch(
				async (error: unknown) => {
					await part.leave();
					throw error;
				},
			);
			return part;
		});
	}

	get received(): number {
		return this.#digest.bytes;
	}

	async append(piece: Uint8Array): Promise<void> {
		await onDisk(this.#freePath, () => this.#handle.appendFile(piece));
		this.#digest.update(piece);
	}

	async restart(): Promise<void> {
		await onDisk(this.#freePath, () => this.#handle.truncate(0));
		this.#digest = new Digest(this.#size);
	}

	/** Of all that came; nothing may be appended after. */
	hashes(): Hashes {
		return this.#digest.end();
	}

	/** Becomes the file: whole on the disk first, then there. */
	async become(file: string): Promise<void> {
		await onDisk(file, async () => {
			await renameSynced(this.#handle, this.#path, file);
		});
	}

	/** Left for a later try, unless another process left more. */
	async leave(): Promise<void> {
		await this.#handle.close().catch(() => {});
		const mine = await sizeOf(this.#path);
		if (!mine || mine <= ((await sizeOf(this.#freePath)) ?? 0))
			await rm(this.#path, { force: true }).catch(() => {});
		else await rename(this.#path, this.#freePath).catch(() => {});
	}

	async drop(): Promise<void> {
		await this.#handle.close().catch(() => {});
		await rm(this.#path, { force: true }).catch(() => {});
	}
}

/** Removes parts that nobody writes. */
export async function sweepParts(folder: string): Promise<void> {
	const names = await readdir(folder).catch(() => [] as string[]);
	await Promise.all(
		names
			.filter(isFree)
			.map((name) =>
				rm(join(folder, name), { recursive: true, force: true }).catch(
					() => {},
				),
			),
	);
}
