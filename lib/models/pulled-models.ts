// The pulled models in the cache. Each model has a folder with manifest.json, and the files lie in
// a subfolder whose name is a hash of their hashes, so the content of a subfolder never changes.
// The manifest is written last.
import { createHash } from "node:crypto";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { cacheDirectory, findCacheDirectory } from "../cache/directory.js";
import * as manifests from "../download/manifest.js";
import { isPlain } from "../options/validate.js";
import { folderName } from "./known-models.js";

export interface PulledFile {
	file: string;
	/** The repository that the file came from. */
	repo: string;
	commit: string;
	/** Bytes. */
	size: number;
	sha256: string;
}

export interface ModelManifest {
	format: 1;
	name: string;
	repo: string;
	revision: string;
	commit: string;
	/** The name of the folder that holds the files. */
	version: string;
	files: PulledFile[];
}

export interface PulledModelFolder {
	manifest: ModelManifest;
	/** Where the files are. */
	directory: string;
	/** Files that are missing or have another size. */
	missing: string[];
}

export const modelFolder = (name: string) =>
	join(modelsDirectory(), folderName(name));

const modelsDirectory = () => join(cacheDirectory(), "models");

/** The name of the folder for files with these hashes. */
export const versionOf = (
	files: readonly (readonly [file: string, hash: string])[],
) =>
	createHash("sha256").update(JSON.stringify(files)).digest("hex").slice(0, 16);

/** The pulled model of that name, or undefined if there is no valid manifest of that name. */
export async function findPulledModel(
	name: string,
): Promise<PulledModelFolder | undefined> {
	if (findCacheDirectory() === undefined) return undefined;
	const found = await readModelFolder(modelFolder(name));
	return found?.manifest.name === name ? found : undefined;
}

export async function listPulledModels(): Promise<PulledModelFolder[]> {
	if (findCacheDirectory() === undefined) return [];
	const names = await readdir(modelsDirectory()).catch(() => [] as string[]);
	const models = await Promise.all(
		names.sort().map(async (name) => {
			const model = await readModelFolder(join(modelsDirectory(), name));
			const isOwner = model && folderName(model.manifest.name) === name;
			return isOwner ? [model] : [];
		}),
	);
	return models.flat();
}

export const writeManifest = (manifest: ModelManifest) =>
	manifests.writeManifest(modelFolder(manifest.name), manifest);

async function readModelFolder(
	folder: string,
): Promise<PulledModelFolder | undefined> {
	const manifest = await manifests.readManifest(folder, isManifest);
	if (!manifest) return undefined;
	const directory = join(folder, manifest.version);
	const missing = await manifests.findMissingFiles(directory, manifest.files);
	return { manifest, directory, missing };
}

/** The manifest may have been edited: a name with a path in it would lead out of the folder. */
function isManifest(value: unknown): value is ModelManifest {
	return (
		isPlain(value) &&
		value["format"] === 1 &&
		haveStrings(value, ["name", "repo", "revision", "commit"]) &&
		isHex(value["version"], 16) &&
		Array.isArray(value["files"]) &&
		value["files"].length > 0 &&
		value["files"].every(isManifestFile)
	);
}

const isManifestFile = (value: unknown) =>
	isPlain(value) &&
	isFileName(value["file"]) &&
	haveStrings(value, ["repo", "commit"]) &&
	Number.isSafeInteger(value["size"]) &&
	isHex(value["sha256"], 64);

const isFileName = (value: unknown) =>
	typeof value === "string" && /^[A-Za-z0-9][\w.-]*$/.test(value);

const isHex = (value: unknown, digits: number) =>
	typeof value === "string" &&
	value.length === digits &&
	/^[0-9a-f]+$/.test(value);

const haveStrings = (value: Record<string, unknown>, keys: readonly string[]) =>
	keys.every((key) => typeof value[key] === "string");
