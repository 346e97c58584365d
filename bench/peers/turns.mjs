// The protocol between bench/peers/peers.mjs and a peer in JavaScript. checkpoint.py has the same for Python.
import { createInterface } from "node:readline";

/**
 * Prints `versions` and the mean of the normalised rows, then runs `detect` once for each line of standard input.
 * @param rows embeddings of the image and its windows, [1 + windows, width]
 */
export async function serve(versions, rows, width, detect) {
	const count = rows.length / width;
	const sample = new Float64Array(width);
	for (let i = 0; i < count; i++) {
		const row = rows.subarray(i * width, (i + 1) * width);
		const norm = Math.hypot(...row);
		for (let j = 0; j < width; j++) sample[j] += row[j] / norm / count;
	}
	print({ versions, sample: [...sample], windows: count - 1 });
	for await (const _ of createInterface({ input: process.stdin })) {
		const start = performance.now();
		const cpuStart = process.cpuUsage();
		await detect();
		const ms = performance.now() - start;
		const { user, system } = process.cpuUsage(cpuStart);
		print({
			ms,
			cpu: (user + system) / 1000,
			peak: (process.resourceUsage().maxRSS * 1024) / 1e6,
		});
	}
}

function print(values) {
	process.stdout.write(`${JSON.stringify(values)}\n`);
}
