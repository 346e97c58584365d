// Curves for a report: few points, none of them off by more than a picture shows.
import type { CurvePoints } from "./results.js";

const most = 200;
const rounded = (value: number) => Math.round(value * 1e5) / 1e5;

/** At most about 200 of the points, those that bend the line most; the first and the last stay. */
export function thinned(x: Float64Array, y: Float64Array): CurvePoints {
	let tolerance = 2e-4;
	let kept = simplified(x, y, tolerance);
	while (kept.length > most) kept = simplified(x, y, (tolerance *= 2));
	return {
		x: kept.map((i) => rounded(x[i]!)),
		y: kept.map((i) => rounded(y[i]!)),
	};
}

/** Ramer-Douglas-Peucker: indices of the points that stay. */
function simplified(
	x: Float64Array,
	y: Float64Array,
	tolerance: number,
): number[] {
	if (x.length < 3) return Array.from(x, (_, i) => i);
	const keep = new Uint8Array(x.length);
	keep[0] = keep[x.length - 1] = 1;
	const spans: [number, number][] = [[0, x.length - 1]];
	for (let span = spans.pop(); span; span = spans.pop()) {
		const [from, to] = span;
		let worst = tolerance;
		let at = -1;
		const dx = x[to]! - x[from]!;
		const dy = y[to]! - y[from]!;
		const length = Math.hypot(dx, dy);
		for (let i = from + 1; i < to; i++) {
			const off =
				length === 0
					? Math.hypot(x[i]! - x[from]!, y[i]! - y[from]!)
					: Math.abs(dx * (y[i]! - y[from]!) - dy * (x[i]! - x[from]!)) /
						length;
			if (off > worst) {
				worst = off;
				at = i;
			}
		}
		if (at < 0) continue;
		keep[at] = 1;
		spans.push([from, at], [at, to]);
	}
	return Array.from(keep.entries()).flatMap(([i, kept]) => (kept ? [i] : []));
}
