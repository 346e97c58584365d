// Where things are, whatever folder the tests are started from.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export const root = fileURLToPath(new URL("../..", import.meta.url));
export const command = join(root, "dist", "cli", "main.js");
export const builtPackage = new URL("../../dist/index.js", import.meta.url)
	.href;

export const models = [
	"tiny-open-clip-gelu",
	"tiny-open-clip-quickgelu",
	"tiny-hf-gelu",
	"tiny-hf-quickgelu",
	"tiny-open-clip-fp16",
	"tiny-hf-bf16",
] as const;
export type TinyModel = (typeof models)[number];

export const fixture = (name: string) => join(root, "test", "fixtures", name);
export const tiny = fixture("tiny-open-clip-gelu");

const shared =
	process.env["ALFA_SHARED_DATA"] ?? join(root, "..", "shared", "data");

/** A file or folder of the data that is no part of the repository; skips the test, saying so, where it is missing. */
export function sharedData(
	name: string,
	skip: (note: string) => never,
): string {
	const path = join(shared, name);
	return existsSync(path)
		? path
		: missing(
				`the shared data has no ${name}: set ALFA_SHARED_DATA to the folder that holds it`,
				skip,
			);
}

/** A file or folder of the package itself that another step makes. */
export function packaged(name: string, skip: (note: string) => never): string {
	const path = join(root, name);
	return existsSync(path) ? path : missing(`${name} is not made yet`, skip);
}

function missing(note: string, skip: (note: string) => never): never {
	console.warn(`skipped: ${note}`);
	return skip(note);
}
