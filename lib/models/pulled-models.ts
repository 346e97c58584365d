// The models that were pulled: a folder each in the cache, with manifest.json, written last, and the files in a folder whose
// name follows from their hashes. A model is there once its manifest is and every file in it has its size.
import { createHash } from "node:crypto";
import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { cacheDirectory } from "../cache/directory.js";
import { onDisk } from "../download/write-error.js";
import { isPlain } from "../options/validate.js";
import { writeFileAtomic } from "../util/atomic-file.js";
import { folderName } from "./known-models.js";

export interface PulledFile {
	file: string;
	/** The repository and commit that it came from. */
	repo: string;
	commit: string;
	size: number;
	sha256: string;
}

export interface Manifest {
	format: 1;
	name: string;
	repo: string;
	revision: string;
	commit: string;
	version: string;
	files: PulledFile[];
}

export interface Pulled {
	manifest: Manifest;
	/** Where the files are. */
	directory: string;
	/** Files that are not there or have another size. */
	missing: string[];
}

export const modelsDirectory = () => join(cacheDirectory(), "models");
export const modelFolder = (name: string) =>
	join(modelsDirectory(), folderName(name));

/** The folder's name for these contents: what is in it never changes. */
export const versionOf = (
	contents: readonly (readonly [file: string, hash: string])[],
) =>
	createHash("sha256")
		.update(JSON.stringify(contents))
		.digest("hex")
		.slice(0, 16);

/** A pulled model by its name; undefined where there is none, or no sound manifest of that name. */
export async function findPulled(name: string): Promise<Pulled | undefined> {
	const found = await read(modelFolder(name));
	return found?.manifest.name === name ? found : undefined;
}

export async function listPulled(): Promise<Pulled[]> {
	const folders = await readdir(modelsDirectory()).catch(() => [] as string[]);
	const found = await Promise.all(
		folders.sort().map(async (folder) => {
			const pulled = await read(join(modelsDirectory(), folder));
			return pulled && folderName(pulled.manifest.name) === folder
				? [pulled]
				: [];
		}),
	);
	return found.flat();
}

export async function writeManifest(manifest: Manifest): Promise<void> {
	const file = join(modelFolder(manifest.name), "manifest.json");
	await onDisk(file, () =>
		writeFileAtomic(file, `${JSON.stringify(manifest, null, 2)}\n`),
	);
}

async function read(folder: string): Promise<Pulled | undefined> {
	const text = await readFile(join(folder, "manifest.json"), "utf8").catch(
		() => undefined,
	);
	let manifest: unknown;
	try {
		manifest = JSON.parse(text ?? "");
	} catch {
		return undefined;
	}
	if (!isManifest(manifest)) return undefined;
	const directory = join(folder, manifest.version);
	const sizes = await Promise.all(
		manifest.files.map(({ file }) =>
			stat(join(directory, file)).then(
				(found) => found.size,
				() => -1,
			),
		),
	);
	return {
		manifest,
		directory,
		missing: manifest.files
			.filter(({ size }, i) => size !== sizes[i])
			.map(({ file }) => file),
	};
}

const plainName = (value: unknown) =>
	typeof value === "string" && /^[A-Za-z0-9][\w.-]*$/.test(value);
const hex = (value: unknown, digits: number) =>
	typeof value === "string" &&
	value.length === digits &&
	/^[0-9a-f]+$/.test(value);
const strings = (value: Record<string, unknown>, keys: readonly string[]) =>
	keys.every((key) => typeof value[key] === "string");

function isManifest(value: unknown): value is Manifest {
	return (
		isPlain(value) &&
		value["format"] === 1 &&
		strings(value, ["name", "repo", "revision", "commit"]) &&
		hex(value["version"], 16) &&
		Array.isArray(value["files"]) &&
		value["files"].length > 0 &&
		value["files"].every(
			(each) =>
				isPlain(each) &&
				plainName(each["file"]) &&
				strings(each, ["repo", "commit"]) &&
				Number.isSafeInteger(each["size"]) &&
				hex(each["sha256"], 64),
		)
	);
}
