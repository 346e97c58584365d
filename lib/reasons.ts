export interface Reason { text: string; similarity: number }

/** Texts with their similarities, highest first. */
export function byHighest(texts: readonly string[], similarities: ArrayLike<number>): Reason[] {
  return texts.map((text, i) => ({ text, similarity: similarities[i]! })).sort((a, b) => b.similarity - a.similarity)
}

/** Cosine similarities of unit rows [n, E] to the unit vector [E]. */
export function similarities(rows: Float32Array, embedding: Float32Array): Float32Array {
  const width = embedding.length
  return Float32Array.from({ length: rows.length / width }, (_, i) => {
    let sum = 0
    for (let j = 0; j < width; j++) sum += rows[i * width + j]! * embedding[j]!
    return sum
  })
}
