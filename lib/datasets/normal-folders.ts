// Which folder names mean normal images.
import { arrayOf, type Check, text } from "../options/validate.js";

const defaultNames = ["good", "ok", "normal"];

export const normalFoldersCheck: Check<string[]> = arrayOf(text, {
	min: 1,
	max: 256,
	what: "an array of folder names",
});

/** Whether a folder with this name contains normal images. */
export type IsNormal = (folder: string) => boolean;

/** Names are compared without regard to letter case. */
export function normalFolderTest(
	names: readonly string[] = defaultNames,
): IsNormal {
	const known = new Set(names.map(keyOf));
	return (folder) => known.has(keyOf(folder));
}

/** File systems can store one name with combined or with separate accents. */
function keyOf(name: string): string {
	return name.normalize("NFC").toLowerCase();
}
