// Ensures that only one run writes into a report folder.
import { AlfaError } from "../errors.js";
import { LockHeldError, lockFile } from "../util/lock-file.js";

/** Resolves to a function that unlocks the folder. Rejects with ERR_ALFA_EVALUATION if a process holds the lock. */
export async function acquireLock(file: string): Promise<() => Promise<void>> {
	try {
		return await lockFile(file);
	} catch (cause) {
		if (!(cause instanceof LockHeldError)) throw cause;
		throw new AlfaError(
			"ERR_ALFA_EVALUATION",
			`Another run (${cause.holder}) is writing into this folder; wait until it ends, or give another ` +
				`folder. If no such process runs, delete ${file}`,
			{ cause },
		);
	}
}
