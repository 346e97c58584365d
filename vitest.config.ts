import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { defineConfig } from "vitest/config";

// Tests keep nothing in the user's cache, and find nothing there.
const cache = mkdtempSync(join(tmpdir(), "alfa-test-cache-"));

export default defineConfig({
	test: {
		include: ["test/**/*.test.ts"],
		// Each file runs in a process of its own, as a user's program does: the addon's life cycle is part of what is tested.
		pool: "forks",
		maxWorkers: 2,
		env: { ALFA_CACHE: cache },
		testTimeout: 60_000,
		hookTimeout: 120_000,
	},
});
