// alfa-vad's whole detection (recipe alfa): ours.mjs MODEL PICTURE SIZE THREADS PRECISION.
import { readFileSync } from "node:fs";
import { Engine } from "../../dist/index.js";
import { loadAddon } from "../../dist/native/addon.js";
import { findCpuRuntime } from "../../dist/onnxruntime/cpu-runtime.js";
import { serve } from "./turns.mjs";

const [model, picture, side, threads, precision] = process.argv.slice(2);
const size = Number(side);
const image = {
	data: new Uint8Array(readFileSync(picture)),
	width: size,
	height: size,
	channels: 3,
};

const rows = await windows();
const engine = await Engine.open({
	model,
	precision,
	threads: Number(threads),
});
const category = await engine.category("object");
await category.detect(image);
const { embedDim, ortVersion } = engine.info;
await serve(
	`alfa-vad here, ${precision}, ONNX Runtime ${ortVersion}, Node ${process.versions.node}`,
	rows,
	embedDim,
	() => category.detect(image),
);
await engine.close();

/** The embeddings of the image and its windows, which no public call gives: from an engine of the addon's own, soon closed. */
async function windows() {
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
