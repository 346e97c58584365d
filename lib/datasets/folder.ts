// One folder of a dataset: the pictures, folders and other files in it, each by code unit.
import type { Dirent } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import { basename, extname, join } from "node:path";
import { AlfaError } from "../errors.js";

export interface Picture {
	/** Path below the dataset's root, with '/'. */
	readonly id: string;
	readonly file: string;
	/** The name without its extension. */
	readonly stem: string;
}

export interface Folder {
	/** Path below the dataset's root, with '/'; empty for the root. */
	readonly id: string;
	readonly path: string;
	readonly name: string;
	readonly folders: readonly string[];
	readonly pictures: readonly Picture[];
	/** Names of what is neither: other files, pipes, links that lead nowhere. */
	readonly others: readonly string[];
}

export const isPicture = (name: string) =>
	/\.(jpe?g|png|webp|tiff?|gif|avif|bmp)$/i.test(name);

const hidden = /^(\..*|__MACOSX|(eh)?thumbs\.db|desktop\.ini|lost\+found)$/is;
const paperwork = /^(readme|licen[cs]e|copying|citation)\b/i; // what lies beside the pictures of every published dataset

/** Throws ERR_ALFA_DATASET where it cannot be read: a category passed over in silence would change every mean. */
export async function openFolder(path: string, id = ""): Promise<Folder> {
	const folders: string[] = [],
		pictures: Picture[] = [],
		others: string[] = [];
	for (const entry of await entriesIn(path)) {
		const { name } = entry;
		if (hidden.test(name)) continue;
		const file = join(path, name);
		const found =
			entry.isFile() || entry.isDirectory()
				? entry
				: await stat(file).catch(() => undefined); // links count as what they lead to
		if (found?.isDirectory()) folders.push(name);
		else if (found?.isFile() && isPicture(name))
			pictures.push({
				id: below(id, name),
				file,
				stem: basename(name, extname(name)),
			});
		else if (!found?.isFile() || !paperwork.test(name)) others.push(name);
	}
	return { id, path, name: basename(path) || path, folders, pictures, others };
}

/** A folder some levels further in, or undefined where there is none. */
export async function enter(
	folder: Folder | undefined,
	...names: readonly string[]
): Promise<Folder | undefined> {
	for (const name of names) {
		if (!folder?.folders.includes(name)) return undefined;
		folder = await openFolder(join(folder.path, name), below(folder.id, name));
	}
	return folder;
}

export const below = (id: string, name: string) =>
	id ? `${id}/${name}` : name;

async function entriesIn(path: string): Promise<Dirent[]> {
	try {
		return (await readdir(path, { withFileTypes: true })).sort((a, b) =>
			a.name < b.name ? -1 : 1,
		);
	} catch (cause) {
		const code = (cause as NodeJS.ErrnoException).code;
		const why =
			code === "ENOENT"
				? "does not exist; check the path"
				: code === "ENOTDIR"
					? "is no folder; give the folder that holds the dataset"
					: `cannot be read (${code ?? (cause as Error).message}); its permissions must let this user list it, or move it out of the dataset`;
		throw new AlfaError("ERR_ALFA_DATASET", `${path} ${why}`, { cause });
	}
}
