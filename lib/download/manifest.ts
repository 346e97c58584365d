// manifest.json: what was downloaded, and where it came from. It is written after the files, so a
// folder without a valid manifest is not complete.
import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { writeFileAtomic } from "../util/atomic-file.js";
import { parseJson } from "../util/json.js";
import { withWriteErrors } from "./write-error.js";

export interface ManifestFile {
	file: string;
	/** Bytes. */
	size: number;
}

/** The manifest in a folder, or undefined if there is none or `isValid` refuses it. */
export async function readManifest<T>(
	folder: string,
	isValid: (value: unknown) => value is T,
): Promise<T | undefined> {
	try {
		const value = parseJson(await readFile(manifestPath(folder), "utf8"));
		return isValid(value) ? value : undefined;
	} catch {
		return undefined;
	}
}

export async function writeManifest(
	folder: string,
	manifest: object,
): Promise<void> {
	const path = manifestPath(folder);
	const text = `${JSON.stringify(manifest, null, 2)}\n`;
	await withWriteErrors(path, () => writeFileAtomic(path, text));
}

/** The names of the files that are missing from the folder or have another size than the manifest says. */
export async function findMissingFiles(
	folder: string,
	files: readonly ManifestFile[],
): Promise<string[]> {
	const isMissing = await Promise.all(
		files.map(async ({ file, size }) => {
			const found = await stat(join(folder, file)).catch(() => undefined);
			return found?.size !== size;
		}),
	);
	return files.filter((_, i) => isMissing[i]).map(({ file }) => file);
}

const manifestPath = (folder: string) => join(folder, "manifest.json");
