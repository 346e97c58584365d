import { randomUUID } from "node:crypto";
import {
	type FileHandle,
	lstat,
	open,
	rename,
	rm,
	writeFile,
} from "node:fs/promises";
import { dirname, join, resolve } from "node:path";

/**
 * Writes the complete file or nothing: another process never sees a part of it, and a crash or a power failure leaves
 * the old file or the new one. The folder must exist. A temporary file in the same folder is written first.
 *
 * A symbolic link is replaced, and the file that it names stays as it is. Devices and pipes, such as /dev/stdout, are
 * written directly.
 */
export async function writeFileAtomic(
	file: string,
	data: string | Uint8Array | AsyncIterable<string>,
): Promise<void> {
	if (await isStream(file)) return writeFile(file, data);
	// Node accepts an async iterable here; @types/node 20 does not know it.
	await replaceFile(file, (handle) => handle.writeFile(data as string));
}

/**
 * Calls `write` for a new file in the same folder, and then gives it the name `file`. `write` may also open the new
 * file by its path. Its name cannot be guessed, and it is a file that did not exist before.
 */
export async function replaceFile(
	file: string,
	write: (handle: FileHandle, path: string) => Promise<void>,
): Promise<void> {
	const temporary = join(dirname(file), `.${randomUUID()}.part`);
	const handle = await open(temporary, "wx");
	try {
		await write(handle, temporary);
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

/** Whether the path names something that cannot be replaced by a file: a device, a pipe, or a link to one. */
async function isStream(file: string): Promise<boolean> {
	if (/^\/(dev|proc)\//.test(resolve(file))) return true;
	const found = await lstat(file).catch(() => undefined);
	return Boolean(found?.isFIFO() || found?.isCharacterDevice());
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
