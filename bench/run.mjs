// How fast this build is on this machine: `npm run bench -- [SECTION...] [--model MODEL] [--runs N] [--detections N] [--json]`.
// Sections, all where none is named: kernels, napi, detect, memory. MODEL is 'demo', a name, a checkpoint's folder, or
// 'full-size': a ViT-B-16-plus-240 of random weights, made in the cache folder. What others take for the same work:
// bench/peers/peers.mjs.
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
import { roundTrips } from "./round-trip.mjs";

const sections = { kernels, napi, detect, memory };
const {
	positionals,
	values: { model: asked, runs, detections, json },
} = parseArgs({
	allowPositionals: true,
	options: {
		model: { type: "string", default: "demo" },
		runs: { type: "string", default: "50" },
		detections: { type: "string", default: "2000" },
		json: { type: "boolean" },
	},
});
for (const name of positionals)
	if (!(name in sections))
		throw new Error(
			`There is no section '${name}'; there are ${Object.keys(sections).join(", ")}`,
		);
for (const [name, value] of Object.entries({ runs, detections }))
	if (!/^[1-9]\d*$/.test(value))
		throw new Error(`--${name} ${value} is no count`);
const model =
	asked === "full-size" ? randomCheckpoint(fullSizeFolder()) : asked;

const results = {
	machine: machineDescription(),
	date: new Date().toISOString().slice(0, 10),
	model: asked,
};
say(`${results.machine}, ${results.date}`);
for (const name of positionals.length > 0
	? positionals
	: Object.keys(sections)) {
	say(`\n== ${name}`);
	results[name] = await sections[name]();
}
if (json) console.log(JSON.stringify(results, null, 2));

/** Every kernel, checked against its float64 reference and timed. */
function kernels() {
	const program = fileURLToPath(
		new URL(
			`../build/Release/alfa-check${process.platform === "win32" ? ".exe" : ""}`,
			import.meta.url,
		),
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
	if (status !== 0) throw error ?? new Error(`alfa-check ended with ${status}`);
	return json && JSON.parse(stdout);
}

/** What a call into the addon and back costs with next to nothing to do. */
async function napi() {
	const calls = await roundTrips();
	say(
		`${"call".padEnd(50)}${"calls/s".padStart(12)}${"+-%".padStart(7)}${"p50, us".padStart(10)}${"p99, us".padStart(10)}`,
	);
	for (const { call, perSecond, plusMinus, p50, p99 } of calls) {
		say(
			`${call.padEnd(50)}${Math.round(perSecond).toLocaleString("en").padStart(12)}${plusMinus.toFixed(1).padStart(7)}${formatNumber(p50).padStart(10)}${formatNumber(p99).padStart(10)}`,
		);
	}
	return calls;
}

/** As `alfa bench`. */
function detect() {
	const found = child(
		[],
		"../dist/cli/main.js",
		"bench",
		"--model",
		model,
		"--runs",
		runs,
		"--json",
	);
	say(
		`${modelDescription(found.info)}; recipe ${found.recipe}, scales ${found.scales.join(" and ")}\n`,
	);
	for (const line of speedLines(found)) say(line);
	return found;
}

function memory() {
	const found = child(["--expose-gc"], "./memory.mjs", model, detections);
	say(
		`${detections} detections: ${found.before.toFixed(0)} MB held before, ${found.growth.toFixed(1)} MB more after`,
	);
	return found;
}

/** The JSON that a script says in a process of its own: first times are of a process that has done nothing else. */
function child(nodeArguments, script, ...args) {
	return JSON.parse(
		execFileSync(
			process.execPath,
			[
				...nodeArguments,
				fileURLToPath(new URL(script, import.meta.url)),
				...args,
			],
			{
				stdio: ["ignore", "pipe", json ? "ignore" : "inherit"],
				encoding: "utf8",
			},
		),
	);
}

function say(line) {
	if (!json) console.log(line);
}
