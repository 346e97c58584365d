// Finds libraries as the dynamic loader of Linux does: in LD_LIBRARY_PATH, in the loader's cache, in
// the system's folders. The cache is read directly, because `ldconfig -p` would start a process each
// time an engine opens.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { isFile } from "./folders.js";

export interface LoaderPaths {
	/** LD_LIBRARY_PATH as it was when the process started. The loader does not read it again. */
	libraryPath: string;
	cacheFile: string;
	folders: readonly string[];
}

/** The paths of this machine. */
export const systemLoaderPaths = (): LoaderPaths => ({
	libraryPath: process.env["LD_LIBRARY_PATH"] ?? "",
	cacheFile: "/etc/ld.so.cache",
	folders: [
		"/lib64",
		"/usr/lib64",
		"/lib/x86_64-linux-gnu",
		"/usr/lib/x86_64-linux-gnu",
		"/lib",
		"/usr/lib",
	],
});

/** A function from a library's name to its path, or undefined. It reads the cache at most once. */
export function createLibraryFinder({
	libraryPath,
	cacheFile,
	folders,
}: LoaderPaths): (name: string) => string | undefined {
	const preferred = libraryPath.split(/[:;]/).filter(Boolean);
	let cache: Map<string, string> | undefined;
	return (name) => {
		const first = findIn(preferred, name);
		if (first !== undefined) return first;
		cache ??= readLoaderCache(cacheFile);
		const cached = cache.get(name);
		if (cached !== undefined && isFile(cached)) return cached;
		return findIn(folders, name);
	};
}

/** The path of the file in the first folder that has it. */
export const findIn = (folders: readonly string[], name: string) =>
	folders.map((folder) => join(folder, name)).find(isFile);

const magic = "glibc-ld.so.cache1.1";
const headerBytes = 48;
const entryBytes = 24;
/** Flags of a library of glibc for x86-64. */
const x64Library = 0x0303;

/**
 * The paths of the libraries for x86-64 in the loader's cache, by name. Empty if there is no
 * cache, or one of another format.
 */
export function readLoaderCache(file: string): Map<string, string> {
	const paths = new Map<string, string>();
	const table = readTable(file);
	if (!table) return paths;
	const count = Math.min(
		table.readUInt32LE(20),
		Math.floor((table.length - headerBytes) / entryBytes),
	);
	for (let i = 0; i < count; i++) {
		const entry = headerBytes + i * entryBytes;
		if ((table.readUInt32LE(entry) & 0xffff) !== x64Library) continue;
		const name = stringAt(table, table.readUInt32LE(entry + 4));
		const path = stringAt(table, table.readUInt32LE(entry + 8));
		if (name && path.startsWith("/") && !paths.has(name)) paths.set(name, path);
	}
	return paths;
}

/** The table in the new format. Older versions of glibc write a table in the old format before it. */
function readTable(file: string): Buffer | undefined {
	try {
		const bytes = readFileSync(file);
		const start = bytes.indexOf(magic, 0, "latin1");
		const isComplete = start >= 0 && start + headerBytes <= bytes.length;
		return isComplete ? bytes.subarray(start) : undefined;
	} catch {
		return undefined;
	}
}

function stringAt(table: Buffer, offset: number): string {
	const end = offset < table.length ? table.indexOf(0, offset) : -1;
	return end < 0 ? "" : table.toString("utf8", offset, end);
}
