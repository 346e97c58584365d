// What many measurements come to.

/** Of `count` values; nearest ranks, so that each is a value that was measured. */
export interface Spread {
	p50: number;
	p90: number;
	p99: number;
	count: number;
}

export function spreadOf(values: readonly number[]): Spread {
	const sorted = Float64Array.from(values).sort();
	const at = (share: number) =>
		sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? NaN;
	return { p50: at(0.5), p90: at(0.9), p99: at(0.99), count: sorted.length };
}
