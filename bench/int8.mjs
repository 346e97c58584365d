// What 8 bits change, image by image: `node bench/int8.mjs MODEL FOLDER… [--class NAME]`, after a build. For every picture in the folders, int8
// against fp32: 1 - cosine of the image's and its windows' embeddings, and where the model reads prompts the difference of scores,
// the correlation of maps and the prompts that both keep (shared over all kept). Medians and worst cases.
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { loadImage } from "../dist/images/decode.js";
import { Engine } from "../dist/index.js";
import { locateModel } from "../dist/models/locate-model.js";
import { loadAddon } from "../dist/native/addon.js";
import { findCpuRuntime } from "../dist/onnxruntime/cpu-runtime.js";

const args = process.argv.slice(2);
const at = args.indexOf("--class");
const name = at < 0 ? "object" : args.splice(at, 2)[1];
const [model, ...folders] = args;
const files = folders.flatMap((folder) =>
	readdirSync(folder)
		.filter((each) => /\.(png|jpe?g)$/i.test(each))
		.sort()
		.map((each) => join(folder, each)),
);
const dot = (a, b) => a.reduce((sum, value, i) => sum + value * b[i], 0);
const quantile = (values, q) =>
	[...values].sort((a, b) => a - b)[
		Math.min(values.length - 1, Math.floor(q * values.length))
	];

function correlation(a, b) {
	const mean = (x) => x.reduce((sum, value) => sum + value, 0) / x.length;
	const [ma, mb] = [mean(a), mean(b)];
	const [da, db] = [a.map((value) => value - ma), b.map((value) => value - mb)];
	return dot(da, db) / Math.sqrt(dot(da, da) * dot(db, db));
}

async function look(precision) {
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
	const seen = [];
	for (const file of files)
		seen.push({
			rows: (
				await addon.embedWindows(
					handle,
					await loadImage(file),
					"squash",
					[2, 3],
				)
			).embedding,
		});
	await addon.closeEngine(handle);
	if (context === 0) return { seen, embedDim };
	const engine = await Engine.open({ model, precision });
	const category = await engine.category(name, {
		prompts: "templates",
		resolution: "grid",
	});
	for (const [i, file] of files.entries())
		seen[i].result = await category.detect(file);
	await engine.close();
	return { seen, embedDim };
}

const { seen: exact, embedDim } = await look("fp32");
const { seen: short } = await look("int8");
const figures = { image: [], windows: [], score: [], map: [], kept: [] };
exact.forEach(({ rows, result }, i) => {
	const windows = [];
	for (let at = 0; at < rows.length; at += embedDim)
		windows.push(
			1 -
				dot(
					Array.from(rows.subarray(at, at + embedDim)),
					short[i].rows.subarray(at, at + embedDim),
				),
		);
	figures.image.push(windows.shift());
	figures.windows.push(...windows);
	if (!result) return;
	const other = short[i].result;
	figures.score.push(Math.abs(result.score - other.score));
	figures.map.push(
		1 - correlation(Array.from(result.map), Array.from(other.map)),
	);
	const kept = (r) =>
		new Set(
			r
				.judgedPrompts()
				.flatMap((each) => (each.kept ? [`${each.label} ${each.text}`] : [])),
		);
	const [a, b] = [kept(result), kept(other)];
	const shared = [...a].filter((each) => b.has(each)).length;
	figures.kept.push(1 - shared / (a.size + b.size - shared));
});
console.log(`${model}: ${files.length} pictures, int8 against fp32`);
for (const [what, values] of Object.entries({
	"1 - cosine, image": figures.image,
	"1 - cosine, windows": figures.windows,
	"score, difference": figures.score,
	"1 - correlation of maps": figures.map,
	"1 - kept prompts in common": figures.kept,
})) {
	if (values.length > 0)
		console.log(
			what.padEnd(28),
			`median ${quantile(values, 0.5).toExponential(1)}`,
			` 95% ${quantile(values, 0.95).toExponential(1)}`,
			` worst ${Math.max(...values).toExponential(1)}`,
		);
}
