import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll } from "vitest";
import { fixture } from "./paths.js";

const folders: string[] = [];

/** An empty folder that is removed after the test file. */
export function temporaryFolder(): string {
	const folder = mkdtempSync(join(tmpdir(), "alfa-test-"));
	folders.push(folder);
	return folder;
}

afterAll(() => {
	for (const folder of folders.splice(0))
		rmSync(folder, { recursive: true, force: true });
});

/** A copy of a fixture folder that a test may change. */
export function copyFixture(name: string): string {
	const folder = temporaryFolder();
	cpSync(fixture(name), folder, { recursive: true });
	return folder;
}

/**
 * Writes files into a new folder `name` inside a temporary folder, and returns its path. `files`
 * maps relative paths to contents, or lists paths that all get the same `content`.
 */
export function writeFolder(
	name: string,
	files: readonly string[] | Record<string, string | Uint8Array>,
	content: string | Uint8Array = "",
): string {
	const folder = join(temporaryFolder(), name);
	mkdirSync(folder);
	const entries = Array.isArray(files)
		? files.map((path: string) => [path, content] as const)
		: Object.entries(files);
	for (const [path, bytes] of entries) {
		mkdirSync(dirname(join(folder, path)), { recursive: true });
		writeFileSync(join(folder, path), bytes);
	}
	return folder;
}
