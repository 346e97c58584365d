// Checks the form of every source file: formatters, linters, line length, and the arrows between files.
//   node tools/lint/lint.mjs            checks and prints what is wrong
//   node tools/lint/lint.mjs --fix      formats, and fixes what the linter can fix safely
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { trackedFiles } from "./files.mjs";

const root = fileURLToPath(new URL("../..", import.meta.url));
const bin = (name) => join(root, "tools/lint/node_modules/.bin", name);
const maxColumns = 120;
const tabColumns = 2;
const cppFiles = trackedFiles(/^(native|bindings)\/.*\.(h|cc|cu|cuh)$/);
const codeFiles = trackedFiles(
	/(\.(ts|mjs|jsonc|h|cc|cu|cuh|cmake|py|sh|css)|CMakeLists\.txt|\.ci\/run)$/,
);

if (process.argv.includes("--fix")) {
	run(bin("biome"), "check", "--write", ".");
	run(bin("clang-format"), "-i", ...cppFiles);
	process.exit();
}
const failed = Object.entries({
	Biome: () => run(bin("biome"), "check", "--error-on-warnings", "."),
	"clang-format": () =>
		run(bin("clang-format"), "--dry-run", "-Werror", ...cppFiles),
	"line length": checkLineLength,
	architecture: () => run(process.execPath, "tools/lint/architecture.mjs"),
})
	.filter(([, check]) => !check())
	.map(([name]) => name);
if (failed.length > 0) {
	console.error(
		`Failed: ${failed.join(", ")}. \`npm run format\` fixes formatting.`,
	);
	process.exit(1);
}
console.log(`${codeFiles.length} files are clean.`);

function run(command, ...args) {
	const { status, error } = spawnSync(command, args, {
		cwd: root,
		stdio: "inherit",
		shell: process.platform === "win32",
	});
	if (error) throw error;
	return status === 0;
}

function checkLineLength() {
	let ok = true;
	for (const file of codeFiles) {
		const lines = readFileSync(join(root, file), "utf8").split("\n");
		lines.forEach((line, index) => {
			const columns = [...line.replaceAll("\t", " ".repeat(tabColumns))].length;
			if (columns <= maxColumns) return;
			console.error(
				`${file}:${index + 1}: ${columns} columns, but at most ${maxColumns} are allowed`,
			);
			ok = false;
		});
	}
	return ok;
}
