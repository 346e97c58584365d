// Measures which share of a forward in fp32 the matmuls take.
//   node bench/matmul.mjs [--model MODEL] [--runs N] [--threads N] [--json]
// MODEL: a folder in open_clip's layout, or 'full-size' (default; see bench/run.mjs).
// The matmuls run as a graph of their own, by onnxruntime-node in this process, so in the same library. They alternate
// with the engine's forward. The ratio divides their time by the mean of the forwards just before and just after.
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import {
	formatNumber,
	machineDescription,
	modelDescription,
} from "../dist/bench/format.js";
import { randomImage } from "../dist/bench/measure.js";
import { percentiles } from "../dist/bench/percentiles.js";
import { Engine } from "../dist/index.js";
import { countOperations, listMatmuls, writeGraph } from "./matmul-graph.mjs";
import { loadOnnxRuntimeNode } from "./onnxruntime-node.mjs";
import { fullSizeFolder, randomCheckpoint } from "./random-checkpoint.mjs";

const {
	values: { model: modelOption, runs, threads, json },
} = parseArgs({
	options: {
		model: { type: "string", default: "full-size" },
		runs: { type: "string", default: "7" },
		threads: { type: "string", default: "2" },
		json: { type: "boolean" },
	},
});
const scales = [2, 3];
const targetRatio = 0.85;
// Milliseconds after which threads that wait for work no longer use the CPU.
const settleTime = 150;

const { InferenceSession, Tensor } = await loadOnnxRuntimeNode();
const engine = await Engine.open({
	model:
		modelOption === "full-size"
			? randomCheckpoint(fullSizeFolder())
			: modelOption,
	precision: "fp32",
	threads: Number(threads),
});
const category = await engine.category("object", {
	scales,
	prompts: "templates",
});
const image = randomImage(engine.info.imageSize);
const groups = listMatmuls(readShapes(engine.info));
const runMatmuls = await openSession(groups);
const result = await measure();
await engine.close();
report(result);

async function measure() {
	const ratios = [];
	const cpuRatios = [];
	const forwards = [];
	const matmuls = [];
	await time(detect); // warm-up
	await time(runMatmuls);
	let before = await time(detect);
	for (let run = 0; run < Number(runs); run++) {
		const matmul = await time(runMatmuls);
		const after = await time(detect);
		ratios.push((2 * matmul.ms) / (before.ms + after.ms));
		cpuRatios.push((2 * matmul.cpu) / (before.cpu + after.cpu));
		matmuls.push(matmul.ms);
		forwards.push(after.ms);
		before = after;
	}
	return {
		ratio: percentiles(ratios).p50,
		lowest: Math.min(...ratios),
		highest: Math.max(...ratios),
		cpuRatio: percentiles(cpuRatios).p50,
		forward: percentiles(forwards).p50,
		products: percentiles(matmuls).p50,
		tflop: countOperations(groups) / 1e12,
	};
}

function report(values) {
	const load = loadavg()[0];
	if (json) {
		console.log(
			JSON.stringify({ machine: machineDescription(), load, ...values }),
		);
		return;
	}
	const { ratio, lowest, highest, cpuRatio, forward, products, tflop } = values;
	const gflops = (1e6 * tflop) / products;
	console.log(`${machineDescription()}, load ${load.toFixed(1)}`);
	console.log(
		`${modelDescription(engine.info)}; windows of ${scales.join(" and ")} patches, ${runs} runs, medians`,
	);
	console.log(
		`matmuls alone ${formatNumber(products)} ms (${gflops.toFixed(0)} GFLOP/s), forward ${formatNumber(forward)} ms`,
	);
	console.log(
		`ratio ${ratio.toFixed(3)} (${lowest.toFixed(3)} to ${highest.toFixed(3)}), ` +
			`of CPU time ${cpuRatio.toFixed(3)}; target ${targetRatio}`,
	);
}

/** The sizes that decide the shapes of the matmuls, for one image with its windows. */
function readShapes({ directory, grid, embedDim }) {
	const config = join(directory, "open_clip_config.json");
	const { vision_cfg: vision } = JSON.parse(
		readFileSync(config, "utf8"),
	).model_cfg;
	const { width, layers, patch_size: patch, mlp_ratio: mlpRatio = 4 } = vision;
	const rows = grid ** 2 + 1;
	let packed = rows;
	let segments = 1;
	for (const scale of scales) {
		const windows = (grid - scale + 1) ** 2;
		packed += windows * (scale ** 2 + 1);
		segments += windows;
	}
	const mlp = Math.round(width * mlpRatio);
	return { patch, width, mlp, layers, embedDim, rows, packed, segments };
}

/** Loads the matmuls as a session. Returns a function that runs them once. */
async function openSession(groups) {
	const folder = mkdtempSync(join(tmpdir(), "alfa-matmul-"));
	try {
		const { file, inputs, last } = writeGraph(folder, groups);
		const session = await InferenceSession.create(file, {
			intraOpNumThreads: Number(threads),
			interOpNumThreads: 1,
			extra: { session: { force_spinning_stop: "1" } },
		});
		const feeds = {};
		for (const { name, shape } of inputs) {
			const values = Float32Array.from(
				{ length: shape[0] * shape[1] },
				(_, i) => Math.sin(i),
			);
			feeds[name] = new Tensor("float32", values, shape);
		}
		return () => session.run(feeds, [last]);
	} finally {
		rmSync(folder, { recursive: true });
	}
}

async function detect() {
	const { timings } = await category.detect(image);
	return timings.forward;
}

/**
 * Milliseconds of wall time, and of CPU time over all threads, which other programs disturb less. If `work` returns a
 * number, that is the wall time.
 */
async function time(work) {
	await sleep(settleTime);
	const start = performance.now();
	const cpuStart = process.cpuUsage();
	const value = await work();
	const { user, system } = process.cpuUsage(cpuStart);
	return {
		ms: typeof value === "number" ? value : performance.now() - start,
		cpu: (user + system) / 1000,
	};
}
