// Unpacks the libraries of the archive into an empty folder: the files with known names in its lib/,
// and nothing else. An archive with an entry that leads out of its folder is refused completely.
import { once } from "node:events";
import { createReadStream, createWriteStream, type WriteStream } from "node:fs";
import { join, posix } from "node:path";
import { finished, pipeline } from "node:stream/promises";
import type { ReadEntry } from "tar";
import { AlfaError } from "../errors.js";
import { coreNames, cudaProvider, sharedProvider } from "./version.js";

const libraryNames = [...coreNames, cudaProvider, sharedProvider];
const fileTypes: string[] = ["File", "OldFile", "ContiguousFile"];

const maxEntries = 100_000;
/** Bytes. The real provider has 272 MB. */
const maxFileBytes = 2 ** 31;
const maxTotalBytes = 2 ** 33;

/**
 * Resolves to the names of the files that were written. Rejects with ERR_ALFA_RUNTIME_CORRUPT, the
 * signal's reason, or an error of the file system.
 */
export async function unpackLibraries(
	archive: string,
	folder: string,
	signal?: AbortSignal,
): Promise<string[]> {
	signal?.throwIfAborted();
	// Imported here, so that programs that install nothing do not load it.
	const { Parser } = await import("tar");
	const failure = new AbortController();
	const stop = signal
		? AbortSignal.any([signal, failure.signal])
		: failure.signal;
	const filter = new EntryFilter();
	const accept = (path: string, entry: ReadEntry): boolean => {
		if (failure.signal.aborted) return false;
		const { accepted, problem } = filter.check(path, entry);
		if (problem !== undefined) {
			failure.abort(
				corrupt(`${archive} is not an archive of ONNX Runtime: ${problem}`),
			);
		}
		return accepted;
	};
	// The files are written here, because the extractor of `tar` goes on writing after it was stopped.
	const files: WriteStream[] = [];
	const write = (entry: ReadEntry): void => {
		const path = join(folder, posix.basename(entry.path));
		const file = createWriteStream(path, { flags: "wx", mode: 0o644 });
		file.on("error", (error) => failure.abort(error));
		files.push(file);
		entry.pipe(file);
	};
	const parser = new Parser({
		strict: true,
		filter: (path, entry) => accept(path, entry as ReadEntry),
		onReadEntry: write,
	});
	try {
		await pipeline(createReadStream(archive), parser, { signal: stop });
		await Promise.all(files.map((file) => finished(file, { signal: stop })));
		failure.signal.throwIfAborted();
		return filter.accepted;
	} catch (error) {
		// The first failure is the cause. Stopped streams report failures of their own.
		const cause: unknown = failure.signal.aborted
			? failure.signal.reason
			: error;
		await closeAll(files);
		signal?.throwIfAborted();
		throw toUnpackError(archive, cause);
	}
}

async function closeAll(files: readonly WriteStream[]): Promise<void> {
	for (const file of files) file.destroy();
	const open = files.filter((file) => !file.closed);
	await Promise.allSettled(open.map((file) => once(file, "close")));
}

function toUnpackError(archive: string, error: unknown): unknown {
	if (error instanceof AlfaError) return error;
	const { code, syscall, message } = error as NodeJS.ErrnoException;
	const isSystemError = syscall !== undefined; // such as a full disk
	if (isSystemError) return error;
	return corrupt(
		`${archive} is not a valid .tgz archive (${code ?? message})`,
		error,
	);
}

const corrupt = (message: string, cause?: unknown) =>
	new AlfaError(
		"ERR_ALFA_RUNTIME_CORRUPT",
		`${message}. Nothing was installed`,
		cause === undefined ? {} : { cause },
	);

interface Decision {
	/** Whether the entry is unpacked. */
	accepted: boolean;
	/** Why the complete archive is refused, as a clause. */
	problem?: string;
}

const skipped: Decision = { accepted: false };
const refused = (problem: string): Decision => ({ accepted: false, problem });

/** Decides which entries of an archive are unpacked. Called for each entry, in order. */
class EntryFilter {
	/** Names of the libraries so far. */
	readonly accepted: string[] = [];
	#entries = 0;
	#bytes = 0;

	check(path: string, entry: ReadEntry): Decision {
		this.#entries++;
		this.#bytes += entry.size;
		if (this.#entries > maxEntries || this.#bytes > maxTotalBytes)
			return refused("it is far larger than an archive of ONNX Runtime");
		if (leadsOut(path))
			return refused(`its entry ${quote(path)} leads out of its folder`);
		if (entry.linkpath) return checkLink(path, entry);
		return this.#checkLibrary(path, entry);
	}

	#checkLibrary(path: string, { type, size }: ReadEntry): Decision {
		const [, name] = /^(?:\.\/)?[^/]+\/lib\/([^/]+)$/.exec(path) ?? [];
		if (name === undefined || !libraryNames.includes(name)) return skipped;
		if (!fileTypes.includes(type))
			return refused(`its entry ${quote(path)} is not a file`);
		if (this.accepted.includes(name))
			return refused(`it contains ${name} twice`);
		if (size > maxFileBytes) return refused(`its ${name} has ${size} bytes`);
		this.accepted.push(name);
		return { accepted: true };
	}
}

/**
 * Links are never unpacked. A symbolic link starts at its own folder, a hard link at the archive's
 * root.
 */
function checkLink(path: string, { type, linkpath }: ReadEntry): Decision {
	const link = linkpath!;
	const isRelative = type === "SymbolicLink" && !link.startsWith("/");
	const target = isRelative ? posix.join(posix.dirname(path), link) : link;
	if (leadsOut(target))
		return refused(`its link ${quote(path)} leads out of its folder`);
	return skipped;
}

/** Whether a path in the archive is absolute, or leads above its start. */
function leadsOut(path: string): boolean {
	const isOdd =
		path.includes("\0") ||
		path.includes("\\") ||
		path.startsWith("/") ||
		/^[A-Za-z]:/.test(path);
	if (isOdd) return true;
	return (
		path.split("/").includes("..") && posix.normalize(path).startsWith("..")
	);
}

const quote = (path: string) => JSON.stringify(path.slice(0, 120));
