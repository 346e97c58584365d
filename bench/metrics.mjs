// Exact PRO and pixel AUROC beside the usual Python way, on the same maps: `node bench/metrics.mjs [PYTHON]`, PYTHON being
// an interpreter that has bench/peers/metrics-requirements.txt. `node bench/metrics.mjs --memory`: the most memory that
// 400 maps of 1024 x 1024 take, maps included.
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { metrics } from "../dist/index.js";

const here = dirname(fileURLToPath(import.meta.url));
const memory = process.argv[2] === "--memory";
const [images, side] = memory ? [400, 1024] : [120, 256];
console.log(
	`${cpus()[0].model.trim()}, ${cpus().length} threads; Node ${process.versions.node}; ${images} maps of ${side} x ${side}`,
);
const { maps, masks } = category(images, side);
await (memory ? peak() : compare());

async function peak() {
	const rss = () => (process.resourceUsage().maxRSS / 1024 ** 2).toFixed(2);
	const held = rss();
	let start = performance.now();
	const last = () => {
		const ms = performance.now() - start;
		start = performance.now();
		return `${(ms / 1000).toFixed(1)} s`;
	};
	const found = metrics.pixel(maps, masks, { width: side, height: side });
	console.log(
		`${held} GiB with maps and masks, at most ${rss()} GiB while measuring; all pixel metrics in ${last()}`,
	);
	await metrics.async.pixel(maps, masks, { width: side, height: side });
	console.log(`at most ${rss()} GiB off the event loop, in ${last()}`);
	console.log(found);
}

function compare() {
	const options = { width: side, height: side };
	const seconds = [];
	let found;
	for (let i = 0; i < 7; i++) {
		const start = performance.now();
		found = metrics.pixel(maps, masks, options);
		seconds.push((performance.now() - start) / 1000);
	}
	const ours = seconds.sort((a, b) => a - b)[3];
	const row = (name, time, auroc, pro) =>
		console.log(
			name.padEnd(46),
			`${time.toFixed(3)} s`.padStart(11),
			auroc.toFixed(6),
			pro.toFixed(6),
		);
	console.log("median of 7, AUROC, PRO");
	row("here: AUROC, AP, AUPR, F1-max, exact PRO", ours, found.auroc, found.pro);
	row(
		"here, the 200 steps, for their value",
		ours,
		found.auroc,
		metrics.pro(maps, masks, { ...options, thresholds: 200 }),
	);

	const python = process.argv[2];
	if (!python)
		return console.log(
			"No Python given to compare with: node bench/metrics.mjs PYTHON",
		);
	const folder = mkdtempSync(join(tmpdir(), "alfa-bench-"));
	try {
		writeFileSync(join(folder, "maps.f32"), Buffer.concat(maps.map(bytes)));
		writeFileSync(join(folder, "masks.u8"), Buffer.concat(masks.map(bytes)));
		const peer = JSON.parse(
			execFileSync(
				python,
				[join(here, "peers", "metrics.py"), folder, images, side, side].map(
					String,
				),
				{ encoding: "utf8" },
			),
		);
		console.log(peer.versions);
		for (const [name, { seconds, value }] of [
			["Python, AUROC and 200 steps", peer.pro],
			["Python, the same, regions labelled once", peer.proLabelledOnce],
		]) {
			row(name, peer.auroc.seconds + seconds, peer.auroc.value, value);
			console.log(
				`  ${((peer.auroc.seconds + seconds) / ours).toFixed(0)} times as long (AUROC ${peer.auroc.seconds.toFixed(2)} s, PRO ${seconds.toFixed(2)} s)`,
			);
		}
	} finally {
		rmSync(folder, { recursive: true });
	}
}

function bytes(array) {
	return Buffer.from(array.buffer, array.byteOffset, array.byteLength);
}

/** Maps as a detector gives them: a coarse grid interpolated, higher over the defects; two of five images are good. */
function category(count, side) {
	let state = 1;
	const random = () =>
		(state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 32;
	const grid = 17,
		step = side / (grid - 1);
	const maps = [],
		masks = [];
	for (let image = 0; image < count; image++) {
		const mask = new Uint8Array(side * side).fill(0); // touched, as masks from files are
		const spots =
			image % 5 < 2
				? []
				: Array.from({ length: 1 + (image % 3) }, () => ({
						x: random() * side,
						y: random() * side,
						r: side * (0.02 + 0.08 * random()),
					}));
		const coarse = Float32Array.from({ length: grid * grid }, (_, i) => {
			const near = spots.filter(
				({ x, y, r }) =>
					Math.hypot((i % grid) * step - x, Math.floor(i / grid) * step - y) <
					1.5 * r + step / 2,
			);
			return 0.3 * random() + (near.length > 0 ? 0.25 : 0);
		});
		const map = new Float32Array(side * side);
		for (let y = 0, i = 0; y < side; y++) {
			for (let x = 0; x < side; x++, i++) {
				const u = x / step,
					v = y / step,
					c = Math.floor(u),
					r = Math.floor(v);
				const at = r * grid + c;
				const upper = coarse[at] + (coarse[at + 1] - coarse[at]) * (u - c),
					lower =
						coarse[at + grid] +
						(coarse[at + grid + 1] - coarse[at + grid]) * (u - c);
				map[i] = upper + (lower - upper) * (v - r);
				for (const spot of spots)
					if ((x - spot.x) ** 2 + (y - spot.y) ** 2 < spot.r ** 2) mask[i] = 1;
			}
		}
		maps.push(map);
		masks.push(mask);
	}
	return { maps, masks };
}
