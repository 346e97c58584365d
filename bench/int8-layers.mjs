// How far 8 bits are off after each block: `node bench/int8-layers.mjs MODEL FOLDER…`, after a build. 1 - cosine of every patch's
// row, int8 against fp32, over all pictures in the folders: quartiles and the worst. The rows are what a bank of one picture
// keeps of each block, read from the saved category.
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { percentiles } from "../dist/bench/percentiles.js";
import { Engine } from "../dist/index.js";

const [model, ...folders] = process.argv.slice(2);
const files = folders.flatMap((folder) =>
	readdirSync(folder, { recursive: true })
		.filter((each) => /\.(png|jpe?g)$/i.test(each))
		.sort()
		.map((each) => join(folder, each)),
);
const folder = mkdtempSync(join(tmpdir(), "alfa-int8-"));
try {
	const exact = await blocksOf("fp32"),
		short = await blocksOf("int8");
	const off = exact[0].map(() => []);
	exact.forEach((blocks, picture) =>
		blocks.forEach(({ width, rows }, block) => {
			const other = short[picture][block].rows;
			for (let at = 0; at < rows.length; at += width)
				off[block].push(
					1 -
						cosine(
							rows.subarray(at, at + width),
							other.subarray(at, at + width),
						),
				);
		}),
	);
	console.log(
		`${model}: ${files.length} pictures, ${off[0].length} patches; 1 - cosine, int8 against fp32\nblock      median        99%      worst`,
	);
	off.forEach((values, block) => {
		const { p50, p99 } = percentiles(values);
		console.log(
			String(block + 1).padStart(5),
			...[p50, p99, Math.max(...values)].map((each) =>
				each.toExponential(1).padStart(10),
			),
		);
	});
} finally {
	rmSync(folder, { recursive: true });
}

/** Per picture, per block: the patches' rows. */
async function blocksOf(precision) {
	const engine = await Engine.open({ model, precision });
	const features = {
		layers: Array.from({ length: engine.info.layers }, (_, i) => i + 1),
		neighbourhoods: [1],
		join: false,
		standardise: false,
		windows: false,
	};
	const found = [],
		saved = join(folder, "category");
	for (const file of files) {
		const category = await engine.category("object", {
			recipe: "patchcore",
			references: [file],
			features,
			bank: { share: 1 },
		});
		await category.save(saved);
		found.push(levels(readFileSync(saved)));
	}
	await engine.close();
	return found;
}

/** The bank's levels out of a saved category: native/engine/category_file.cc. */
function levels(bytes) {
	let at = 8;
	const number = () => Number(bytes.readBigUInt64LE((at += 8) - 8));
	const skip = (size) => {
		at += size;
	};
	const floats = () => {
		const count = number();
		skip(4 * count);
		return new Float32Array(
			Uint8Array.from(bytes.subarray(at - 4 * count, at)).buffer,
		);
	};
	const numbers = (count) => Array.from({ length: count }, number);
	numbers(1); // version
	for (let i = 0; i < 2; i++) skip(number()); // model, header
	for (let i = 0; i < 3; i++) floats(); // texts
	numbers(1); // a bank follows
	for (let i = 0; i < 2; i++) numbers(number()); // layers, neighbourhoods
	numbers(3); // join, standardise, windows
	numbers(number()); // scales
	numbers(5); // mask, fit, tiles, images
	return Array.from({ length: number() }, () => ({
		width: number(),
		rows: floats(),
	}));
}

function cosine(a, b) {
	let ab = 0,
		aa = 0,
		bb = 0;
	for (let i = 0; i < a.length; i++) {
		ab += a[i] * b[i];
		aa += a[i] * a[i];
		bb += b[i] * b[i];
	}
	return ab / Math.sqrt(aa * bb);
}
