// Measures whether image decoding keeps up with the forwards, with JPEG files through detectMany.
//   node bench/pipeline.mjs [--model MODEL] [--images N] [--megapixels N] [--precision P]
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import sharp from "sharp";
import {
	formatNumber,
	machineDescription,
	modelDescription,
} from "../dist/bench/format.js";
import { randomImage } from "../dist/bench/measure.js";
import { loadImage } from "../dist/images/input.js";
import { Engine } from "../dist/index.js";
import { defaultReading } from "../dist/options/reading.js";
import { fullSizeFolder, randomCheckpoint } from "./random-checkpoint.mjs";

const {
	values: { model: modelOption, images, megapixels, precision },
} = parseArgs({
	options: {
		model: { type: "string", default: "demo" },
		images: { type: "string", default: "48" },
		megapixels: { type: "string", default: "12" },
		precision: { type: "string", default: "auto" },
	},
});
const height = Math.round(Math.sqrt((Number(megapixels) * 1e6 * 3) / 4));
const width = Math.round((height * 4) / 3);
const folder = mkdtempSync(join(tmpdir(), "alfa-pipeline-"));
const engine = await Engine.open({
	model:
		modelOption === "full-size"
			? randomCheckpoint(fullSizeFolder())
			: modelOption,
	precision,
});
try {
	const file = join(folder, "image.jpg");
	await writeJpeg(file);
	const category = await engine.category("object", { prompts: "templates" });
	await category.detect(file); // warm-up
	const decodeStart = performance.now();
	await loadImage(file, defaultReading);
	const decodeAlone = performance.now() - decodeStart;

	const start = performance.now();
	const timings = [];
	const files = Array(Number(images)).fill(file);
	for await (const result of category.detectMany(files)) {
		timings.push(result.timings);
	}
	report(timings, decodeAlone, performance.now() - start);
} finally {
	await engine.close();
	rmSync(folder, { recursive: true });
}

async function writeJpeg(file) {
	const { data } = randomImage(64);
	await sharp(data, { raw: { width: 64, height: 64, channels: 3 } })
		.resize(width, height)
		.jpeg({ quality: 90 })
		.toFile(file);
}

function report(timings, decodeAlone, wallTime) {
	const sum = (values) => values.reduce((total, value) => total + value, 0);
	const mean = (name) =>
		formatNumber(sum(timings.map((each) => each[name])) / timings.length);
	// Images of one batch share a forward and report the same time for it.
	const forwards = new Set(timings.map(({ forward }) => forward));
	const busy =
		sum(timings.map(({ resize, score }) => resize + score)) +
		sum([...forwards]);
	// An image that waited in the queue was decoded while the forward before it ran. The first batch cannot be.
	const waited = timings.filter(({ queue }) => queue > 1);
	const percent = (share) => `${(100 * share).toFixed(0)}%`;
	const memory = (process.resourceUsage().maxRSS * 1024) / 1e6;
	const perSecond = formatNumber((1000 * timings.length) / wallTime);
	console.log(machineDescription());
	console.log(
		`${modelDescription(engine.info)}; ${images} images of ${width} x ${height}, ms`,
	);
	console.log(
		`decode ${formatNumber(decodeAlone)} alone, ${mean("decode")} in the stream; ` +
			`resize ${mean("resize")}, forward ${mean("forward")}, score ${mean("score")}`,
	);
	console.log(
		`${perSecond} images per second; engine thread busy ${percent(busy / wallTime)}, ` +
			`decoded ahead ${percent(waited.length / timings.length)}, peak memory ${memory.toFixed(0)} MB`,
	);
}
