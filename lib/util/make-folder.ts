import { mkdir, stat } from "node:fs/promises";
import { dirname, resolve } from "node:path";

/** Makes the folder and those above it. Level by level: Node's recursive mkdir never ends under a parent that takes none (/proc). */
export async function makeDirectory(path: string): Promise<void> {
	const missing: string[] = [];
	for (let at = resolve(path); ; at = dirname(at)) {
		const found = await stat(at).catch(() => undefined);
		if (found?.isDirectory()) break;
		if (found)
			throw Object.assign(new Error(`${at} is a file`), {
				code: "ENOTDIR",
				syscall: "mkdir",
			});
		missing.unshift(at);
		if (dirname(at) === at) break;
	}
	for (const each of missing) {
		await mkdir(each).catch(async (error: NodeJS.ErrnoException) => {
			if (error.code !== "EEXIST" || !(await stat(each)).isDirectory())
				throw error; // made by another meanwhile
		});
	}
}
