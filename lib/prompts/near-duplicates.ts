import { argumentError } from "../errors.js";

/**
 * Tells for each of `count` unit rows whether it is kept. A row is dropped if its cosine similarity to
 * an earlier kept row is above `maxSimilarity`.
 */
export function keepDistinctRows(
	rows: Float32Array,
	count: number,
	maxSimilarity: number,
): boolean[] {
	const width = rows.length / count;
	if (!Number.isInteger(width) || width === 0) {
		throw argumentError(
			`Expected ${count} rows of equal length from embed but received ${rows.length} numbers`,
		);
	}
	const row = (i: number) => rows.subarray(i * width, (i + 1) * width);
	const kept: Float32Array[] = [];
	return Array.from({ length: count }, (_, i) => {
		const isDistinct = kept.every(
			(other) => cosine(other, row(i)) <= maxSimilarity,
		);
		if (isDistinct) kept.push(row(i));
		return isDistinct;
	});
}

/** The dot product, which is the cosine of two unit rows. */
function cosine(a: Float32Array, b: Float32Array): number {
	let sum = 0;
	for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
	return sum;
}
