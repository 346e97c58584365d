// What lies in a folder of pictures.
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { AlfaError } from "../errors.js";
import { isPicture } from "../datasets/folder.js";

/** Paths of the pictures inside, by name. Rejects with ERR_ALFA_IMAGE where there is no such folder. */
export async function picturesIn(path: string): Promise<string[]> {
	const found = await stat(path).catch(() => undefined);
	if (!found?.isDirectory())
		throw new AlfaError(
			"ERR_ALFA_IMAGE",
			`${path} is no folder; give the folder that holds the pictures`,
		);
	const names = (await readdir(path)).filter(isPicture).sort();
	return names.map((name) => join(path, name));
}
