// The hashes of a file: SHA-256 always, the SHA-1 of its git blob where a hub states that one.
import { createHash, type Hash } from "node:crypto";
import { open } from "node:fs/promises";

export interface Hashes {
	sha256: string;
	git: string;
}

export class Digest {
	readonly #sha256: Hash = createHash("sha256");
	readonly #git: Hash;
	bytes = 0;

	/** `size`: of the whole file, which is part of what git hashes. */
	constructor(size: number) {
		this.#git = createHash("sha1").update(`blob ${size}\0`);
	}

	update(piece: Uint8Array): void {
		this.bytes += piece.byteLength;
		this.#sha256.update(piece);
		this.#git.update(piece);
	}

	end(): Hashes {
		return { sha256: this.#sha256.digest("hex"), git: this.#git.digest("hex") };
	}
}

/** Adds at most `most` bytes of the file, piece by piece: the event loop turns between them. */
export async function digestFile(
	file: string,
	digest: Digest,
	most: number,
	signal?: AbortSignal,
): Promise<void> {
	const handle = await open(file, "r");
	try {
		const buffer = Buffer.allocUnsafe(2 ** 20);
		for (let at = 0; at < most; ) {
			signal?.throwIfAborted();
			const { bytesRead } = await handle.read(
				buffer,
				0,
				Math.min(buffer.length, most - at),
				at,
			);
			if (bytesRead === 0) return;
			digest.update(buffer.subarray(0, bytesRead));
			at += bytesRead;
		}
	} finally {
		await handle.close();
	}
}

/** The file's hashes; undefined where it is missing or of another size. */
export async function hashesOf(
	file: string,
	size: number,
	signal?: AbortSignal,
): Promise<Hashes | undefined> {
	const digest = new Digest(size);
	try {
		await digestFile(file, digest, size + 1, signal);
	} catch (error) {
		if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
		return undefined;
	}
	return digest.bytes === size ? digest.end() : undefined;
}
