// ServerError with the disk, named: what a user can do about it differs by cause.
import { AlfaError } from "../errors.js";

const causes: Record<string, string> = {
	ENOSPC:
		"the disk is full: free some space, or set ALFA_CACHE to a folder on another disk",
	EDQUOT:
		"the quota of the disk is used up: free some space, or set ALFA_CACHE to a folder on another disk",
	EFBIG:
		"the file system takes no file of that size: set ALFA_CACHE to a folder on another disk",
	EROFS:
		"the file system is read-only: set ALFA_CACHE to a folder that can be written",
	EACCES:
		"permission is denied: set ALFA_CACHE to a folder that can be written",
	EPERM: "it is refused; where another program has the file open, end that",
	EBUSY: "another program has it open; end that",
};

export function diskError(cause: unknown, file: string): unknown {
	const { code, syscall } = (cause ?? {}) as NodeJS.ErrnoException;
	if (typeof code !== "string" || syscall === undefined) return cause; // not the system's: an abort's reason, an error of ours
	return new AlfaError(
		"ERR_ALFA_WRITE",
		`${file} cannot be written: ${causes[code] ?? (cause as Error).message} (${code}). What came so far is kept, run it again to go on`,
		{ cause },
	);
}

/** What `work` resolves to; what the system refuses, as users see it. */
export async function onDisk<T>(
	file: string,
	work: () => Promise<T>,
): Promise<T> {
	try {
		return await work();
	} catch (error) {
		throw diskError(error, file);
	}
}
