// A peer in JavaScript: what bench/peers/checkpoint.py's `serve` is in Python.
import { createInterface } from "node:readline";

/** versions; sample: the mean of the unit rows of `rows`, [1 + windows, E]; then one `detect` for each line of stdin. */
export async function serve(versions, rows, width, detect) {
	const sample = new Float64Array(width),
		count = rows.length / width;
	for (let i = 0; i < count; i++) {
		const row = rows.subarray(i * width, (i + 1) * width);
		const length = Math.hypot(...row);
		for (let j = 0; j < width; j++) sample[j] += row[j] / length / count;
	}
	say({ versions, sample: [...sample], windows: count - 1 });
	for await (const _ of createInterface({ input: process.stdin })) {
		const start = performance.now(),
			used = process.cpuUsage();
		await detect();
		const ms = performance.now() - start,
			{ user, system } = process.cpuUsage(used);
		say({
			ms,
			cpu: (user + system) / 1000,
			peak: (process.resourceUsage().maxRSS * 1024) / 1e6,
		});
	}
}

function say(values) {
	process.stdout.write(`${JSON.stringify(values)}\n`);
}
