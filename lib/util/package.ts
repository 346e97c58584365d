import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** The package's own folder, the parent of dist/. */
export const packageRoot = join(
	dirname(fileURLToPath(import.meta.url)),
	"..",
	"..",
);

/** The content of the package's own package.json. */
export function packageManifest(): { version: string; description: string } {
	return JSON.parse(readFileSync(join(packageRoot, "package.json"), "utf8"));
}
