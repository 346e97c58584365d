/**
 * Turns "a" into "an" before a vowel letter, except before words that start with the sound of a
 * consonant, such as "uniform".
 */
export function withArticles(text: string): string {
	return text.replace(
		/\b(a) (?=[aeiou])(?!(?:uni(?:form|que|t)|us[ue]|one|eu))/gi,
		"$1n ",
	);
}
