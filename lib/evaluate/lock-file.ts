// Ensures that only one process writes into a report folder.
import { readFile, rm, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { AlfaError } from "../errors.js";

/**
 * Creates the lock file with this process's host and id. Resolves to a function that deletes it. Rejects with
 * ERR_ALFA_EVALUATION if a running process holds the lock. The lock of a process that has ended is replaced.
 */
export async function acquireLock(file: string): Promise<() => Promise<void>> {
	const content = JSON.stringify({ host: hostname(), pid: process.pid });
	for (let attempt = 0; ; attempt++) {
		try {
			await writeFile(file, content, { flag: "wx" });
			return () => rm(file, { force: true });
		} catch (error) {
			if ((error as NodeJS.ErrnoException).code !== "EEXIST" || attempt > 0)
				throw error;
			const holder = await runningHolder(file);
			if (holder !== undefined) {
				throw new AlfaError(
					"ERR_ALFA_EVALUATION",
					`Another run (process ${holder}) is writing into this folder; wait until it ends, or give another ` +
						`folder. If no such process runs, delete ${file}`,
				);
			}
			await rm(file, { force: true });
		}
	}
}

/** The process that holds the lock. undefined if it has ended or the file is damaged. */
async function runningHolder(
	file: string,
): Promise<number | string | undefined> {
	try {
		const { host, pid } = JSON.parse(await readFile(file, "utf8")) as {
			host: string;
			pid: number;
		};
		// A process on another host cannot be checked.
		if (host !== hostname()) return `${pid} on ${host}`;
		process.kill(pid, 0);
		return pid;
	} catch (error) {
		return (error as NodeJS.ErrnoException).code === "EPERM"
			? "of another user"
			: undefined;
	}
}
