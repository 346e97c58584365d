// Whether decoding keeps up with the forwards: `node bench/pipeline.mjs [--model MODEL] [--pictures N] [--megapixels N] [--precision P]`.
// JPEG files through detectMany. Ahead: the share of pictures that were decoded while a forward ran, so that the next found
// them waiting (the first batch cannot); busy: the engine's thread; decode: of one picture alone, nothing else running.
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
import { loadImage } from "../dist/images/decode.js";
import { Engine } from "../dist/index.js";
import { fullSizeFolder, randomCheckpoint } from "./random-checkpoint.mjs";

const {
	values: { model: asked, pictures, megapixels, precision },
} = parseArgs({
	options: {
		model: { type: "string", default: "demo" },
		pictures: { type: "string", default: "48" },
		megapixels: { type: "string", default: "12" },
		precision: { type: "string", default: "auto" },
	},
});
const height = Math.round(Math.sqrt((Number(megapixels) * 1e6 * 3) / 4)),
	width = Math.round((height * 4) / 3);
const folder = mkdtempSync(join(tmpdir(), "alfa-pipeline-"));
const engine = await Engine.open({
	model: asked === "full-size" ? randomCheckpoint(fullSizeFolder()) : asked,
	precision,
});
try {
	const file = join(folder, "picture.jpg");
	await sharp(randomImage(64).data, {
		raw: { width: 64, height: 64, channels: 3 },
	})
		.resize(width, height)
		.jpeg({ quality: 90 })
		.toFile(file);
	const category = await engine.category("object", { prompts: "templates" });
	await category.detect(file);
	const start = performance.now();
	await loadImage(file);
	const decode = performance.now() - start;
	const begun = performance.now();
	const seen = [];
	for await (const { timings } of category.detectMany(
		Array(Number(pictures)).fill(file),
	))
		seen.push(timings);
	const wall = performance.now() - begun;
	const forwards = [...new Set(seen.map(({ forward }) => forward))]; // pictures that shared one report the same time for it
	const busy =
		seen.reduce((sum, { resize, score }) => sum + resize + score, 0) +
		forwards.reduce((sum, each) => sum + each, 0);
	const ahead = seen.filter(({ queue }) => queue > 1).length / seen.length;
	const mean = (pick) =>
		seen.reduce((sum, each) => sum + pick(each), 0) / seen.length;
	console.log(
		`${machineDescription()}\n${modelDescription(engine.info)}; ${pictures} pictures of ${width} x ${height}, ms`,
	);
	console.log(
		`decode ${formatNumber(decode)} alone, ${formatNumber(mean(({ decode }) => decode))} beside the rest; resize ${formatNumber(mean(({ resize }) => resize))}, forward ${formatNumber(mean(({ forward }) => forward))}, score ${formatNumber(mean(({ score }) => score))}`,
	);
	console.log(
		`${formatNumber((1000 * seen.length) / wall)} pictures a second; engine's thread busy ${((100 * busy) / wall).toFixed(0)}%, decoded ahead ${(100 * ahead).toFixed(0)}%, at most ${((process.resourceUsage().maxRSS * 1024) / 1e6).toFixed(0)} MB`,
	);
} finally {
	await engine.close();
	rmSync(folder, { recursive: true });
}
