// onnxruntime-node driving a graph of the same work from JavaScript: onnxruntime_node.mjs GRAPH PICTURE SIZE THREADS CONFIG.
// The graph is export_windows.py's. Embeddings only: what follows them is left out in its favour.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { serve } from "./turns.mjs";

const [graph, picture, side, threads, config] = process.argv.slice(2);
const size = Number(side);
const { mean, std } = JSON.parse(readFileSync(config, "utf8")).preprocess_cfg;
const bytes = readFileSync(picture);
const session = await InferenceSession.create(graph, {
	intraOpNumThreads: Number(threads),
});
const { version } = createRequire(import.meta.url)(
	"onnxruntime-node/package.json",
);

async function detect() {
	const pixels = new Float32Array(3 * size * size);
	for (let c = 0, at = 0; c < 3; c++)
		for (let i = c; i < bytes.length; i += 3)
			pixels[at++] = (bytes[i] / 255 - mean[c]) / std[c];
	return (
		await session.run({
			pixels: new Tensor("float32", pixels, [1, 3, size, size]),
		})
	).embeddings;
}

const { data, dims } = await detect();
await serve(
	`onnxruntime-node ${version}, Node ${process.versions.node}`,
	data,
	dims[1],
	detect,
);
