/** The words of a text in lower case, without punctuation. */
export const wordsOf = (text: string): string[] =>
	text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];

/** Equal for texts that differ only in case, spacing and punctuation. */
export const wordKey = (text: string) => wordsOf(text).join(" ");
