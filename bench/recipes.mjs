// Measures forward and scoring of each recipe at batch 1, after warm-up.
//   node bench/recipes.mjs [MODEL] [RUNS]
//   node --expose-gc bench/recipes.mjs [MODEL] [RUNS] --flat N
// --flat also runs N detections with a bank of 1,000 references and prints by how much the memory grew.
import { cpus } from "node:os";
import { parseArgs } from "node:util";
import { formatNumber } from "../dist/bench/format.js";
import { randomImage } from "../dist/bench/measure.js";
import { percentiles } from "../dist/bench/percentiles.js";
import { Engine } from "../dist/index.js";

const {
	positionals: [model = "demo", runs = "30"],
	values: { flat },
} = parseArgs({
	allowPositionals: true,
	options: { flat: { type: "string" } },
});
const engine = await Engine.open({ model, cache: false });
const { imageSize, ortVersion, threads } = engine.info;
const references = [1, 2, 3, 4].map((seed) => randomImage(imageSize, seed));
const configurations = {
	alfa: {},
	winclip: { recipe: "winclip" },
	"clip-ac": { recipe: "clip-ac" },
	maskclip: { recipe: "maskclip" },
	anovl: { recipe: "anovl" },
	"trans-mm": { recipe: "trans-mm" },
	"alfa, 4 references": { references },
	"winclip, 4 references": { recipe: "winclip", references },
	patchcore: { recipe: "patchcore", references },
};

console.log(
	`${cpus()[0].model.trim()}, ${threads} threads; Node ${process.versions.node}, ONNX Runtime ${ortVersion}; ` +
		`${model}, ${runs} detections at batch 1; p50 in ms`,
);
printRow("recipe", "forward", "scoring", "bank rows per level");
for (const [name, options] of Object.entries(configurations)) {
	const category = await engine.category("object", options);
	await category.detect(randomImage(imageSize, 49)); // warm-up
	const forward = [];
	const score = [];
	for (let run = 0; run < Number(runs); run++) {
		const { timings } = await category.detect(randomImage(imageSize, 50 + run));
		forward.push(timings.forward);
		score.push(timings.score);
	}
	printRow(
		name,
		formatNumber(percentiles(forward).p50),
		formatNumber(percentiles(score).p50),
		category.references?.entries.join(" ") ?? "",
	);
}
if (flat) await measureMemory(Number(flat));
await engine.close();

function printRow(name, forward, score, rows) {
	console.log(
		`${name.padEnd(22)} ${forward.padStart(9)} ${score.padStart(9)}  ${rows}`,
	);
}

async function measureMemory(count) {
	const category = await engine.category("object", {
		references: { images: manyReferences(), maxEntries: 2048 },
	});
	const detect = async (times) => {
		for (let i = 0; i < times; i++)
			await category.detect(randomImage(imageSize, i % 8));
		globalThis.gc?.();
		return process.memoryUsage.rss() / 2 ** 20;
	};
	const before = await detect(200);
	const after = await detect(count);
	const { images, entries } = category.references;
	console.log(
		`bank of ${images} references, ${entries.join(" ")} rows: ${before.toFixed(0)} MB before, ` +
			`${(after - before).toFixed(1)} MB more after ${count} detections`,
	);
}

function* manyReferences() {
	for (let i = 0; i < 1000; i++) yield randomImage(imageSize, i);
}
