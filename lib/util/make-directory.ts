import { mkdir, stat } from "node:fs/promises";
import { dirname, resolve } from "node:path";

/**
 * Makes the folder and the missing folders above it. One level at a time: Node's recursive mkdir never returns below a
 * folder that accepts no entries (/proc).
 */
export async function makeDirectory(path: string): Promise<void> {
	for (const folder of await missingFolders(resolve(path))) {
		try {
			await mkdir(folder);
		} catch (error) {
			// Another process may have made it in the meantime.
			const exists = (error as NodeJS.ErrnoException).code === "EEXIST";
			if (!exists || !(await stat(folder)).isDirectory()) throw error;
		}
	}
}

/** The folders to make, the uppermost first. */
async function missingFolders(path: string): Promise<string[]> {
	const missing: string[] = [];
	let folder = path;
	while (true) {
		const found = await stat(folder).catch(() => undefined);
		if (found?.isDirectory()) return missing;
		if (found) {
			throw Object.assign(new Error(`${folder} is a file`), {
				code: "ENOTDIR",
				syscall: "mkdir",
			});
		}
		missing.unshift(folder);
		const parent = dirname(folder);
		if (parent === folder) return missing;
		folder = parent;
	}
}
