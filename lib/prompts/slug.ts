/** A class's name as a part of a file name: [a-z0-9-] only, never empty, no path and no hidden file whatever the name. */
export function slugOf(name: string): string {
	const slug = name
		.normalize("NFKD")
		.replace(/\p{M}/gu, "")
		.toLowerCase()
		.replace(/[^a-z0-9]+/g, "-")
		.slice(0, 60)
		.replace(/^-+|-+$/g, "");
	return slug || "class";
}
