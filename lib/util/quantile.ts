/** The q-quantile of at least one value, linear between order statistics (NumPy's default). */
export function quantileOf(values: readonly number[], q: number): number {
	const sorted = Float64Array.from(values).sort();
	const at = q * (sorted.length - 1);
	const low = Math.floor(at);
	const below = sorted[low]!;
	return below + (at - low) * ((sorted[low + 1] ?? below) - below);
}
