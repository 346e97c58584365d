import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { defineConfig } from "vitest/config";

// Tests do not read or write the user's cache.
const cache = mkdtempSync(join(tmpdir(), "alfa-test-cache-"));

export default defineConfig({
	test: {
		include: ["test/**/*.test.ts"],
		// Each file runs in its own process, like a user's program, because the addon's life cycle is tested too.
		pool: "forks",
		maxWorkers: 2,
		env: { ALFA_CACHE: cache },
		testTimeout: 60_000,
		hookTimeout: 120_000,
	},
});
