// Installs packages and builds, so that every npm script works from a fresh clone.
//   node tools/build.mjs [TARGET...]     default: addon typescript
//   addon       build/Release/alfa.node and the library of ONNX Runtime
//   typescript  dist/
//   alfa-check, alfa-bench, alfa-check-emulated, alfa-check-sanitized
//               build/developer/Release/NAME, in a build folder of their own
//   lint-tools  the packages of tools/lint
// With the environment variable ALFA_WERROR=ON, a new build folder treats warnings in our own C++ sources as errors.
// What is up to date is not built again. Needs Node, npm, CMake and a C++20 compiler.
import { spawn, spawnSync } from "node:child_process";
import { existsSync, statSync } from "node:fs";
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const developerFolder = "build/developer";
const developerTargets = [
	"alfa-check",
	"alfa-bench",
	"alfa-check-emulated",
	"alfa-check-sanitized",
];
const targets = ["addon", "typescript", ...developerTargets, "lint-tools"];

const requested = process.argv.slice(2);
const unknown = requested.find((target) => !targets.includes(target));
if (unknown !== undefined)
	fail(`Unknown target "${unknown}". Expected one of ${targets.join(", ")}`);
if (requested.length === 0) requested.push("addon", "typescript");

if (!isInstalled("")) {
	await Promise.all([
		run("installing packages", "npm", "ci"),
		run(
			"downloading the headers of ONNX Runtime",
			process.execPath,
			"tools/onnxruntime.mjs",
			"include",
		),
	]);
}
if (requested.includes("addon")) {
	await run("building the addon", "npm", "run", "--silent", "build:native");
}
if (requested.includes("typescript")) {
	await run("building TypeScript", "npm", "run", "--silent", "build:ts");
}
const developer = developerTargets.filter((target) =>
	requested.includes(target),
);
if (developer.length > 0) await buildDeveloperTargets(developer);
if (requested.includes("lint-tools") && !isInstalled("tools/lint/")) {
	await run("installing lint tools", "npm", "ci", "--prefix", "tools/lint");
}

/** Whether the packages in `folder` are at least as new as its package-lock.json. */
function isInstalled(folder) {
	const installed = `${root}${folder}node_modules/.package-lock.json`;
	const modified = (file) => statSync(file).mtimeMs;
	return (
		existsSync(installed) &&
		modified(installed) >= modified(`${root}${folder}package-lock.json`)
	);
}

async function buildDeveloperTargets(names) {
	const generator =
		spawnSync("ninja", ["--version"]).status === 0 ? ["-G", "Ninja"] : [];
	await run(
		"configuring the developer build",
		"cmake",
		"-S",
		".",
		"-B",
		developerFolder,
		...(existsSync(`${root}${developerFolder}/CMakeCache.txt`)
			? []
			: generator),
		"-DALFA_DEVELOPER=ON",
	);
	await run(
		`building ${names.join(", ")}`,
		"cmake",
		"--build",
		developerFolder,
		"--config",
		"Release",
		"--parallel",
		String(availableParallelism()),
		"--target",
		...names,
	);
}

/** Runs a command whose output goes to standard error. Prints its time. Ends this process if the command fails. */
function run(what, command, ...args) {
	process.stderr.write(`alfa-vad: ${what}\n`);
	const start = performance.now();
	return new Promise((resolve) => {
		const child = spawn(command, args, {
			cwd: root,
			stdio: ["ignore", 2, 2],
			shell: process.platform === "win32",
		});
		child.on("error", (error) =>
			fail(`${command} could not be started: ${error.message}`),
		);
		child.on("exit", (status) => {
			if (status !== 0) fail(`\`${command} ${args.join(" ")}\` failed`);
			const seconds = (performance.now() - start) / 1000;
			process.stderr.write(`alfa-vad: ${what}: ${seconds.toFixed(1)} s\n`);
			resolve();
		});
	});
}

function fail(message) {
	process.stderr.write(`alfa-vad: ${message}\n`);
	process.exit(1);
}
