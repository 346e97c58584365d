// What each recipe adds to the forward, warm, at batch 1: `node bench/recipes.mjs [MODEL] [RUNS]`. With four references
// (few-shot) too; `--flat N` then runs N detections against a bank of 1,000 references and prints how the memory grew.
import { cpus } from "node:os";
import { parseArgs } from "node:util";
import { Engine } from "../dist/index.js";

const {
	positionals: [model = "demo", count = "30"],
	values: { flat },
} = parseArgs({
	allowPositionals: true,
	options: { flat: { type: "string" } },
});
const engine = await Engine.open({ model, cache: false });
const { imageSize: size, ortVersion, threads } = engine.info;
const picture = (seed) => ({
	data: Uint8Array.from(
		{ length: size * size * 3 },
		(_, i) => Math.imul(i + seed * 7919, 2654435761) >>> 24,
	),
	width: size,
	height: size,
	channels: 3,
});
const references = [1, 2, 3, 4].map(picture);
const middle = (values) =>
	values
		.sort((a, b) => a - b)
		[Math.floor(values.length / 2)].toFixed(2)
		.padStart(9);

console.log(
	`${cpus()[0].model.trim()}, ${threads} threads; Node ${process.versions.node}, ONNX Runtime ${ortVersion}; ${model}, ${count} detections at batch 1; p50 in ms`,
);
console.log(
	"recipe".padEnd(22),
	"forward".padStart(9),
	"scoring".padStart(9),
	" rows of the bank per level",
);
for (const [name, options] of [
	["alfa", {}],
	["winclip", { recipe: "winclip" }],
	["clip-ac", { recipe: "clip-ac" }],
	["maskclip", { recipe: "maskclip" }],
	["anovl", { recipe: "anovl" }],
	["trans-mm", { recipe: "trans-mm" }],
	["alfa, 4 references", { references }],
	["winclip, 4 references", { recipe: "winclip", references }],
	["patchcore", { recipe: "patchcore", references }],
]) {
	const category = await engine.category("object", options);
	const forward = [],
		score = [];
	for (let i = -1; i < Number(count); i++) {
		const { timings } = await category.detect(picture(50 + i));
		if (i < 0) continue;
		forward.push(timings.forward);
		score.push(timings.score);
	}
	console.log(
		name.padEnd(22),
		middle(forward),
		middle(score),
		` ${category.references?.entries.join(" ") ?? ""}`,
	);
}

if (flat) {
	const many = function* () {
		for (let i = 0; i < 1000; i++) yield picture(i);
	};
	const category = await engine.category("object", {
		references: { images: many(), maxEntries: 2048 },
	});
	const rss = () => process.memoryUsage.rss() / 2 ** 20;
	for (let i = 0; i < 200; i++) await category.detect(picture(i % 8));
	globalThis.gc?.();
	const before = rss();
	for (let i = 0; i < Number(flat); i++) await category.detect(picture(i % 8));
	globalThis.gc?.();
	console.log(
		`bank of ${category.references.images} references, ${category.references.entries.join(" ")} rows: ${before.toFixed(0)} MB held, after ${flat} detections ${(rss() - before).toFixed(1)} MB more`,
	);
}
await engine.close();
