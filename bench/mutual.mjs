// Measures recipe `musc`, which scores the images of a stream against each other.
//   node bench/mutual.mjs [--model MODEL] [--images N,N,...] [--package FILE]
// Prints for each number of images: milliseconds until the first result (all forwards and comparisons), milliseconds of
// all results after it, and a digest of all scores and maps. With --package, measures another build: its dist/index.js.
import { createHash } from "node:crypto";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";

const { values: options } = parseArgs({
	options: {
		model: { type: "string", default: "demo" },
		images: { type: "string", default: "50,100,200" },
		package: {
			type: "string",
			default: resolve(import.meta.dirname, "../dist/index.js"),
		},
	},
});
const { Engine } = await import(pathToFileURL(resolve(options.package)).href);
const engine = await Engine.open({ model: options.model, precision: "fp32" });
const category = await engine.category("object", { recipe: "musc" });
console.log(
	"images".padStart(8),
	"first, ms".padStart(12),
	"others, ms".padStart(12),
	" digest",
);
for (const count of options.images.split(",").map(Number)) {
	const images = Array.from({ length: count }, (_, i) => generateImage(i));
	const digest = createHash("sha256");
	const start = performance.now();
	let first;
	for await (const { score, map } of category.detectMany(images)) {
		first ??= performance.now();
		digest.update(Float64Array.of(score)).update(map);
	}
	console.log(
		String(count).padStart(8),
		(first - start).toFixed(0).padStart(12),
		(performance.now() - first).toFixed(0).padStart(12),
		` ${digest.digest("hex").slice(0, 16)}`,
	);
}
await engine.close();

/** Waves whose frequency depends on `index`. */
function generateImage(index) {
	const size = 160;
	const data = new Uint8Array(3 * size * size);
	for (let i = 0; i < data.length; i++) {
		const pixel = Math.floor(i / 3);
		const x = pixel % size;
		const y = Math.floor(pixel / size);
		const wave = Math.sin((x * (3 + (index % 7))) / 20 + (i % 3));
		data[i] = 128 + 60 * wave * Math.cos((y * (2 + (index % 5))) / 20);
	}
	return { data, width: size, height: size, channels: 3 };
}
