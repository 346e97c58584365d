// Finds the list in the answer of a language model: JSON of the requested form or of another one,
// JSON inside prose, or a plain list.
import { tryParseJson } from "../util/json.js";

const maxItems = 200;
const maxCharacters = 2 ** 18;

/**
 * Longer than any prompt. Items are cut before a pattern is applied to them, and dropped later for
 * their length.
 */
const maxItemLength = 1000;

/** The items of an answer, in their order, without the marks of a list. Nothing is filtered here. */
export function parseList(answer: string): string[] {
	return splitEnumeration(findItems(answer))
		.flatMap((item) =>
			/[\r\n]/.test(item) ? listLines(item) : [withoutMarks(item)],
		)
		.slice(0, maxItems)
		.map((item) => item.slice(0, maxItemLength));
}

/** Some models write all phrases in one line: "cracked neck, chipped rim, ...". */
function splitEnumeration(items: string[]): string[] {
	const [line] = items;
	if (items.length !== 1 || line === undefined) return items;
	const isDescription = /normal (?:image|photo|picture)/i.test(line);
	const parts = line.slice(0, maxCharacters).split(/[.;,]\s+/, maxItems);
	return isDescription || parts.length < minPhrases ? items : parts;
}

const minPhrases = 6;

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
		const items = candidate ? collectStrings(tryParseJson(candidate)) : [];
		if (items.length > 0) return items;
	}
	const body = fenced.length > 0 ? fenced.join("\n") : text;
	const items = /^[[{]/.test(body) ? stringsOfBrokenJson(body) : [];
	return items.length > 0 ? items : listLines(body);
}

/** Some models write their thoughts first and the answer after them. */
const thoughtEnds = [
	"</think>",
	"</thinking>",
	"</thought>",
	"</reasoning>",
	"[/THINK]",
	"<|channel|>final<|message|>",
];

function removeThinking(text: string): string {
	const end = Math.max(
		...thoughtEnds.map((tag) => {
			const start = text.lastIndexOf(tag);
			return start < 0 ? 0 : start + tag.length;
		}),
	);
	return text.slice(end);
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

const maxDepth = 6;

/**
 * The strings inside arrays, at any depth. If there are none, all strings, and keys that are sentences. JSON inside a
 * string of JSON is read too.
 */
function collectStrings(root: unknown): string[] {
	const inLists: string[] = [];
	const all: string[] = [];
	const visit = (value: unknown, isInList: boolean, depth: number) => {
		if (all.length >= maxItems || depth > maxDepth) return;
		if (typeof value === "string") {
			all.push(value);
			if (isInList) inLists.push(value);
		} else if (typeof value === "object" && value !== null) {
			for (const [key, child] of Object.entries(value)) {
				if (isSentence(key)) all.push(key);
				visit(child, isInList || Array.isArray(value), depth + 1);
			}
		}
	};
	if (typeof root === "string") return findItems(root);
	visit(root, false, 0);
	return inLists.length > 0 ? inLists : all;
}

const isSentence = (key: string) => key.split(" ", minWords).length >= minWords;
const minWords = 4;

/** The complete strings, without keys, of JSON that was cut off or is not quite JSON, such as a list of Python. */
function stringsOfBrokenJson(text: string): string[] {
	const doubleQuoted = [...text.matchAll(/"(?:[^"\\\n]|\\.)*"(\s*:)?/g)];
	const items = doubleQuoted.flatMap(([match, colon]) => {
		const item = colon ? undefined : tryParseJson(match);
		return typeof item === "string" ? [item] : [];
	});
	if (items.length > 0) return items;
	const singleQuoted = text.matchAll(
		/(?<=[[{,:]\s*)'([^\n]{0,400}?)'(?=\s*[,\]}])/g,
	);
	return [...singleQuoted].map(([, item = ""]) => item.replace(/\\'/g, "'"));
}

const bullet =
	/^\s*(?:[-*+•‣–—]|[(#]?\d{1,3}(?:[.):]|\s+[-–—])|\(?[a-z][.)])(?:\s+|(?<=\d[.)])(?=[\p{L}"'“*_]))/iu;
const emphasis = /(\*\*|__)(?=\S)([^*_]+?)\1/g;
const quotes = /^\s*["'“‘](.*?)["'”’][,;]?\s*$/;
const tags = /^<([a-z]{1,20})>(.*)<\/\1>$/i;
const headingOrRule = /^#{1,6}\s|^[-=_*]{3,}$|^\|[\s|:-]+\|$/;

/** One item per line. A line of several descriptions is split into its sentences. */
function listLines(text: string): string[] {
	return text.split(/\r?\n|\r/, 4 * maxItems).flatMap((line) => {
		const trimmed = line.slice(0, 8 * maxItemLength).trim();
		if (trimmed === "" || headingOrRule.test(trimmed)) return [];
		return sentences(trimmed).map(withoutMarks).filter(Boolean);
	});
}

/** Splits between "...in the middle. A normal image of ...". */
const betweenDescriptions =
	/(?<=[.;,])\s+(?=(?:\d{1,3}[.)]\s+)?(?:an?\s+)?(?:ab)?normal\s+(?:image|photo))/i;

const sentences = (line: string) => line.split(betweenDescriptions, maxItems);

/** The text of a line without list marks, emphasis, tags, table borders, and the quotes around all of it. */
function withoutMarks(line: string): string {
	const text = longestCell(line.slice(0, maxItemLength))
		.replace(tags, "$2")
		.replace(bullet, "")
		.replace(emphasis, "$2")
		.replace(bullet, "")
		.trim();
	return text.replace(quotes, "$1").replace(bullet, "").trim();
}

/** The longest cell of a row in a table, "| 1 | A normal image ... |". Other lines stay as they are. */
function longestCell(line: string): string {
	if (!/^\s*\|.*\|\s*$/.test(line)) return line;
	const cells = line.split("|").map((cell) => cell.trim());
	return cells.reduce((a, b) => (b.length > a.length ? b : a));
}
