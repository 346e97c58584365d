// Hashes of a file: SHA-256, and the SHA-1 of its git blob, which hubs state for small files.
import { createHash, type Hash } from "node:crypto";
import { open } from "node:fs/promises";

export type HashKind = "sha256" | "git";

/** Hexadecimal, lower case. */
export type Hashes = Record<HashKind, string>;

const chunkBytes = 2 ** 20;

/** Computes both hashes of a content that arrives in chunks. */
export class Digest {
	readonly #sha256: Hash = createHash("sha256");
	readonly #git: Hash;
	/** The number of bytes so far. */
	bytes = 0;

	/** `size` is the number of bytes of the complete content. It is part of what git hashes. */
	constructor(size: number) {
		this.#git = createHash("sha1").update(`blob ${size}\0`);
	}

	update(chunk: Uint8Array): void {
		this.bytes += chunk.byteLength;
		this.#sha256.update(chunk);
		this.#git.update(chunk);
	}

	/**
	 * Adds at most `maxBytes` bytes of the file, in chunks, so that the event loop is never blocked
	 * for long.
	 */
	async updateFromFile(
		file: string,
		maxBytes: number,
		signal?: AbortSignal,
	): Promise<void> {
		const handle = await open(file, "r");
		try {
			const buffer = Buffer.allocUnsafe(chunkBytes);
			for (let offset = 0; offset < maxBytes; ) {
				signal?.throwIfAborted();
				const length = Math.min(buffer.length, maxBytes - offset);
				const { bytesRead } = await handle.read(buffer, 0, length, offset);
				if (bytesRead === 0) return;
				this.update(buffer.subarray(0, bytesRead));
				offset += bytesRead;
			}
		} finally {
			await handle.close();
		}
	}

	/** The hashes of everything so far. Nothing may be added afterwards. */
	end(): Hashes {
		return { sha256: this.#sha256.digest("hex"), git: this.#git.digest("hex") };
	}
}

/** The file's hashes, or undefined if the file is missing or does not have `size` bytes. */
export async function hashFile(
	file: string,
	size: number,
	signal?: AbortSignal,
): Promise<Hashes | undefined> {
	const digest = new Digest(size);
	try {
		await digest.updateFromFile(file, size + 1, signal);
	} catch (error) {
		if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
		return undefined;
	}
	return digest.bytes === size ? digest.end() : undefined;
}
