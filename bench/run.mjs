// Measures the speed of this build on this machine.
//   npm run bench -- [SECTION...] [--model MODEL] [--runs N] [--detections N] [--json]
// SECTION: kernels, napi, detect, memory; default all.
// MODEL: 'demo', a model name, a checkpoint folder, or 'full-size', a ViT-B-16-plus-240 with random weights, which is
// written to the cache folder first.
// bench/peers/peers.mjs compares with other packages.
import { execFileSync, spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import {
	formatNumber,
	machineDescription,
	modelDescription,
	speedLines,
} from "../dist/bench/format.js";
import { fullSizeFolder, randomCheckpoint } from "./random-checkpoint.mjs";
import { measureRoundTrips } from "./round-trip.mjs";

const sections = { kernels, napi, detect, memory };
const {
	positionals,
	values: { model: modelOption, runs, detections, json },
} = parseArgs({
	allowPositionals: true,
	options: {
		model: { type: "string", default: "demo" },
		runs: { type: "string", default: "50" },
		detections: { type: "string", default: "2000" },
		json: { type: "boolean" },
	},
});
for (const name of positionals) {
	if (name in sections) continue;
	const names = Object.keys(sections).join(", ");
	throw new Error(`There is no section '${name}'. Sections are ${names}.`);
}
for (const [name, value] of Object.entries({ runs, detections })) {
	if (!/^[1-9]\d*$/.test(value))
		throw new Error(`--${name} must be a whole number above 0, not '${value}'`);
}
const model =
	modelOption === "full-size"
		? randomCheckpoint(fullSizeFolder())
		: modelOption;

const results = {
	machine: machineDescription(),
	date: new Date().toISOString().slice(0, 10),
	model: modelOption,
};
print(`${results.machine}, ${results.date}`);
const selected = positionals.length > 0 ? positionals : Object.keys(sections);
for (const name of selected) {
	print(`\n== ${name}`);
	results[name] = await sections[name]();
}
if (json) console.log(JSON.stringify(results, null, 2));

/** Checks every kernel against its float64 reference, and times it. */
function kernels() {
	const suffix = process.platform === "win32" ? ".exe" : "";
	const program = fileURLToPath(
		new URL(`../build/developer/Release/alfa-check${suffix}`, import.meta.url),
	);
	const { status, stdout, error } = spawnSync(
		program,
		["--bench", ...(json ? ["--json"] : [])],
		{
			stdio: ["ignore", json ? "pipe" : "inherit", "inherit"],
			encoding: "utf8",
			maxBuffer: 1 << 26,
		},
	);
	if (status !== 0)
		throw error ?? new Error(`alfa-check exited with ${status}`);
	return json && JSON.parse(stdout);
}

/** The cost of a call into the addon that computes almost nothing. */
async function napi() {
	const calls = await measureRoundTrips();
	printCall("call", "calls/s", "+-%", "p50, us", "p99, us");
	for (const { call, perSecond, plusMinus, p50, p99 } of calls) {
		printCall(
			call,
			Math.round(perSecond).toLocaleString("en"),
			plusMinus.toFixed(1),
			formatNumber(p50),
			formatNumber(p99),
		);
	}
	return calls;
}

function printCall(call, perSecond, plusMinus, p50, p99) {
	const cells = [
		call.padEnd(50),
		perSecond.padStart(12),
		plusMinus.padStart(7),
		p50.padStart(10),
		p99.padStart(10),
	];
	print(cells.join(""));
}

/** The same as `alfa bench`. */
function detect() {
	const result = runScript(
		[],
		"../dist/cli/main.js",
		"bench",
		"--model",
		model,
		"--runs",
		runs,
		"--json",
	);
	const { info, recipe, scales } = result;
	print(
		`${modelDescription(info)}; recipe ${recipe}, scales ${scales.join(" and ")}\n`,
	);
	for (const line of speedLines(result)) print(line);
	return result;
}

function memory() {
	const result = runScript(["--expose-gc"], "./memory.mjs", model, detections);
	const before = `${result.before.toFixed(0)} MB`;
	const growth = `${result.growth.toFixed(1)} MB`;
	print(`${detections} detections: ${before} before, ${growth} more after`);
	return result;
}

/** Runs a script that prints JSON, in a process of its own, so that its first times are those of a new process. */
function runScript(nodeArguments, script, ...args) {
	const path = fileURLToPath(new URL(script, import.meta.url));
	const stdout = execFileSync(
		process.execPath,
		[...nodeArguments, path, ...args],
		{
			stdio: ["ignore", "pipe", json ? "ignore" : "inherit"],
			encoding: "utf8",
		},
	);
	return JSON.parse(stdout);
}

function print(line) {
	if (!json) console.log(line);
}
