// What `alfa gpu install` leaves beside the libraries: where they came from, and how large each is.
import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { writeFileAtomic } from "../util/atomic-file.js";
import { isPlain } from "../options/validate.js";
import { inspectRuntime } from "./gpu-runtime.js";
import { ortVersion } from "./version.js";

/** sha256: of the archive. */
export interface Manifest {
	format: 1;
	version: string;
	archive: string;
	from: string;
	sha256: string;
	files: { file: string; size: number }[];
}

const file = (directory: string) => join(directory, "manifest.json");

export const writeManifest = (directory: string, manifest: Manifest) =>
	writeFileAtomic(file(directory), `${JSON.stringify(manifest, null, 2)}\n`);

/** Of a folder that is whole, else undefined: every file has its size and the libraries are what they should be. */
export async function readManifest(
	directory: string,
): Promise<Manifest | undefined> {
	let manifest: unknown;
	try {
		manifest = JSON.parse(await readFile(file(directory), "utf8"));
	} catch {
		return undefined;
	}
	if (!isManifest(manifest)) return undefined;
	const sizes = await Promise.all(
		manifest.files.map((each) =>
			stat(join(directory, each.file)).then(
				(found) => found.size,
				() => -1,
			),
		),
	);
	return manifest.files.every(({ size }, i) => size === sizes[i]) &&
		inspectRuntime(directory, "alfa gpu install").problems.length === 0
		? manifest
		: undefined;
}

function isManifest(value: unknown): value is Manifest {
	return (
		isPlain(value) &&
		value["format"] === 1 &&
		value["version"] === ortVersion &&
		["archive", "from", "sha256"].every(
			(key) => typeof value[key] === "string",
		) &&
		Array.isArray(value["files"]) &&
		value["files"].every(
			(each) =>
				isPlain(each) &&
				typeof each["file"] === "string" &&
				/^[\w.-]+$/.test(each["file"]) &&
				Number.isSafeInteger(each["size"]),
		)
	);
}
