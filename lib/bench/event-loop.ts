// The longest time the event loop was held up. Where the system tells how long the loop's thread waited for a processor
// (Linux), that time is taken off: it is other programs' doing.
import { readFileSync } from "node:fs";

function waited(): number {
	try {
		return (
			Number(
				readFileSync("/proc/thread-self/schedstat", "utf8").split(" ")[1],
			) / 1e6 || 0
		);
	} catch {
		return 0;
	}
}

/** Milliseconds between two turns of the loop, at most, while `work` runs. A free loop turns every millisecond. */
export async function longestGap(
	work: () => Promise<unknown>,
): Promise<number> {
	let longest = 0;
	let last = performance.now() - waited();
	const turn = () => {
		const now = performance.now() - waited();
		longest = Math.max(longest, now - last);
		last = now;
	};
	const timer = setInterval(turn, 1);
	try {
		await work();
		turn();
	} finally {
		clearInterval(timer);
	}
	return longest;
}
