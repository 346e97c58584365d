// One run to a folder: the process that writes there leaves its number.
import { readFile, rm, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { AlfaError } from "../errors.js";

/** Resolves to the way to let go. Rejects with ERR_ALFA_EVALUATION while a process of this machine holds the file; one that died does not. */
export async function lock(file: string): Promise<() => Promise<void>> {
	const own = JSON.stringify({ host: hostname(), pid: process.pid });
	for (let attempt = 0; ; attempt++) {
		try {
			await writeFile(file, own, { flag: "wx" });
			return () => rm(file, { force: true });
		} catch (error) {
			if ((error as NodeJS.ErrnoException).code !== "EEXIST" || attempt > 0)
				throw error;
			const holder = await holderOf(file);
			if (holder !== undefined) {
				throw new AlfaError(
					"ERR_ALFA_EVALUATION",
					`Another run (process ${holder}) is writing there; wait for it, or give another folder. If there is none, delete ${file}`,
				);
			}
			await rm(file, { force: true });
		}
	}
}

/** The process, unless it is known to be gone. */
async function holderOf(file: string): Promise<number | string | undefined> {
	try {
		const { host, pid } = JSON.parse(await readFile(file, "utf8")) as {
			host: string;
			pid: number;
		};
		if (host !== hostname()) return `${pid} of ${host}`;
		process.kill(pid, 0);
		return pid;
	} catch (error) {
		return (error as NodeJS.ErrnoException).code === "EPERM"
			? "of another user"
			: undefined;
	}
}
