// Lists one folder of a dataset: its image files, subfolders and other files, sorted by name.
import type { Dirent } from "node:fs";
import { lstat, readdir, stat } from "node:fs/promises";
import { basename, extname, join } from "node:path";
import { AlfaError } from "../errors.js";

export interface ImageFile {
	/** Path below the dataset's root, with '/' as separator. */
	readonly id: string;
	/** Absolute path. */
	readonly file: string;
	/** The file name without its extension. */
	readonly stem: string;
}

export interface Folder {
	/** Path below the dataset's root, with '/' as separator. Empty for the root. */
	readonly id: string;
	/** Absolute path. */
	readonly path: string;
	readonly name: string;
	readonly folders: readonly string[];
	readonly images: readonly ImageFile[];
	/** Names of everything else: other files, pipes, broken links, and names that are not UTF-8. */
	readonly others: readonly string[];
}

export function isImageName(name: string): boolean {
	return /\.(jpe?g|png|webp|tiff?|gif|avif|bmp|p[bgp]m)$/i.test(name);
}

/** Files and folders of the operating system, such as .DS_Store, ._image.png, Thumbs.db and desktop.ini. */
export function isHiddenName(name: string): boolean {
	return /^(\..*|__MACOSX|(eh)?thumbs\.db|desktop\.ini|lost\+found)$/is.test(
		name,
	);
}

// Published datasets come with these files.
const documentNames = /^(readme|licen[cs]e|copying|citation)\b/i;

/**
 * Lists a folder. Throws ERR_ALFA_DATASET if the folder cannot be read: leaving out a category without an error would
 * change every mean.
 */
export async function openFolder(path: string, id = ""): Promise<Folder> {
	const folders: string[] = [];
	const images: ImageFile[] = [];
	const others: string[] = [];
	for (const entry of await sortedEntries(path)) {
		const { name } = entry;
		if (isHiddenName(name)) continue;
		const file = join(path, name);
		if (await isUndecodable(file)) {
			others.push(name);
			continue;
		}
		const target = await resolveLink(entry, file);
		if (target?.isDirectory()) folders.push(name);
		else if (target?.isFile() && isImageName(name)) {
			images.push({
				id: joinId(id, name),
				file,
				stem: basename(name, extname(name)),
			});
		} else if (!target?.isFile() || !documentNames.test(name)) {
			others.push(name);
		}
	}
	return { id, path, name: basename(path) || path, folders, images, others };
}

/** A subfolder, given by the names of the folders on the way to it. undefined if it does not exist. */
export async function openSubfolder(
	parent: Folder | undefined,
	...names: readonly string[]
): Promise<Folder | undefined> {
	let folder = parent;
	for (const name of names) {
		if (!folder?.folders.includes(name)) return undefined;
		folder = await openFolder(join(folder.path, name), joinId(folder.id, name));
	}
	return folder;
}

export function joinId(parent: string, name: string): string {
	return parent ? `${parent}/${name}` : name;
}

/** Node reads a name that is not UTF-8 with replacement characters. No file has the resulting path. */
export const hasReplacement = (name: string) => name.includes("\ufffd");

async function isUndecodable(file: string): Promise<boolean> {
	if (!hasReplacement(basename(file))) return false;
	return (await lstat(file).catch(() => undefined)) === undefined;
}

/** The entry itself, or the target of a link. undefined for a broken link. */
async function resolveLink(entry: Dirent, file: string) {
	if (entry.isFile() || entry.isDirectory()) return entry;
	return stat(file).catch(() => undefined);
}

async function sortedEntries(path: string): Promise<Dirent[]> {
	try {
		const entries = await readdir(path, { withFileTypes: true });
		return entries.sort((a, b) => (a.name < b.name ? -1 : 1));
	} catch (cause) {
		throw new AlfaError(
			"ERR_ALFA_DATASET",
			`${path} ${reasonOf(cause as NodeJS.ErrnoException)}`,
			{ cause },
		);
	}
}

function reasonOf({ code, message }: NodeJS.ErrnoException): string {
	if (code === "ENOENT") return "does not exist; check the path";
	if (code === "ENOTDIR")
		return "is not a folder; give the folder that contains the dataset";
	return `cannot be read (${code ?? message}); change its permissions, or move it out of the dataset`;
}
