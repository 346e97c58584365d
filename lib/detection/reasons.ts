export interface Reason {
	/** A descriptor of the prompt set. */
	text: string;
	/** Cosine similarity of the descriptor to the image, or to a region of it. */
	similarity: number;
}

/** The texts with their similarities, the highest similarity first. */
export function rankReasons(
	texts: readonly string[],
	similarities: ArrayLike<number>,
): Reason[] {
	return texts
		.map((text, i) => ({ text, similarity: similarities[i]! }))
		.sort((a, b) => b.similarity - a.similarity);
}

/** Cosine similarities of the unit rows [n, E] to the unit vector [E]. */
export function similarities(
	rows: Float32Array,
	embedding: Float32Array,
): Float32Array {
	const width = embedding.length;
	return Float32Array.from({ length: rows.length / width }, (_, row) => {
		let sum = 0;
		for (let i = 0; i < width; i++)
			sum += rows[row * width + i]! * embedding[i]!;
		return sum;
	});
}

/**
 * Where a similarity lies between the lowest (0) and the highest (1) of ranked reasons. For bars: the similarities of
 * one model are close to each other, so that bars of the plain values would all look the same.
 */
export function relativeSimilarity(
	ranked: readonly Reason[],
	similarity: number,
): number {
	const highest = ranked[0]!.similarity;
	const lowest = ranked.at(-1)!.similarity;
	return highest > lowest ? (similarity - lowest) / (highest - lowest) : 1;
}
