// Compares int8 with fp32 on every image in the folders.
//   node bench/int8.mjs MODEL FOLDER... [--class NAME]
// Prints median, 95th percentile and worst case of: 1 - cosine of the embeddings of the image and of its windows; and
// for models that read prompts the difference of scores, 1 - correlation of the maps, and the share of kept prompts
// (those in both over those in either) that differs.
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { loadImage } from "../dist/images/input.js";
import { Engine } from "../dist/index.js";
import { locateModel } from "../dist/models/locate-model.js";
import { loadAddon } from "../dist/native/addon.js";
import { findCpuRuntime } from "../dist/onnxruntime/cpu-runtime.js";
import { defaultReading } from "../dist/options/reading.js";

const {
	positionals: [model, ...folders],
	values: { class: className },
} = parseArgs({
	allowPositionals: true,
	options: { class: { type: "string", default: "object" } },
});
const files = folders.flatMap((folder) =>
	readdirSync(folder)
		.filter((name) => /\.(png|jpe?g)$/i.test(name))
		.sort()
		.map((name) => join(folder, name)),
);

const exact = await run("fp32");
const reduced = await run("int8");
const differences = {
	"1 - cosine, image": [],
	"1 - cosine, windows": [],
	"score, difference": [],
	"1 - correlation of maps": [],
	"1 - kept prompts in common": [],
};
for (let i = 0; i < files.length; i++) compare(exact[i], reduced[i]);
console.log(`${model}: ${files.length} images, int8 against fp32`);
for (const [name, values] of Object.entries(differences)) {
	if (values.length === 0) continue;
	console.log(
		name.padEnd(28),
		`median ${quantile(values, 0.5).toExponential(1)}`,
		` 95% ${quantile(values, 0.95).toExponential(1)}`,
		` worst ${Math.max(...values).toExponential(1)}`,
	);
}

/** For each file: the embeddings of the image and its windows, and the result if the model reads prompts. */
async function run(precision) {
	const addon = loadAddon();
	const handle = await addon.openEngine({
		directory: await locateModel(model),
		runtime: findCpuRuntime(),
		precision,
		threads: 0,
		maxBatch: 1,
		queue: 8,
	});
	const { context, embedDim } = addon.info(handle);
	const outputs = [];
	for (const file of files) {
		const { embedding } = await addon.embedWindows(
			handle,
			(await loadImage(file, defaultReading)).pixels,
			"squash",
			[2, 3],
		);
		outputs.push({ rows: splitRows(embedding, embedDim) });
	}
	await addon.closeEngine(handle);
	if (context === 0) return outputs;
	const engine = await Engine.open({ model, precision });
	const category = await engine.category(className, {
		prompts: "templates",
		resolution: "grid",
	});
	for (const [i, file] of files.entries())
		outputs[i].result = await category.detect(file);
	await engine.close();
	return outputs;
}

function splitRows(values, width) {
	return Array.from({ length: values.length / width }, (_, row) =>
		values.subarray(row * width, (row + 1) * width),
	);
}

function compare(a, b) {
	const [image, ...windows] = a.rows.map((row, i) => 1 - dot(row, b.rows[i]));
	differences["1 - cosine, image"].push(image);
	differences["1 - cosine, windows"].push(...windows);
	if (!a.result) return;
	differences["score, difference"].push(
		Math.abs(a.result.score - b.result.score),
	);
	differences["1 - correlation of maps"].push(
		1 - correlation(a.result.map, b.result.map),
	);
	const keptByA = keptPrompts(a.result);
	const keptByB = keptPrompts(b.result);
	const common = [...keptByA].filter((each) => keptByB.has(each)).length;
	const either = keptByA.size + keptByB.size - common;
	differences["1 - kept prompts in common"].push(1 - common / either);
}

function keptPrompts(result) {
	const kept = result.judgedPrompts().filter((prompt) => prompt.kept);
	return new Set(kept.map(({ label, text }) => `${label} ${text}`));
}

function dot(a, b) {
	let sum = 0;
	for (let i = 0; i < a.length; i++) sum += a[i] * b[i];
	return sum;
}

function correlation(a, b) {
	const centered = (values) => {
		const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
		return Float64Array.from(values, (value) => value - mean);
	};
	const [x, y] = [centered(a), centered(b)];
	return dot(x, y) / Math.sqrt(dot(x, x) * dot(y, y));
}

function quantile(values, share) {
	const sorted = Float64Array.from(values).sort();
	const index = Math.floor(share * sorted.length);
	return sorted[Math.min(sorted.length - 1, index)];
}
