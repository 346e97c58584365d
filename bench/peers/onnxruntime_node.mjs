// A graph of the same work, run by onnxruntime-node. It computes embeddings only, no map and no score, so it has less
// to do.
//   node onnxruntime_node.mjs GRAPH IMAGE SIZE THREADS CONFIG
// GRAPH comes from export_windows.py. IMAGE: a file with SIZE x SIZE RGB pixels.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { loadOnnxRuntimeNode } from "../onnxruntime-node.mjs";
import { serve } from "./turns.mjs";

const [graph, file, side, threads, configFile] = process.argv.slice(2);
const size = Number(side);
const config = JSON.parse(readFileSync(configFile, "utf8"));
const { mean, std } = config.preprocess_cfg;
const bytes = readFileSync(file);
const { InferenceSession, Tensor } = await loadOnnxRuntimeNode();
const session = await InferenceSession.create(graph, {
	intraOpNumThreads: Number(threads),
});
const require = createRequire(import.meta.url);
const { version } = require("onnxruntime-node/package.json");

const { data, dims } = await detect();
await serve(
	`onnxruntime-node ${version}, Node ${process.versions.node}`,
	data,
	dims[1],
	detect,
);

async function detect() {
	const channelSize = size * size;
	const pixels = new Float32Array(3 * channelSize);
	for (let i = 0; i < channelSize; i++) {
		for (let c = 0; c < 3; c++) {
			const value = bytes[3 * i + c] / 255;
			pixels[c * channelSize + i] = (value - mean[c]) / std[c];
		}
	}
	const input = new Tensor("float32", pixels, [1, 3, size, size]);
	const { embeddings } = await session.run({ pixels: input });
	return embeddings;
}
