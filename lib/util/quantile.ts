/** The q-quantile of one or more values, linear between order statistics (NumPy's default). */
export function quantile(values: readonly number[], q: number): number {
	const sorted = Float64Array.from(values).sort();
	const position = q * (sorted.length - 1);
	const index = Math.floor(position);
	const lower = sorted[index]!;
	const upper = sorted[index + 1] ?? lower;
	return lower + (position - index) * (upper - lower);
}
