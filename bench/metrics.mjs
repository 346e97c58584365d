// Compares exact PRO and pixel AUROC with the usual way in Python, on the same maps.
//   node bench/metrics.mjs [PYTHON]     PYTHON: an interpreter with bench/peers/metrics-requirements.txt
//   node bench/metrics.mjs --memory     peak memory for 400 maps of 1024 x 1024, maps included
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { metrics } from "../dist/index.js";

const [argument] = process.argv.slice(2);
const memoryOnly = argument === "--memory";
const [images, side] = memoryOnly ? [400, 1024] : [120, 256];
const size = { width: side, height: side };
console.log(
	`${cpus()[0].model.trim()}, ${cpus().length} threads; Node ${process.versions.node}; ` +
		`${images} maps of ${side} x ${side}`,
);
const { maps, masks } = makeMapsAndMasks();
if (memoryOnly) await measureMemory();
else compare(argument);

async function measureMemory() {
	const peak = () =>
		`${(process.resourceUsage().maxRSS / 1024 ** 2).toFixed(2)} GiB`;
	const before = peak();
	let start = performance.now();
	const values = metrics.pixel(maps, masks, size);
	console.log(
		`${before} with maps and masks, peak ${peak()}; all pixel metrics in ${secondsSince(start).toFixed(1)} s`,
	);
	start = performance.now();
	await metrics.async.pixel(maps, masks, size);
	console.log(
		`peak ${peak()} outside of the event loop, in ${secondsSince(start).toFixed(1)} s`,
	);
	console.log(values);
}

function compare(python) {
	const runs = Array.from({ length: 7 }, () => {
		const start = performance.now();
		const values = metrics.pixel(maps, masks, size);
		return { values, seconds: secondsSince(start) };
	});
	runs.sort((a, b) => a.seconds - b.seconds);
	const { values, seconds } = runs[3];
	const pro200 = metrics.pro(maps, masks, { ...size, thresholds: 200 });
	console.log("median of 7, AUROC, PRO");
	printRow(
		"alfa-vad: AUROC, AP, AUPR, F1-max, exact PRO",
		seconds,
		values.auroc,
		values.pro,
	);
	printRow("alfa-vad, PRO of 200 thresholds", seconds, values.auroc, pro200);
	if (!python) {
		console.log("To compare with Python, run: node bench/metrics.mjs PYTHON");
		return;
	}
	const peer = runPython(python);
	console.log(peer.versions);
	for (const [name, pro] of [
		["Python, AUROC and 200 thresholds", peer.pro],
		["Python, regions labelled only once", peer.proLabelledOnce],
	]) {
		const total = peer.auroc.seconds + pro.seconds;
		printRow(name, total, peer.auroc.value, pro.value);
		console.log(
			`  ${(total / seconds).toFixed(0)} times as long ` +
				`(AUROC ${peer.auroc.seconds.toFixed(2)} s, PRO ${pro.seconds.toFixed(2)} s)`,
		);
	}
}

function runPython(python) {
	const script = fileURLToPath(new URL("peers/metrics.py", import.meta.url));
	const folder = mkdtempSync(join(tmpdir(), "alfa-bench-"));
	try {
		writeFileSync(join(folder, "maps.f32"), Buffer.concat(maps.map(toBytes)));
		writeFileSync(join(folder, "masks.u8"), Buffer.concat(masks.map(toBytes)));
		const args = [script, folder, images, side, side].map(String);
		return JSON.parse(execFileSync(python, args, { encoding: "utf8" }));
	} finally {
		rmSync(folder, { recursive: true });
	}
}

function printRow(name, seconds, auroc, pro) {
	console.log(
		name.padEnd(46),
		`${seconds.toFixed(3)} s`.padStart(11),
		auroc.toFixed(6),
		pro.toFixed(6),
	);
}

function secondsSince(start) {
	return (performance.now() - start) / 1000;
}

function toBytes(array) {
	return Buffer.from(array.buffer, array.byteOffset, array.byteLength);
}

/** Maps like those of a detector: a coarse random grid, interpolated, higher over defects. 2 of 5 images are normal. */
function makeMapsAndMasks() {
	const random = makeRandom();
	const maps = [];
	const masks = [];
	for (let image = 0; image < images; image++) {
		const defects = [];
		const count = image % 5 < 2 ? 0 : 1 + (image % 3);
		for (let i = 0; i < count; i++) {
			const x = random() * side;
			const y = random() * side;
			defects.push({ x, y, radius: side * (0.02 + 0.08 * random()) });
		}
		maps.push(makeMap(defects, random));
		masks.push(makeMask(defects));
	}
	return { maps, masks };
}

function makeRandom() {
	let state = 1;
	return () => {
		state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
		return state / 2 ** 32;
	};
}

function makeMap(defects, random) {
	const grid = 17;
	const step = side / (grid - 1);
	const coarse = Float32Array.from({ length: grid * grid }, (_, i) => {
		const x = (i % grid) * step;
		const y = Math.floor(i / grid) * step;
		const isNear = defects.some(
			(defect) =>
				Math.hypot(x - defect.x, y - defect.y) < 1.5 * defect.radius + step / 2,
		);
		return 0.3 * random() + (isNear ? 0.25 : 0);
	});
	const map = new Float32Array(side * side);
	for (let i = 0; i < map.length; i++) {
		const u = (i % side) / step;
		const v = Math.floor(i / side) / step;
		const column = Math.floor(u);
		const row = Math.floor(v);
		const corner = row * grid + column;
		const upper = mix(coarse[corner], coarse[corner + 1], u - column);
		const lower = mix(
			coarse[corner + grid],
			coarse[corner + grid + 1],
			u - column,
		);
		map[i] = mix(upper, lower, v - row);
	}
	return map;
}

function mix(a, b, share) {
	return a + (b - a) * share;
}

function makeMask(defects) {
	// fill touches every page, so that the memory counts as it does for masks from files.
	const mask = new Uint8Array(side * side).fill(0);
	for (let i = 0; i < mask.length; i++) {
		const x = i % side;
		const y = Math.floor(i / side);
		for (const defect of defects) {
			const squared = (x - defect.x) ** 2 + (y - defect.y) ** 2;
			if (squared < defect.radius ** 2) mask[i] = 1;
		}
	}
	return mask;
}
