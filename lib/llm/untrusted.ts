// Text that others wrote (answers, error pages): shown only with what steers a terminal or a reader made visible.

// Controls, format and bidi marks, lone surrogates, private use, line separators. Space, tab and newline are no matter of this.
const harmful = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}]/gu;

const escaped = (mark: string) =>
	[...Array(mark.length)]
		.map((_, i) => `\\u${mark.charCodeAt(i).toString(16).padStart(4, "0")}`)
		.join("");

/** One line of at most `max` characters, its control and format characters as \uXXXX. */
export function visible(text: string, max = 200): string {
	const line = text
		.slice(0, 4 * max)
		.replace(/\s+/g, " ")
		.trim()
		.replace(harmful, escaped);
	return line.length > max ? `${line.slice(0, max - 1)}…` : line;
}

/** JSON of two-space indent that is safe to look at: the marks that JSON.stringify leaves raw are \uXXXX too. */
export function visibleJson(value: unknown): string {
	return JSON.stringify(value, null, 2).replace(harmful, (mark) =>
		mark === "\n" ? mark : escaped(mark),
	);
}

export function holdsControl(text: string): boolean {
	return text.search(harmful) >= 0;
}
