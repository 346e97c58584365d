// Makes text from outside (file names, answers of servers) safe for a terminal, a JSON file or an HTML page.

// Control characters, format characters (among them bidirectional marks), lone surrogates, private use characters, and
// the line and paragraph separators. Callers that allow space, tab or newline replace those first.
const unsafe = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}]/gu;

/** The character as \uXXXX; a character outside the basic plane becomes two of them, one per UTF-16 unit. */
function toUnicodeEscapes(character: string): string {
	const units = Array.from({ length: character.length }, (_, i) =>
		character.charCodeAt(i).toString(16).padStart(4, "0"),
	);
	return units.map((unit) => `\\u${unit}`).join("");
}

/** The text with its control and format characters, line breaks included, as \uXXXX. */
export function escapeControlCharacters(text: string): string {
	return text.replace(unsafe, toUnicodeEscapes);
}

/**
 * The text as one line of at most `max` characters, for a message. Runs of white space become one space; control and
 * format characters become \uXXXX, so that they cannot steer a terminal.
 */
export function visibleText(text: string, max = 200): string {
	const line = escapeControlCharacters(
		text
			.slice(0, 4 * max)
			.replace(/\s+/g, " ")
			.trim(),
	);
	return line.length > max ? `${line.slice(0, max - 1)}…` : line;
}

/** Indented JSON in which the control and format characters that JSON.stringify keeps are \uXXXX too. */
export function visibleJson(value: unknown, indentation = 2): string {
	return JSON.stringify(value, null, indentation).replace(
		unsafe,
		(character) =>
			character === "\n" ? character : toUnicodeEscapes(character),
	);
}

/** The text with its control and format characters as \uXXXX, except line breaks and tabs. */
export function visibleLines(text: string): string {
	return text.replace(unsafe, (character) =>
		character === "\n" || character === "\t"
			? character
			: toUnicodeEscapes(character),
	);
}

export function hasControlCharacters(text: string): boolean {
	return text.search(unsafe) >= 0;
}

/**
 * For the content of an HTML element and for a quoted attribute. Control and format characters become visible, so that
 * they cannot turn the direction of the page's text.
 */
export function escapeHtml(text: string): string {
	return visibleLines(text).replace(
		/[&<>"']/g,
		(character) => `&#${character.charCodeAt(0)};`,
	);
}

/**
 * JSON for the inside of a <script type="application/json">: without '<', nothing in it can end the element. Control
 * and format characters in its strings become visible text, because a viewer shows them. Keys stay as they are.
 */
export function jsonForHtml(value: unknown): string {
	const visible = (_: string, each: unknown) =>
		typeof each === "string" ? visibleLines(each) : each;
	return JSON.stringify(value, visible).replaceAll("<", "\\u003c");
}
