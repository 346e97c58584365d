import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** The files of the repository whose path matches, new files too, without those that git ignores. */
export function trackedFiles(pattern) {
	const output = execFileSync(
		"git",
		["ls-files", "--cached", "--others", "--exclude-standard"],
		{ cwd: root, encoding: "utf8", maxBuffer: 1 << 26 },
	);
	return output
		.split("\n")
		.filter((file) => pattern.test(file) && existsSync(`${root}/${file}`));
}
