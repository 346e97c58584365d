// The record of an installed GPU runtime: manifest.json beside its libraries.
import {
	findMissingFiles,
	type ManifestFile,
	readManifest,
} from "../download/manifest.js";
import { isPlain } from "../options/validate.js";
import { inspectRuntime } from "./gpu-runtime.js";
import { ortVersion } from "./version.js";

export interface RuntimeManifest {
	format: 1;
	version: string;
	/** The archive's name. */
	archive: string;
	/** The address or the file of the archive. */
	from: string;
	/** SHA-256 of the archive. */
	sha256: string;
	files: ManifestFile[];
}

/**
 * The manifest of the runtime in a folder, or undefined if the runtime is not complete: every file
 * must have its size, and the libraries must be usable.
 */
export async function readInstalledRuntime(
	directory: string,
): Promise<RuntimeManifest | undefined> {
	const manifest = await readManifest(directory, isManifest);
	if (!manifest) return undefined;
	const missing = await findMissingFiles(directory, manifest.files);
	const { problems } = inspectRuntime(directory, "alfa gpu install");
	return missing.length === 0 && problems.length === 0 ? manifest : undefined;
}

function isManifest(value: unknown): value is RuntimeManifest {
	return (
		isPlain(value) &&
		value["format"] === 1 &&
		value["version"] === ortVersion &&
		["archive", "from", "sha256"].every(
			(key) => typeof value[key] === "string",
		) &&
		Array.isArray(value["files"]) &&
		value["files"].every(isManifestFile)
	);
}

const isManifestFile = (value: unknown) =>
	isPlain(value) &&
	typeof value["file"] === "string" &&
	/^[\w.-]+$/.test(value["file"]) &&
	Number.isSafeInteger(value["size"]);
