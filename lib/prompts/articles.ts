/** "a industrial" -> "an industrial". By letters, with the vowels that sound like consonants excepted. */
export function withArticles(text: string): string {
	return text.replace(
		/\b(a) (?=[aeiou])(?!(?:uni(?:form|que|t)|us[ue]|one|eu))/gi,
		"$1n ",
	);
}
