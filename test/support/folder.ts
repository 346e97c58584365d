// Folders that are gone after the test file that asked for them.
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll } from "vitest";
import { fixture } from "./paths.js";

const made: string[] = [];

export function temporaryFolder(): string {
	const folder = mkdtempSync(join(tmpdir(), "alfa-test-"));
	made.push(folder);
	return folder;
}

/** A copy of a tiny checkpoint, to be spoilt. */
export function copyOf(model: string): string {
	const folder = temporaryFolder();
	cpSync(fixture(model), folder, { recursive: true });
	return folder;
}

/** A folder `name` in a temporary one, with these files, all of the same content or each with its own. */
export function plant(
	name: string,
	files: readonly string[] | Record<string, string | Uint8Array>,
	content: string | Uint8Array = "",
): string {
	const root = join(temporaryFolder(), name);
	mkdirSync(root);
	for (const [path, bytes] of Array.isArray(files)
		? files.map((each: string) => [each, content] as const)
		: Object.entries(files)) {
		mkdirSync(dirname(join(root, path)), { recursive: true });
		writeFileSync(join(root, path), bytes);
	}
	return root;
}

afterAll(() => {
	for (const folder of made.splice(0))
		rmSync(folder, { recursive: true, force: true });
});
