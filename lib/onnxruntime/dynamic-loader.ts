// Where the dynamic loader of Linux finds a library by its name: LD_LIBRARY_PATH, its cache, the usual folders. The cache is
// read here, as the loader reads it, rather than `ldconfig -p` started: an engine that opens asks too.
import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";

export interface LoaderPlaces {
	/** As LD_LIBRARY_PATH was when the process began: the loader does not look at it again. */
	libraryPath: string;
	cacheFile: string;
	folders: readonly string[];
}

/** Those of this machine. */
export const loaderPlaces = (): LoaderPlaces => ({
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

/** false as well in a folder that may not be read: it holds nothing for us. */
export function isFile(path: string): boolean {
	try {
		return statSync(path).isFile();
	} catch {
		return false;
	}
}

/** The path by name, or undefined; one reading of the cache for any number of names. */
export function loader({
	libraryPath,
	cacheFile,
	folders,
}: LoaderPlaces): (name: string) => string | undefined {
	const first = libraryPath.split(/[:;]/).filter(Boolean);
	let cache: Map<string, string> | undefined;
	return (name) => {
		const before = first.map((folder) => join(folder, name)).find(isFile);
		if (before !== undefined) return before;
		cache ??= readCache(cacheFile);
		const cached = cache.get(name);
		if (cached !== undefined && isFile(cached)) return cached;
		return folders.map((folder) => join(folder, name)).find(isFile);
	};
}

const magic = "glibc-ld.so.cache1.1";
const x64Library = 0x0303; // of libc 6, for x86-64

/** Path by name, of libraries for x86-64; empty where there is no such cache, or one of another form. */
export function readCache(file: string): Map<string, string> {
	const found = new Map<string, string>();
	let bytes: Buffer;
	try {
		bytes = readFileSync(file);
	} catch {
		return found;
	}
	const start = bytes.indexOf(magic, 0, "latin1"); // older glibc writes an older table before it
	if (start < 0 || start + 48 > bytes.length) return found;
	const table = bytes.subarray(start);
	const count = Math.min(
		table.readUInt32LE(20),
		Math.floor((table.length - 48) / 24),
	);
	const text = (at: number) => {
		const end = at < table.length ? table.indexOf(0, at) : -1;
		return end < 0 ? "" : table.toString("utf8", at, end);
	};
	for (let i = 0; i < count; i++) {
		const at = 48 + i * 24;
		if ((table.readUInt32LE(at) & 0xffff) !== x64Library) continue;
		const name = text(table.readUInt32LE(at + 4)),
			path = text(table.readUInt32LE(at + 8));
		if (name && path.startsWith("/") && !found.has(name)) found.set(name, path);
	}
	return found;
}
