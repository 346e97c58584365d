// What `npm run demo` and `npm test` do first: install and build whatever is missing or older than its sources, so that
// both work from a fresh clone. Needs Node, npm, CMake and a C++20 compiler.
import { spawnSync } from "node:child_process";
import { existsSync, statSync } from "node:fs";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));

function run(what, command, ...args) {
	process.stderr.write(`alfa-vad: ${what}\n`);
	const { status, error } = spawnSync(command, args, {
		cwd: root,
		stdio: ["ignore", 2, 2],
		shell: process.platform === "win32",
	});
	if (error)
		throw new Error(`${command} could not be started: ${error.message}`);
	if (status !== 0) {
		process.stderr.write(`alfa-vad: failed: ${command} ${args.join(" ")}\n`);
		process.exit(1);
	}
}

const installed = `${root}node_modules/.package-lock.json`;
const modified = (file) => statSync(file).mtimeMs;
if (
	!existsSync(installed) ||
	modified(installed) < modified(`${root}package-lock.json`)
)
	run("installing packages", "npm", "ci");
run("building", "npm", "run", "--silent", "build");
