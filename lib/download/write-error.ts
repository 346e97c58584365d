// Errors of the file system while files are written to the cache, with a remedy for each cause.
import { AlfaError } from "../errors.js";

const causes: Record<string, string> = {
	ENOSPC:
		"the disk is full. Free some space, or set ALFA_CACHE to a folder on another disk",
	EDQUOT:
		"the disk quota is used up. Free some space, or set ALFA_CACHE to a folder on another disk",
	EFBIG:
		"the file is too large for the file system. Set ALFA_CACHE to a folder on another disk",
	EROFS:
		"the file system is read-only. Set ALFA_CACHE to a folder that can be written",
	EACCES:
		"permission is denied. Set ALFA_CACHE to a folder that can be written",
	EPERM:
		"the operation is not permitted. Close other programs that use the file",
	EBUSY: "another program uses the file. Close that program",
};

/**
 * The ERR_ALFA_WRITE error for a failed system call. Other errors, such as an abort's reason, are
 * returned unchanged.
 */
export function writeError(cause: unknown, file: string): unknown {
	const { code, syscall, message } = (cause ?? {}) as NodeJS.ErrnoException;
	if (typeof code !== "string" || syscall === undefined) return cause;
	return new AlfaError(
		"ERR_ALFA_WRITE",
		`${file} cannot be written (${code}): ${causes[code] ?? message}. ` +
			"The bytes received so far are kept: run it again to continue",
		{ cause },
	);
}

/** Runs `work` on the file, and turns errors of the file system into ERR_ALFA_WRITE. */
export async function withWriteErrors<T>(
	file: string,
	work: () => Promise<T>,
): Promise<T> {
	try {
		return await work();
	} catch (error) {
		throw writeError(error, file);
	}
}
