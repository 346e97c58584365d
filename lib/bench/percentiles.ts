/** Percentiles of measured values by the nearest-rank method: each is one of the measured values. */
export interface Percentiles {
	p50: number;
	p90: number;
	p99: number;
	/** The number of values. */
	count: number;
}

export function percentiles(values: readonly number[]): Percentiles {
	const sorted = Float64Array.from(values).sort();
	const percentile = (share: number) =>
		sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? NaN;
	return {
		p50: percentile(0.5),
		p90: percentile(0.9),
		p99: percentile(0.99),
		count: sorted.length,
	};
}
