// Measures the error of int8 after each block of the image tower.
//   node bench/int8-layers.mjs MODEL FOLDER...
// Prints 1 - cosine between a patch's row in int8 and in fp32, over all patches of all images in the folders. The rows
// are those that a bank of one image stores for each block. They are read from the saved category.
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { percentiles } from "../dist/bench/percentiles.js";
import { Engine } from "../dist/index.js";

const [model, ...folders] = process.argv.slice(2);
const files = folders.flatMap((folder) =>
	readdirSync(folder, { recursive: true })
		.filter((name) => /\.(png|jpe?g)$/i.test(name))
		.sort()
		.map((name) => join(folder, name)),
);
const temporaryFolder = mkdtempSync(join(tmpdir(), "alfa-int8-"));
try {
	report(await blockRows("fp32"), await blockRows("int8"));
} finally {
	rmSync(temporaryFolder, { recursive: true });
}

/** Both: for each image, for each block, the patches' rows. */
function report(exact, reduced) {
	const errors = exact[0].map(() => []);
	for (const [image, blocks] of exact.entries()) {
		for (const [block, { width, rows }] of blocks.entries()) {
			const others = reduced[image][block].rows;
			for (let start = 0; start < rows.length; start += width) {
				const a = rows.subarray(start, start + width);
				const b = others.subarray(start, start + width);
				errors[block].push(1 - cosine(a, b));
			}
		}
	}
	console.log(
		`${model}: ${files.length} images, ${errors[0].length} patches; 1 - cosine, int8 against fp32`,
	);
	console.log("block      median        99%      worst");
	for (const [block, values] of errors.entries()) {
		const { p50, p99 } = percentiles(values);
		const cells = [p50, p99, Math.max(...values)].map((value) =>
			value.toExponential(1).padStart(10),
		);
		console.log(String(block + 1).padStart(5), ...cells);
	}
}

async function blockRows(precision) {
	const engine = await Engine.open({ model, precision });
	const features = {
		layers: Array.from({ length: engine.info.layers }, (_, i) => i + 1),
		neighbourhoods: [1],
		join: false,
		standardise: false,
		windows: false,
	};
	const saved = join(temporaryFolder, "category");
	const images = [];
	for (const file of files) {
		const category = await engine.category("object", {
			recipe: "patchcore",
			references: [file],
			features,
			bank: { share: 1 },
		});
		await category.save(saved);
		images.push(readLevels(readFileSync(saved)));
	}
	await engine.close();
	return images;
}

/** The levels of the bank in a saved category. native/engine/category_file.cc documents the format. */
function readLevels(bytes) {
	let offset = 8;
	const readNumber = () => {
		const value = Number(bytes.readBigUInt64LE(offset));
		offset += 8;
		return value;
	};
	const readNumbers = (count) => Array.from({ length: count }, readNumber);
	const readFloats = () => {
		const size = 4 * readNumber();
		const copy = Uint8Array.from(bytes.subarray(offset, offset + size));
		offset += size;
		return new Float32Array(copy.buffer);
	};
	const skipBytes = () => {
		const size = readNumber();
		offset += size;
	};
	readNumber(); // version
	for (const _ of ["model", "header"]) skipBytes();
	for (const _ of ["normal", "abnormal", "descriptors"]) readFloats();
	readNumber(); // 1: a bank follows
	for (const _ of ["layers", "neighbourhoods"]) readNumbers(readNumber());
	for (const _ of ["join", "standardise", "windows"]) readNumber();
	readNumbers(readNumber()); // scales
	for (const _ of ["mask", "fit", "tile size", "tile overlap", "images"])
		readNumber();
	return Array.from({ length: readNumber() }, () => ({
		width: readNumber(),
		rows: readFloats(),
	}));
}

function cosine(a, b) {
	let ab = 0;
	let aa = 0;
	let bb = 0;
	for (let i = 0; i < a.length; i++) {
		ab += a[i] * b[i];
		aa += a[i] * a[i];
		bb += b[i] * b[i];
	}
	return ab / Math.sqrt(aa * bb);
}
