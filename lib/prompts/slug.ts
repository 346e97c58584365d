const maxLength = 60;

/**
 * A name as part of a file name. It consists of [a-z0-9-], is never empty, and is neither a path
 * nor a hidden file, whatever the name is.
 */
export function slugOf(name: string): string {
	const slug = name
		.normalize("NFKD")
		.replace(/\p{M}/gu, "")
		.toLowerCase()
		.replace(/[^a-z0-9]+/g, "-")
		.slice(0, maxLength)
		.replace(/^-+|-+$/g, "");
	return slug || "class";
}
