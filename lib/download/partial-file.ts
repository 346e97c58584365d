// The bytes of a file that have arrived so far, kept until the file is complete.
//
// A partial file lies in the folder of its model or runtime. Its name contains the hash that the
// complete content must have, so only a download of the same content continues it:
// - FILE.HASH.part: no process uses it.
// - FILE.HASH.HOST-PID-ID.part: the process PID on HOST writes it. It is abandoned once that
//   process has ended.
//
// A process claims a partial file by renaming it. Of several processes that try, one succeeds.
import { createHash, randomUUID } from "node:crypto";
import {
	type FileHandle,
	lstat,
	open,
	readdir,
	rename,
	rm,
} from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { renameSynced } from "../util/atomic-file.js";
import { makeDirectory } from "../util/make-directory.js";
import { Digest, type Hashes } from "./digest.js";
import { withWriteErrors } from "./write-error.js";

const hostId = createHash("sha256")
	.update(hostname())
	.digest("hex")
	.slice(0, 8);
const claimedName =
	/\.[0-9a-f]{16}\.([0-9a-f]{8})-(\d{1,10})-[0-9a-f]{8}\.part$/;
const unclaimedName = /\.[0-9a-f]{16}\.part$/;

export interface PartialFileOptions {
	/** The folder for partial files. It is created if it is missing. */
	folder: string;
	/** The name of the complete file. */
	file: string;
	/** The hash that the complete content must have. */
	hash: string;
	/** The number of bytes of the complete content. */
	size: number;
	signal?: AbortSignal | undefined;
}

/** A partial file that this process has claimed. It ends with `moveTo`, `release` or `discard`. */
export class PartialFile {
	readonly #path: string;
	readonly #unclaimedPath: string;
	readonly #size: number;
	readonly #handle: FileHandle;
	#digest: Digest;

	private constructor(
		path: string,
		unclaimedPath: string,
		size: number,
		handle: FileHandle,
	) {
		this.#path = path;
		this.#unclaimedPath = unclaimedPath;
		this.#size = size;
		this.#handle = handle;
		this.#digest = new Digest(size);
	}

	/** Claims the largest abandoned partial file of this content and hashes it, or creates an empty one. */
	static async open(options: PartialFileOptions): Promise<PartialFile> {
		const { folder, file, hash, size, signal } = options;
		const path = join(folder, temporaryName(file, hash));
		return withWriteErrors(path, async () => {
			await makeDirectory(folder);
			for (const candidate of await findAbandoned(options))
				if (await tryRename(candidate, path)) break;
			const partial = new PartialFile(
				path,
				join(folder, `${nameStem(file, hash)}.part`),
				size,
				await open(path, "a+"),
			);
			try {
				await partial.#digest.updateFromFile(path, size, signal);
			} catch (error) {
				await partial.release();
				throw error;
			}
			return partial;
		});
	}

	/** The number of bytes so far. */
	get received(): number {
		return this.#digest.bytes;
	}

	async append(chunk: Uint8Array): Promise<void> {
		await withWriteErrors(this.#unclaimedPath, () =>
			this.#handle.appendFile(chunk),
		);
		this.#digest.update(chunk);
	}

	/** Removes all bytes. */
	async restart(): Promise<void> {
		await withWriteErrors(this.#unclaimedPath, () => this.#handle.truncate(0));
		this.#digest = new Digest(this.#size);
	}

	/** The hashes of all bytes. Nothing may be appended afterwards. */
	hashes(): Hashes {
		return this.#digest.end();
	}

	/** Flushes the bytes to the disk and gives the file its final name. */
	async moveTo(file: string): Promise<void> {
		await withWriteErrors(file, () =>
			renameSynced(this.#handle, this.#path, file),
		);
	}

	/**
	 * Keeps the bytes for a later download, unless another process has released more bytes of the
	 * same content.
	 */
	async release(): Promise<void> {
		await this.#handle.close().catch(() => {});
		const size = (await fileSize(this.#path)) ?? 0;
		const otherSize = (await fileSize(this.#unclaimedPath)) ?? 0;
		if (size > otherSize) await tryRename(this.#path, this.#unclaimedPath);
		else await remove(this.#path);
	}

	/** Deletes the bytes. */
	async discard(): Promise<void> {
		await this.#handle.close().catch(() => {});
		await remove(this.#path);
	}
}

/**
 * A unique name for a temporary file or folder of this process. `removeAbandonedFiles` removes it
 * when the process is gone.
 */
export const temporaryName = (file: string, hash: string) => {
	const id = randomUUID().slice(0, 8);
	return `${nameStem(file, hash)}.${hostId}-${process.pid}-${id}.part`;
};

/** Deletes the partial files and folders that no process writes. */
export async function removeAbandonedFiles(folder: string): Promise<void> {
	const names = await readdir(folder).catch(() => [] as string[]);
	await Promise.all(
		names.filter(isAbandoned).map((name) => remove(join(folder, name))),
	);
}

/** Paths of the abandoned partial files of this content, the largest first. */
async function findAbandoned({
	folder,
	file,
	hash,
	size,
}: PartialFileOptions): Promise<string[]> {
	const prefix = `${nameStem(file, hash)}.`;
	const names = (await readdir(folder)).filter(
		(name) => name.startsWith(prefix) && isAbandoned(name),
	);
	const candidates = await Promise.all(
		names.map(async (name) => {
			const path = join(folder, name);
			return { path, bytes: (await fileSize(path)) ?? 0 };
		}),
	);
	return candidates
		.filter(({ bytes }) => bytes > 0 && bytes <= size)
		.sort((a, b) => b.bytes - a.bytes)
		.map(({ path }) => path);
}

const nameStem = (file: string, hash: string) => `${file}.${hash.slice(0, 16)}`;

function isAbandoned(name: string): boolean {
	const [, host, pid] = claimedName.exec(name) ?? [];
	if (host === undefined) return unclaimedName.test(name);
	return host === hostId && !isRunning(Number(pid));
}

function isRunning(pid: number): boolean {
	try {
		process.kill(pid, 0);
		return true;
	} catch (error) {
		return (error as NodeJS.ErrnoException).code !== "ESRCH";
	}
}

async function fileSize(path: string): Promise<number | undefined> {
	const found = await lstat(path).catch(() => undefined);
	return found?.isFile() ? found.size : undefined;
}

async function tryRename(from: string, to: string): Promise<boolean> {
	try {
		await rename(from, to);
		return true;
	} catch {
		return false;
	}
}

async function remove(path: string): Promise<void> {
	await rm(path, { recursive: true, force: true }).catch(() => {});
}
