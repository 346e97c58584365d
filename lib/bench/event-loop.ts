// Measures the longest time for which the event loop was blocked.
import { readFileSync } from "node:fs";

/**
 * Milliseconds for which this thread has waited for a processor so far. Other programs cause this time, so it is
 * subtracted. 0 if the system does not report it (only Linux does).
 */
function schedulerWait(): number {
	try {
		const nanoseconds = readFileSync(
			"/proc/thread-self/schedstat",
			"utf8",
		).split(" ")[1];
		return Number(nanoseconds) / 1e6 || 0;
	} catch {
		return 0;
	}
}

/**
 * The longest time in milliseconds between two turns of the event loop while `work` runs. A free loop turns
 * every 1 ms.
 */
export async function longestGap(
	work: () => Promise<unknown>,
): Promise<number> {
	let longest = 0;
	let last = performance.now() - schedulerWait();
	const measure = () => {
		const now = performance.now() - schedulerWait();
		longest = Math.max(longest, now - last);
		last = now;
	};
	const timer = setInterval(measure, 1);
	try {
		await work();
		measure();
	} finally {
		clearInterval(timer);
	}
	return longest;
}
