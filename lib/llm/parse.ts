// The list in an answer, whatever it is wrapped in: JSON of the form asked for or another, JSON in prose, a plain list.

const mostItems = 200;
const mostCharacters = 2 ** 18;
const longestItem = 1000; // past any prompt: a longer one is cut here and dropped later, before any pattern meets it

/** The texts of an answer in their order, as they stand there: nothing is judged here. */
export function itemsOf(answer: string): string[] {
	return found(answer)
		.slice(0, mostItems)
		.map((item) => item.slice(0, longestItem));
}

function found(answer: string): string[] {
	const text = afterThinking(answer.slice(0, mostCharacters)).trim();
	const fenced = text
		.split("```")
		.filter((_, i) => i % 2 === 1)
		.map((block) => block.replace(/^[\w-]*\n/, "").trim())
		.filter(Boolean);
	for (const candidate of [
		text,
		...fenced,
		between(text, "{", "}"),
		between(text, "[", "]"),
	]) {
		const items = candidate && stringsOf(parsed(candidate));
		if (items && items.length > 0) return items;
	}
	const body = fenced.length > 0 ? fenced.join("\n") : text;
	const items = /^[[{]/.test(body) ? cutOff(body) : [];
	return items.length > 0 ? items : linesOf(body);
}

/** Models that think aloud put the answer after it. */
function afterThinking(text: string): string {
	const end = text.lastIndexOf("</think>");
	return end < 0 ? text : text.slice(end + "</think>".length);
}

function between(
	text: string,
	open: string,
	close: string,
): string | undefined {
	const start = text.indexOf(open);
	const end = text.lastIndexOf(close);
	return start >= 0 && end > start ? text.slice(start, end + 1) : undefined;
}

function parsed(text: string): unknown {
	try {
		return JSON.parse(text);
	} catch {
		return undefined;
	}
}

/** Strings that are elements of arrays, or stand in objects that are; where there are none, all strings. */
function stringsOf(value: unknown): string[] {
	const listed: string[] = [];
	const all: string[] = [];
	const visit = (each: unknown, inList: boolean, depth: number) => {
		if (all.length >= mostItems || depth > 6) return;
		if (typeof each === "string") {
			all.push(each);
			if (inList) listed.push(each);
		} else if (typeof each === "object" && each !== null) {
			for (const inner of Object.values(each))
				visit(inner, inList || Array.isArray(each), depth + 1);
		}
	};
	if (typeof value === "object") visit(value, false, 0);
	return listed.length > 0 ? listed : all;
}

/** JSON that ends too early, or is not quite JSON: its whole strings, without the keys. */
function cutOff(text: string): string[] {
	return [...text.matchAll(/"(?:[^"\\\n]|\\.)*"(\s*:)?/g)].flatMap(
		([whole, key]) => {
			const item = key ? undefined : parsed(whole);
			return typeof item === "string" ? [item] : [];
		},
	);
}

const bullet = /^\s*(?:[-*+•‣–—]|\(?\d{1,3}[.):]|\(?[a-z][.)])\s+/i;
const emphasis = /(\*\*|__)(?=\S)([^*_]+?)\1/g;

/** One item a line: list marks, emphasis and the quotes around a whole line go. */
function linesOf(text: string): string[] {
	return text.split(/\r?\n/, 4 * mostItems).flatMap((line) => {
		const item = line
			.slice(0, longestItem)
			.replace(bullet, "")
			.replace(emphasis, "$2")
			.replace(/^\s*["'“‘](.*?)["'”’][,;]?\s*$/, "$1")
			.trim();
		return item === "" || /^#{1,6}\s|^[-=_*]{3,}$/.test(line.trim())
			? []
			: [item];
	});
}
