// The libraries out of the archive, into an empty folder: plain files of its lib/ by their known names and nothing else. An
// archive that would write elsewhere is refused as a whole, whatever else is in it.
import { once } from "node:events";
import { createReadStream, createWriteStream, type WriteStream } from "node:fs";
import { join, posix } from "node:path";
import { finished, pipeline } from "node:stream/promises";
import type { ReadEntry } from "tar";
import { AlfaError } from "../errors.js";
import { coreNames, cudaProvider, sharedProvider } from "./version.js";

const wanted = [...coreNames, cudaProvider, sharedProvider];
const plain = ["File", "OldFile", "ContiguousFile"];
const mostEntries = 100_000,
	mostFile = 2 ** 31,
	mostAll = 2 ** 33; // bytes; the real provider has 272 MB

/** Resolves to the names that were written. Rejects with ERR_ALFA_RUNTIME_CORRUPT, the signal's reason, or the system's error. */
export async function unpackLibraries(
	archive: string,
	folder: string,
	signal?: AbortSignal,
): Promise<string[]> {
	signal?.throwIfAborted();
	const { Parser } = await import("tar"); // here and not above: who installs nothing does not load it
	const refused = new AbortController();
	const names: string[] = [];
	let entries = 0,
		bytes = 0;
	const refuse = (why: string): false => {
		refused.abort(
			new AlfaError(
				"ERR_ALFA_RUNTIME_CORRUPT",
				`${archive} is no archive of ONNX Runtime: ${why}; nothing of it was kept`,
			),
		);
		return false;
	};
	const take = (path: string, entry: ReadEntry): boolean => {
		if (refused.signal.aborted) return false;
		entries++;
		bytes += entry.size;
		if (entries > mostEntries || bytes > mostAll)
			return refuse("it unpacks to far more than one has");
		if (leaves(path))
			return refuse(
				`it has an entry ${shown(path)} that leads out of its folder`,
			);
		const link = entry.linkpath;
		if (link) {
			// A symbolic link starts where it lies, a hard link at the archive's root.
			const target =
				entry.type === "SymbolicLink"
					? posix.join(posix.dirname(path), link)
					: link;
			return leaves(link.startsWith("/") ? link : target)
				? refuse(`it has a link ${shown(path)} that leads out of its folder`)
				: false;
		}
		const [, name] = /^(?:\.\/)?[^/]+\/lib\/([^/]+)$/.exec(path) ?? [];
		if (name === undefined || !wanted.includes(name)) return false;
		if (!plain.includes(entry.type))
			return refuse(`its ${shown(path)} is no file`);
		if (names.includes(name)) return refuse(`it has ${name} twice`);
		if (entry.size > mostFile)
			return refuse(`its ${name} would have ${entry.size} bytes`);
		names.push(name);
		return true;
	};
	// The files are written here and not by tar's own extractor, which goes on writing after it was stopped.
	const files: WriteStream[] = [];
	const write = (entry: ReadEntry): void => {
		const file = createWriteStream(join(folder, posix.basename(entry.path)), {
			flags: "wx",
			mode: 0o644,
		});
		file.on("error", (error) => refused.abort(error));
		files.push(file);
		entry.pipe(file);
	};
	const stop = signal
		? AbortSignal.any([signal, refused.signal])
		: refused.signal;
	try {
		const parser = new Parser({
			strict: true,
			filter: (path, entry) => take(path, entry as ReadEntry),
			onReadEntry: write,
		});
		await pipeline(createReadStream(archive), parser, { signal: stop });
		await Promise.all(files.map((file) => finished(file, { signal: stop })));
		refused.signal.throwIfAborted();
	} catch (caught) {
		const error: unknown = refused.signal.aborted
			? refused.signal.reason
			: caught; // before files that are stopped complain of it
		for (const file of files) file.destroy();
		await Promise.allSettled(
			files.map((file) => (file.closed ? undefined : once(file, "close"))),
		);
		signal?.throwIfAborted();
		if (error instanceof AlfaError) throw error;
		const { code, syscall } = error as NodeJS.ErrnoException;
		if (syscall !== undefined) throw error; // the system's: a full disk
		throw new AlfaError(
			"ERR_ALFA_RUNTIME_CORRUPT",
			`${archive} is no sound .tgz archive (${code ?? (error as Error).message}); nothing of it was kept`,
			{ cause: error },
		);
	}
	return names;
}

/** Whether a path of an archive is absolute, or ends above where it starts. */
function leaves(path: string): boolean {
	if (
		path.includes("\0") ||
		path.includes("\\") ||
		path.startsWith("/") ||
		/^[A-Za-z]:/.test(path)
	)
		return true;
	return (
		path.split("/").includes("..") && posix.normalize(path).startsWith("..")
	);
}

const shown = (path: string) => JSON.stringify(path.slice(0, 120));
