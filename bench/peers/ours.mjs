// The complete detection of alfa-vad, with the recipe `alfa`.
//   node ours.mjs MODEL IMAGE SIZE THREADS PRECISION      IMAGE: a file with SIZE x SIZE RGB pixels
import { readFileSync } from "node:fs";
import { Engine } from "../../dist/index.js";
import { loadAddon } from "../../dist/native/addon.js";
import { findCpuRuntime } from "../../dist/onnxruntime/cpu-runtime.js";
import { serve } from "./turns.mjs";

const [model, file, side, threads, precision] = process.argv.slice(2);
const image = {
	data: new Uint8Array(readFileSync(file)),
	width: Number(side),
	height: Number(side),
	channels: 3,
};

const rows = await embedWindows();
const engine = await Engine.open({
	model,
	precision,
	threads: Number(threads),
});
const category = await engine.category("object");
await category.detect(image);
const { embedDim, ortVersion } = engine.info;
await serve(
	`alfa-vad, ${precision}, ONNX Runtime ${ortVersion}, Node ${process.versions.node}`,
	rows,
	embedDim,
	() => category.detect(image),
);
await engine.close();

/** The embeddings of the image and its windows. The public API does not return them, so the addon is called. */
async function embedWindows() {
	const addon = loadAddon();
	const handle = await addon.openEngine({
		directory: model,
		runtime: findCpuRuntime(),
		precision,
		threads: Number(threads),
		maxBatch: 1,
		queue: 1,
	});
	const { embedding } = await addon.embedWindows(
		handle,
		image,
		"squash",
		[2, 3],
	);
	await addon.closeEngine(handle);
	return embedding;
}
