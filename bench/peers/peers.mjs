// The same work by what one would take instead, side by side: `node bench/peers/peers.mjs [--model MODEL] [--python PYTHON]
// [--runs N] [--threads N] [--json]`. MODEL: as for bench/run.mjs, but a folder in open_clip's layout; PYTHON: one that has
// bench/peers/requirements.txt. Each runs in a process of its own, one turn at a time, ours between any two others', so that
// a machine that grows slower does so for all. A peer that does not start is skipped, and it is said why.
import { execFileSync, spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as pause } from "node:timers/promises";
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
	values: { model: asked, python, runs, threads, json },
} = parseArgs({
	options: {
		model: { type: "string", default: "demo" },
		python: { type: "string", default: "python3" },
		runs: { type: "string", default: "5" },
		threads: { type: "string", default: "2" },
		json: { type: "boolean" },
	},
});
const quiet = {
	...process.env,
	PYTHONDONTWRITEBYTECODE: "1",
	PYTHONWARNINGS: "ignore",
	OMP_NUM_THREADS: threads,
};
const settled = 150; // ms in which threads that spin for more work go to sleep
const script = (name) => fileURLToPath(new URL(name, import.meta.url));
const say = (line) => {
	if (!json) console.log(line);
};

const model =
	asked === "full-size" ? randomCheckpoint(fullSizeFolder()) : asked;
const engine = await Engine.open({
	model,
	precision: "fp32",
	threads: Number(threads),
});
const { directory, imageSize } = engine.info;
say(
	`${machineDescription()}, ${new Date().toISOString().slice(0, 10)}, load ${loadavg()[0].toFixed(1)}`,
);
say(
	`${modelDescription(engine.info)}; windows of 2 and 3 patches, ${runs} runs, ms\n`,
);
await engine.close();

const folder = mkdtempSync(join(tmpdir(), "alfa-peers-"));
const running = [];
try {
	const results = await compare();
	if (json)
		console.log(
			JSON.stringify(
				{
					machine: machineDescription(),
					load: loadavg()[0],
					model: asked,
					threads: Number(threads),
					results,
				},
				null,
				2,
			),
		);
} finally {
	for (const { child } of running) child.kill();
	rmSync(folder, { recursive: true });
}

async function compare() {
	const picture = join(folder, "picture.rgb");
	writeFileSync(picture, randomImage(imageSize).data);
	const job = [picture, imageSize, threads].map(String);
	const ours = await start("alfa-vad, the whole detection", process.execPath, [
		script("ours.mjs"),
		directory,
		...job,
		"fp32",
	]);
	const peers = [];
	for (const [name, begin] of [
		[
			"alfa-vad, int8",
			(name) =>
				start(name, process.execPath, [
					script("ours.mjs"),
					directory,
					...job,
					"int8",
				]),
		],
		[
			"anomalib's WinCLIP",
			(name) =>
				start(name, python, [script("winclip_anomalib.py"), directory, ...job]),
		],
		[
			"open_clip, windows in PyTorch",
			(name) =>
				start(name, python, [
					script("open_clip_windows.py"),
					directory,
					...job,
				]),
		],
		[
			"onnxruntime-node, the same graph",
			(name) =>
				start(name, process.execPath, [
					script("onnxruntime_node.mjs"),
					exported(),
					...job,
					join(directory, "open_clip_config.json"),
				]),
		],
	]) {
		try {
			peers.push(await begin(name));
		} catch (error) {
			say(`${name}: skipped, ${error.message}`);
		}
	}
	await turn(ours);
	for (const each of peers) await turn(each);
	for (const each of [ours, ...peers]) Object.assign(each, { ms: [], cpu: [] }); // the first turn was to warm up
	const ratios = peers.map(() => []);
	let before = await turn(ours);
	for (let run = 0; run < Number(runs); run++) {
		for (const [i, peer] of peers.entries()) {
			const theirs = await turn(peer),
				after = await turn(ours);
			ratios[i].push((2 * theirs) / (before + after));
			before = after;
		}
	}
	say(
		`${"".padEnd(34)}${["p50", "best", "as long", "CPU", "most MB", "windows"].map((each) => each.padStart(10)).join("")}   apart`,
	);
	return [ours, ...peers].map((each, i) =>
		report(each, ours, i === 0 ? 1 : percentiles(ratios[i - 1]).p50),
	);
}

/** As long: the median of the ratios to ours just before and after. CPU: of all its threads, the median. Apart: the embeddings' mean from ours, at most. */
function report(
	{ name, ms, cpu, peak, versions, windows, sample },
	ours,
	ratio,
) {
	const p50 = percentiles(ms).p50,
		best = Math.min(...ms),
		cpus = percentiles(cpu).p50;
	const apart = Math.max(
		...sample.map((value, i) => Math.abs(value - ours.sample[i])),
	);
	say(
		`${name.padEnd(34)}${[formatNumber(p50), formatNumber(best), ratio.toFixed(2), formatNumber(cpus), peak.toFixed(0), windows].map((each) => String(each).padStart(10)).join("")}   ${apart.toExponential(0)}   ${versions}`,
	);
	return { name, versions, p50, best, ratio, cpu: cpus, peak, windows, apart };
}

function exported() {
	const file = join(folder, "windows.onnx");
	try {
		execFileSync(
			python,
			[script("export_windows.py"), directory, String(imageSize), file],
			{ stdio: ["ignore", "ignore", "pipe"], env: quiet },
		);
	} catch (error) {
		throw new Error(
			`its graph cannot be exported (${reason(error.code === "ENOENT" ? `there is no ${python}` : String(error.stderr))})`,
		);
	}
	return file;
}

async function start(name, program, args) {
	const child = spawn(program, args, {
		stdio: ["pipe", "pipe", "pipe"],
		env: quiet,
	});
	running.push({ child });
	let stderr = "";
	child.stderr.setEncoding("utf8").on("data", (text) => {
		stderr = (stderr + text).slice(-4000);
	});
	child.stdin.on("error", () => {}); // it has ended: its answer tells
	const failed = new Promise((_, reject) => {
		child.once("error", (error) =>
			reject(
				new Error(
					error.code === "ENOENT" ? `there is no ${program}` : error.message,
				),
			),
		);
		child.once("close", (code) =>
			reject(new Error(`it ended with ${code}: ${reason(stderr)}`)),
		);
	});
	failed.catch(() => {});
	const lines = createInterface({ input: child.stdout })[
		Symbol.asyncIterator
	]();
	const answer = async () =>
		JSON.parse(
			await Promise.race([
				failed,
				lines.next().then(({ done, value }) => (done ? failed : value)),
			]),
		);
	return { name, child, answer, ms: [], cpu: [], ...(await answer()) };
}

async function turn(peer) {
	await pause(settled);
	peer.child.stdin.write("go\n");
	const { ms, cpu, peak } = await peer.answer();
	peer.ms.push(ms);
	peer.cpu.push(cpu);
	peer.peak = peak;
	return ms;
}

function reason(text) {
	return text.trim().split("\n").at(-1) || "it said nothing";
}
