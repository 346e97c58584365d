// How much of a forward in fp32 is its matrix products: `node bench/matmul.mjs [--model MODEL] [--runs N] [--threads N]`, MODEL as for
// bench/run.mjs but in open_clip's layout. The products alone, by onnxruntime-node in the same process (hence by the same
// library), and the engine's forward take turns; the ratio is of the products' time to the forward's just before and after.
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { parseArgs } from "node:util";
import {
	formatNumber,
	machineDescription,
	modelDescription,
} from "../dist/bench/format.js";
import { randomImage } from "../dist/bench/measure.js";
import { percentiles } from "../dist/bench/percentiles.js";
import { Engine } from "../dist/index.js";
import { operations, products, writeProducts } from "./products-graph.mjs";
import { fullSizeFolder, randomCheckpoint } from "./random-checkpoint.mjs";

const {
	values: { model: asked, runs, threads, json },
} = parseArgs({
	options: {
		model: { type: "string", default: "full-size" },
		runs: { type: "string", default: "7" },
		threads: { type: "string", default: "2" },
		json: { type: "boolean" },
	},
});
const scales = [2, 3];
const settled = 150; // ms in which threads that spin for more work go to sleep
const engine = await Engine.open({
	model: asked === "full-size" ? randomCheckpoint(fullSizeFolder()) : asked,
	precision: "fp32",
	threads: Number(threads),
});
const category = await engine.category("object", {
	scales,
	prompts: "templates",
});
const image = randomImage(engine.info.imageSize);
const groups = products(shapes(engine.info));
const session = await open(groups);

const ratios = { ms: [], cpu: [] },
	forward = [],
	alone = [];
await turn(detect);
await turn(session);
let before = await turn(detect);
for (let run = 0; run < Number(runs); run++) {
	const time = await turn(session),
		after = await turn(detect);
	for (const clock of ["ms", "cpu"])
		ratios[clock].push((2 * time[clock]) / (before[clock] + after[clock]));
	alone.push(time.ms);
	forward.push(after.ms);
	before = after;
}
await engine.close();

const found = {
	ratio: percentiles(ratios.ms).p50,
	lowest: Math.min(...ratios.ms),
	highest: Math.max(...ratios.ms),
	cpuRatio: percentiles(ratios.cpu).p50,
	forward: percentiles(forward).p50,
	products: percentiles(alone).p50,
	tflop: operations(groups) / 1e12,
};
if (json) {
	console.log(
		JSON.stringify({
			machine: machineDescription(),
			load: loadavg()[0],
			...found,
		}),
	);
} else {
	console.log(
		`${machineDescription()}, load ${loadavg()[0].toFixed(1)}\n${modelDescription(engine.info)}; windows of ${scales.join(" and ")} patches, ${runs} runs, medians`,
	);
	console.log(
		`products alone ${formatNumber(found.products)} ms (${((1e3 * found.tflop) / (found.products / 1e3)).toFixed(0)} GFLOP/s), forward ${formatNumber(found.forward)} ms: ratio ${found.ratio.toFixed(3)} (${found.lowest.toFixed(3)} to ${found.highest.toFixed(3)}), of processor time ${found.cpuRatio.toFixed(3)}; aim: 0.85`,
	);
}

function shapes({ directory, grid, embedDim }) {
	const {
		vision_cfg: { width, layers, patch_size: patch, mlp_ratio: ratio = 4 },
	} = JSON.parse(
		readFileSync(join(directory, "open_clip_config.json"), "utf8"),
	).model_cfg;
	const rows = grid ** 2 + 1;
	const windows = scales.map((scale) => (grid - scale + 1) ** 2);
	const packed = windows.reduce(
		(sum, count, i) => sum + count * (scales[i] ** 2 + 1),
		rows,
	);
	return {
		patch,
		width,
		mlp: Math.round(width * ratio),
		layers,
		embedDim,
		rows,
		packed,
		segments: windows.reduce((sum, count) => sum + count, 1),
	};
}

async function open(groups) {
	const folder = mkdtempSync(join(tmpdir(), "alfa-products-"));
	try {
		const { file, inputs, last } = writeProducts(folder, groups);
		const session = await InferenceSession.create(file, {
			intraOpNumThreads: Number(threads),
			interOpNumThreads: 1,
			extra: { session: { force_spinning_stop: "1" } },
		});
		const feeds = Object.fromEntries(
			inputs.map(({ name, shape }) => [
				name,
				new Tensor(
					"float32",
					Float32Array.from({ length: shape[0] * shape[1] }, (_, i) =>
						Math.sin(i),
					),
					shape,
				),
			]),
		);
		return () => session.run(feeds, [last]);
	} finally {
		rmSync(folder, { recursive: true });
	}
}

async function detect() {
	return (await category.detect(image)).timings.forward;
}

/** ms, and the processor time of all threads, which other work on the machine disturbs less. */
async function turn(work) {
	await pause(settled);
	const start = performance.now(),
		used = process.cpuUsage(),
		forward = await work(),
		{ user, system } = process.cpuUsage(used);
	return {
		ms: typeof forward === "number" ? forward : performance.now() - start,
		cpu: (user + system) / 1000,
	};
}
