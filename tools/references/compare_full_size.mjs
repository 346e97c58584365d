// Compares the engine with what full_size.py stored: `node tools/references/compare_full_size.mjs DIR`, after a build.
// Prints the largest differences, the time to open, and the memory held; needs no Python.
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { loadAddon } from "../../dist/native/addon.js";
import { findCpuRuntime } from "../../dist/onnxruntime/cpu-runtime.js";

const directory = resolve(process.argv[2] ?? ".");
const expected = JSON.parse(readFileSync(`${directory}/expected.json`, "utf8"));
const kinds = {
	float32: Float32Array,
	float64: Float64Array,
	uint8: Uint8Array,
};

function array({ dtype, data }) {
	const bytes = Buffer.from(data, "base64");
	return new kinds[dtype](
		bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length),
	);
}

/** Largest difference between `found` and the part of `wanted` that starts at `offset`. */
function difference(found, wanted, offset = 0) {
	let largest = 0;
	for (let i = 0; i < found.length; i++)
		largest = Math.max(largest, Math.abs(found[i] - wanted[offset + i]));
	return largest;
}

const memory = () => Math.round(process.memoryUsage.rss() / 1e6);
const addon = loadAddon();
const started = performance.now();
const engine = await addon.openEngine({
	directory,
	runtime: findCpuRuntime(),
	precision: "fp32",
	threads: 0,
	maxBatch: 1,
	queue: 8,
});
const {
	embedDim: E,
	imageSize: size,
	grid,
	weightBytes,
	ortVersion,
} = addon.info(engine);
console.log(
	`opened in ${((performance.now() - started) / 1000).toFixed(1)} s, ${memory()} MB held, ` +
		`weights ${Math.round(weightBytes / 1e6)} MB, ONNX Runtime ${ortVersion}`,
);

const texts = await addon.encodeText(
	engine,
	Int32Array.from(expected.ids.flat()),
	Int32Array.from(expected.ids.map((ids) => ids.length)),
);
console.log(
	`text embeddings    max abs difference ${difference(texts, array(expected.text_embeddings)).toExponential(2)}`,
);

const pictures = array(expected.pictures),
	images = array(expected.image_embeddings),
	value = array(expected.value);
const worst = { image: 0, windows: 0, value: 0 };
for (let p = 0; p < expected.pictures.shape[0]; p++) {
	const data = pictures.slice(p * size * size * 3, (p + 1) * size * size * 3);
	const found = await addon.embedWindows(
		engine,
		{ data, width: size, height: size, channels: 3 },
		"squash",
		[2, 3],
	);
	worst.image = Math.max(
		worst.image,
		difference(found.embedding.subarray(0, E), images, p * E),
	);
	let first = 1;
	for (const k of [2, 3]) {
		const { windows, embeddings } = expected.scales[k],
			wanted = array(embeddings);
		windows.forEach((w, i) => {
			const at = (first + w) * E;
			worst.windows = Math.max(
				worst.windows,
				difference(
					found.embedding.subarray(at, at + E),
					wanted,
					(p * windows.length + i) * E,
				),
			);
		});
		first += (grid - k + 1) ** 2;
	}
	if (p === 0)
		worst.value = difference(
			found.value.subarray(0, (1 + grid * grid) * E),
			value,
		);
}
for (const [name, largest] of Object.entries(worst))
	console.log(
		`${`${name} embeddings`.padEnd(18)} max abs difference ${largest.toExponential(2)}`,
	);
console.log(`${memory()} MB held after the windows`);
await addon.closeEngine(engine);
