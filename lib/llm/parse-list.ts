// Finds the list in the answer of a language model: JSON of the requested form or of another one,
// JSON inside prose, or a plain list.

const maxItems = 200;
const maxCharacters = 2 ** 18;

/**
 * Longer than any prompt. Items are cut before a pattern is applied to them, and dropped later for
 * their length.
 */
const maxItemLength = 1000;

/** The items of an answer, in their order and unchanged. Nothing is filtered here. */
export function parseList(answer: string): string[] {
	return findItems(answer)
		.slice(0, maxItems)
		.map((item) => item.slice(0, maxItemLength));
}

function findItems(answer: string): string[] {
	const text = removeThinking(answer.slice(0, maxCharacters)).trim();
	const fenced = fencedBlocks(text);
	const candidates = [
		text,
		...fenced,
		textBetween(text, "{", "}"),
		textBetween(text, "[", "]"),
	];
	for (const candidate of candidates) {
		const items = candidate ? collectStrings(parseJson(candidate)) : [];
		if (items.length > 0) return items;
	}
	const body = fenced.length > 0 ? fenced.join("\n") : text;
	const items = /^[[{]/.test(body) ? stringsOfBrokenJson(body) : [];
	return items.length > 0 ? items : listLines(body);
}

/** Some models write their thoughts first and the answer after them. */
function removeThinking(text: string): string {
	const endTag = "</think>";
	const end = text.lastIndexOf(endTag);
	return end < 0 ? text : text.slice(end + endTag.length);
}

function fencedBlocks(text: string): string[] {
	return text
		.split("```")
		.filter((_, i) => i % 2 === 1)
		.map((block) => block.replace(/^[\w-]*\n/, "").trim())
		.filter(Boolean);
}

/** From the first `open` to the last `close`. */
function textBetween(
	text: string,
	open: string,
	close: string,
): string | undefined {
	const start = text.indexOf(open);
	const end = text.lastIndexOf(close);
	return start >= 0 && end > start ? text.slice(start, end + 1) : undefined;
}

function parseJson(text: string): unknown {
	try {
		return JSON.parse(text);
	} catch {
		return undefined;
	}
}

const maxDepth = 6;

/** The strings inside arrays, at any depth. If there are none, all strings. */
function collectStrings(root: unknown): string[] {
	const inLists: string[] = [];
	const all: string[] = [];
	const visit = (value: unknown, isInList: boolean, depth: number) => {
		if (all.length >= maxItems || depth > maxDepth) return;
		if (typeof value === "string") {
			all.push(value);
			if (isInList) inLists.push(value);
		} else if (typeof value === "object" && value !== null) {
			for (const child of Object.values(value))
				visit(child, isInList || Array.isArray(value), depth + 1);
		}
	};
	if (typeof root === "object") visit(root, false, 0);
	return inLists.length > 0 ? inLists : all;
}

/** The complete strings, without keys, of JSON that was cut off or is not quite JSON. */
function stringsOfBrokenJson(text: string): string[] {
	const matches = text.matchAll(/"(?:[^"\\\n]|\\.)*"(\s*:)?/g);
	return [...matches].flatMap(([match, colon]) => {
		const item = colon ? undefined : parseJson(match);
		return typeof item === "string" ? [item] : [];
	});
}

const bullet = /^\s*(?:[-*+•‣–—]|\(?\d{1,3}[.):]|\(?[a-z][.)])\s+/i;
const emphasis = /(\*\*|__)(?=\S)([^*_]+?)\1/g;
const quotes = /^\s*["'“‘](.*?)["'”’][,;]?\s*$/;
const headingOrRule = /^#{1,6}\s|^[-=_*]{3,}$/;

/** One item per line, without list marks, emphasis, and the quotes around a complete line. */
function listLines(text: string): string[] {
	return text.split(/\r?\n/, 4 * maxItems).flatMap((line) => {
		const item = line
			.slice(0, maxItemLength)
			.replace(bullet, "")
			.replace(emphasis, "$2")
			.replace(quotes, "$1")
			.trim();
		return item === "" || headingOrRule.test(line.trim()) ? [] : [item];
	});
}
