// Reduces a curve to a few points for the report, without a visible difference.
import type { CurvePoints } from "../report/evaluation/results.js";

const maxPoints = 200;

/**
 * The Ramer-Douglas-Peucker algorithm. Keeps the first and the last point, and at most about 200 points. The tolerance
 * starts at 2e-4 and is doubled until the number of points is small enough. Values are rounded to 5 decimals.
 */
export function simplifyCurve(x: Float64Array, y: Float64Array): CurvePoints {
	let tolerance = 2e-4;
	let kept = indicesToKeep(x, y, tolerance);
	while (kept.length > maxPoints) {
		tolerance *= 2;
		kept = indicesToKeep(x, y, tolerance);
	}
	const pick = (values: Float64Array) =>
		kept.map((i) => Math.round(values[i]! * 1e5) / 1e5);
	return { x: pick(x), y: pick(y) };
}

function indicesToKeep(
	x: Float64Array,
	y: Float64Array,
	tolerance: number,
): number[] {
	if (x.length < 3) return Array.from(x, (_, i) => i);
	const keep = new Uint8Array(x.length);
	keep[0] = 1;
	keep[x.length - 1] = 1;
	const spans: [number, number][] = [[0, x.length - 1]];
	for (let span = spans.pop(); span; span = spans.pop()) {
		const [from, to] = span;
		const farthest = farthestPoint(x, y, from, to, tolerance);
		if (farthest === undefined) continue;
		keep[farthest] = 1;
		spans.push([from, farthest], [farthest, to]);
	}
	return Array.from(keep.keys()).filter((i) => keep[i]);
}

/** The point between `from` and `to` that is farthest from their line, if its distance exceeds the tolerance. */
function farthestPoint(
	x: Float64Array,
	y: Float64Array,
	from: number,
	to: number,
	tolerance: number,
): number | undefined {
	const dx = x[to]! - x[from]!;
	const dy = y[to]! - y[from]!;
	const length = Math.hypot(dx, dy);
	const distance = (i: number) => {
		const px = x[i]! - x[from]!;
		const py = y[i]! - y[from]!;
		return length === 0
			? Math.hypot(px, py)
			: Math.abs(dx * py - dy * px) / length;
	};
	let farthest: number | undefined;
	let largest = tolerance;
	for (let i = from + 1; i < to; i++) {
		const d = distance(i);
		if (d > largest) {
			largest = d;
			farthest = i;
		}
	}
	return farthest;
}
