export interface Reason {
	text: string;
	similarity: number;
}

/** Texts with their similarities, highest first. */
export function byHighest(
	texts: readonly string[],
	similarities: ArrayLike<number>,
): Reason[] {
	return texts
		.map((text, i) => ({ text, similarity: similarities[i]! }))
		.sort((a, b) => b.similarity - a.similarity);
}

/** Cosine similarities of unit rows [n, E] to the unit vector [E]. */
export function similarities(
	rows: Float32Array,
	embedding: Float32Array,
): Float32Array {
	const width = embedding.length;
	return Float32Array.from({ length: rows.length / width }, (_, i) => {
		let sum = 0;
		for (let j = 0; j < width; j++) sum += rows[i * width + j]! * embedding[j]!;
		return sum;
	});
}

/** Where a similarity lies between the least and the most of ranked reasons, 0 to 1: cosines of one model lie close together. */
export function spanShare(
	ranked: readonly Reason[],
	similarity: number,
): number {
	const high = ranked[0]!.similarity,
		low = ranked.at(-1)!.similarity;
	return high > low ? (similarity - low) / (high - low) : 1;
}
