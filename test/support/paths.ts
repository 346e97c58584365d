import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** The folder of the package, whatever folder the tests are started from. */
export const root = fileURLToPath(new URL("../..", import.meta.url));
/** The script of the command `alfa`. */
export const command = join(root, "dist", "cli", "main.js");
/** The URL from which a script in another process imports the package. */
export const builtPackage = new URL("../../dist/index.js", import.meta.url)
	.href;

/** The tiny CLIP checkpoints with random weights; test/fixtures/README.md describes them. */
export const tinyModels = [
	"tiny-open-clip-gelu",
	"tiny-open-clip-quickgelu",
	"tiny-hf-gelu",
	"tiny-hf-quickgelu",
	"tiny-open-clip-fp16",
	"tiny-hf-bf16",
] as const;
export type TinyModel = (typeof tinyModels)[number];

export const fixture = (name: string) => join(root, "test", "fixtures", name);
/** The checkpoint that most tests use. */
export const tinyModel = fixture("tiny-open-clip-gelu");

const sharedDataFolder =
	process.env["ALFA_SHARED_DATA"] ?? join(root, "..", "shared", "data");

/**
 * A file or folder of the data outside the repository. Skips the test, with a warning, if it is
 * missing.
 */
export function sharedData(
	name: string,
	skip: (note: string) => never,
): string {
	const path = join(sharedDataFolder, name);
	if (existsSync(path)) return path;
	return skipWithWarning(
		`the shared data has no ${name}: set ALFA_SHARED_DATA to the folder that contains it`,
		skip,
	);
}

/**
 * A file or folder of the package that a build step makes. Skips the test, with a warning, if it is
 * missing.
 */
export function packaged(name: string, skip: (note: string) => never): string {
	const path = join(root, name);
	return existsSync(path)
		? path
		: skipWithWarning(`${name} has not been built`, skip);
}

function skipWithWarning(note: string, skip: (note: string) => never): never {
	console.warn(`skipped: ${note}`);
	return skip(note);
}
