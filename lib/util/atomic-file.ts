import { randomUUID } from "node:crypto";
import { type FileHandle, open, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";

/**
 * Writes the complete file or nothing: another process never sees a part of it, and a crash or a power failure leaves
 * the old file or the new one. The folder must exist. A temporary file in the same folder is written first.
 */
export async function writeFileAtomic(
	file: string,
	data: string | Uint8Array | AsyncIterable<string>,
): Promise<void> {
	const temporary = join(dirname(file), `.${randomUUID()}.part`);
	const handle = await open(temporary, "wx");
	try {
		// Node accepts an async iterable here; @types/node 20 does not know it.
		await handle.writeFile(data as string);
		await renameSynced(handle, temporary, file);
	} catch (error) {
		await handle.close().catch(() => {});
		await rm(temporary, { force: true }).catch(() => {});
		throw error;
	}
}

/**
 * Gives the open file `from` its final name `to`, in the same folder, and closes it. Its content is on the disk before
 * the rename, so that no power failure leaves an empty or partial file under the final name.
 */
export async function renameSynced(
	handle: FileHandle,
	from: string,
	to: string,
): Promise<void> {
	await handle.sync();
	await handle.close();
	await rename(from, to);
	await syncFolder(dirname(to));
}

/** Windows cannot open a folder as a file, and some file systems refuse: the file is complete without this. */
async function syncFolder(folder: string): Promise<void> {
	if (process.platform === "win32") return;
	try {
		await using handle = await open(folder, "r");
		await handle.sync();
	} catch {
		// After a power failure the old file may be back; it is complete too.
	}
}
