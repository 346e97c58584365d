export interface Reason { text: string; similarity: number }

/** Texts with rows [n, E] by cosine similarity to the embedding [E], highest first; all unit vectors. */
export function ranked(texts: readonly string[], rows: Float32Array, embedding: Float32Array): Reason[] {
  const width = embedding.length
  const similarity = (i: number) => {
    let sum = 0
    for (let j = 0; j < width; j++) sum += rows[i * width + j]! * embedding[j]!
    return sum
  }
  return texts.map((text, i) => ({ text, similarity: similarity(i) })).sort((a, b) => b.similarity - a.similarity)
}
