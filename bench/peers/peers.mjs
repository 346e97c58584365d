// Compares a detection with the same work in other packages.
//   node bench/peers/peers.mjs [--model MODEL] [--python PYTHON] [--runs N] [--threads N] [--json]
// MODEL: as for bench/run.mjs, but a folder must be in open_clip's layout.
// PYTHON: an interpreter with bench/peers/requirements.txt.
// Each package runs in a process of its own. They take turns, and alfa-vad has a turn between any two others, so that a
// machine that becomes slower does so for all. A package that does not start is skipped, with the reason.
import { execFileSync, spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import {
	formatNumber,
	machineDescription,
	modelDescription,
} from "../../dist/bench/format.js";
import { randomImage } from "../../dist/bench/measure.js";
import { percentiles } from "../../dist/bench/percentiles.js";
import { Engine } from "../../dist/index.js";
import { fullSizeFolder, randomCheckpoint } from "../random-checkpoint.mjs";

const {
	values: { model: modelOption, python, runs, threads, json },
} = parseArgs({
	options: {
		model: { type: "string", default: "demo" },
		python: { type: "string", default: "python3" },
		runs: { type: "string", default: "5" },
		threads: { type: "string", default: "2" },
		json: { type: "boolean" },
	},
});
// Milliseconds after which threads that wait for work no longer use the CPU.
const settleTime = 150;
const environment = {
	...process.env,
	PYTHONDONTWRITEBYTECODE: "1",
	PYTHONWARNINGS: "ignore",
	OMP_NUM_THREADS: threads,
};

const { directory, imageSize } = await describeModel();
const folder = mkdtempSync(join(tmpdir(), "alfa-peers-"));
const processes = [];
try {
	const results = await compare();
	if (json) {
		const report = {
			machine: machineDescription(),
			load: loadavg()[0],
			model: modelOption,
			threads: Number(threads),
			results,
		};
		console.log(JSON.stringify(report, null, 2));
	}
} finally {
	for (const child of processes) child.kill();
	rmSync(folder, { recursive: true });
}

/** Prints the heading. Returns the model's folder and image size. */
async function describeModel() {
	const model =
		modelOption === "full-size"
			? randomCheckpoint(fullSizeFolder())
			: modelOption;
	const engine = await Engine.open({
		model,
		precision: "fp32",
		threads: Number(threads),
	});
	const date = new Date().toISOString().slice(0, 10);
	print(`${machineDescription()}, ${date}, load ${loadavg()[0].toFixed(1)}`);
	print(
		`${modelDescription(engine.info)}; windows of 2 and 3 patches, ${runs} runs, ms\n`,
	);
	await engine.close();
	return engine.info;
}

async function compare() {
	const image = join(folder, "image.rgb");
	writeFileSync(image, randomImage(imageSize).data);
	const job = [image, imageSize, threads].map(String);
	const node = process.execPath;
	const ours = [script("ours.mjs"), directory, ...job];
	const reference = await start("alfa-vad, the whole detection", node, [
		...ours,
		"fp32",
	]);
	const peers = await startAvailable({
		"alfa-vad, int8": () => [node, ...ours, "int8"],
		"anomalib's WinCLIP": () => [
			python,
			script("winclip_anomalib.py"),
			directory,
			...job,
		],
		"open_clip, windows in PyTorch": () => [
			python,
			script("open_clip_windows.py"),
			directory,
			...job,
		],
		"onnxruntime-node, the same graph": () => [
			node,
			script("onnxruntime_node.mjs"),
			exportGraph(),
			...job,
			join(directory, "open_clip_config.json"),
		],
	});
	const ratios = await takeTurns(reference, peers);
	printRow(
		"",
		["p50", "best", "ratio", "CPU", "peak MB", "windows"],
		"difference",
	);
	return [
		report(reference, reference, 1),
		...peers.map((peer, i) => report(peer, reference, ratios[i])),
	];
}

/** Starts those peers that can run here. From each name to a function that returns its command. */
async function startAvailable(commands) {
	const peers = [];
	for (const [name, command] of Object.entries(commands)) {
		try {
			const [program, ...args] = command();
			peers.push(await start(name, program, args));
		} catch (error) {
			print(`${name}: skipped, ${error.message}`);
		}
	}
	return peers;
}

/** For each peer: the median of its time, divided by the mean of the reference just before and just after. */
async function takeTurns(reference, peers) {
	for (const peer of [reference, ...peers]) {
		await turn(peer); // warm-up
		Object.assign(peer, { ms: [], cpu: [] });
	}
	const ratios = peers.map(() => []);
	let before = await turn(reference);
	for (let run = 0; run < Number(runs); run++) {
		for (const [i, peer] of peers.entries()) {
			const time = await turn(peer);
			const after = await turn(reference);
			ratios[i].push((2 * time) / (before + after));
			before = after;
		}
	}
	return ratios.map((values) => percentiles(values).p50);
}

/**
 * Prints a row and returns it as an object. `cpu` is the median over all threads together. `apart` is the largest
 * difference between the mean embeddings of this peer and of the reference.
 */
function report(peer, reference, ratio) {
	const { name, peak, versions, windows } = peer;
	const p50 = percentiles(peer.ms).p50;
	const best = Math.min(...peer.ms);
	const cpu = percentiles(peer.cpu).p50;
	const differences = peer.sample.map((value, i) =>
		Math.abs(value - reference.sample[i]),
	);
	const apart = Math.max(...differences);
	printRow(
		name,
		[
			formatNumber(p50),
			formatNumber(best),
			ratio.toFixed(2),
			formatNumber(cpu),
			peak.toFixed(0),
			String(windows),
		],
		`${apart.toExponential(0)}   ${versions}`,
	);
	return { name, versions, p50, best, ratio, cpu, peak, windows, apart };
}

function printRow(name, cells, rest) {
	const columns = cells.map((cell) => cell.padStart(10)).join("");
	print(`${name.padEnd(34)}${columns}   ${rest}`);
}

function exportGraph() {
	const file = join(folder, "windows.onnx");
	try {
		execFileSync(
			python,
			[script("export_windows.py"), directory, String(imageSize), file],
			{ stdio: ["ignore", "ignore", "pipe"], env: environment },
		);
	} catch (error) {
		const reason =
			error.code === "ENOENT"
				? `${python} was not found`
				: lastLine(String(error.stderr));
		throw new Error(`the graph could not be exported: ${reason}`);
	}
	return file;
}

/** Starts a peer and waits for its first line (bench/peers/turns.mjs). */
async function start(name, program, args) {
	const child = spawn(program, args, {
		stdio: ["pipe", "pipe", "pipe"],
		env: environment,
	});
	processes.push(child);
	let stderr = "";
	child.stderr.setEncoding("utf8").on("data", (text) => {
		stderr = (stderr + text).slice(-4000);
	});
	// After a peer has ended, writing to it fails. `failed` reports the reason.
	child.stdin.on("error", () => {});
	const failed = new Promise((_, reject) => {
		child.once("error", (error) => {
			const notFound = error.code === "ENOENT";
			reject(notFound ? new Error(`${program} was not found`) : error);
		});
		child.once("close", (code) =>
			reject(new Error(`it ended with code ${code}: ${lastLine(stderr)}`)),
		);
	});
	failed.catch(() => {});
	const lines = createInterface({ input: child.stdout })[
		Symbol.asyncIterator
	]();
	const readLine = async () => {
		const { done, value } = await lines.next();
		return done ? failed : value;
	};
	const answer = async () =>
		JSON.parse(await Promise.race([failed, readLine()]));
	return { name, child, answer, ms: [], cpu: [], ...(await answer()) };
}

async function turn(peer) {
	await sleep(settleTime);
	peer.child.stdin.write("go\n");
	const { ms, cpu, peak } = await peer.answer();
	peer.ms.push(ms);
	peer.cpu.push(cpu);
	peer.peak = peak;
	return ms;
}

function script(name) {
	return fileURLToPath(new URL(name, import.meta.url));
}

function lastLine(text) {
	return text.trim().split("\n").at(-1) || "no message";
}

function print(line) {
	if (!json) console.log(line);
}
