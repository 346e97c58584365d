import { parseJson } from "../util/json.js";

/**
 * Where a text stops being valid JSON, as "line 2, column 17". The messages of JSON.parse in Node
 * 20 often do not say it.
 */
export function jsonErrorPosition(text: string): string {
	const { length } = validStart(text);
	const lines = text.slice(0, length).split("\n");
	return `line ${lines.length}, column ${lines.at(-1)!.length + 1}`;
}

/** The longest start of the text that could be continued to valid JSON, found by bisection. */
function validStart(text: string): string {
	let valid = 0;
	let invalid = text.length + 1;
	while (valid + 1 < invalid) {
		const middle = (valid + invalid) >> 1;
		if (canBeContinued(text.slice(0, middle))) valid = middle;
		else invalid = middle;
	}
	return text.slice(0, valid);
}

function canBeContinued(start: string): boolean {
	try {
		parseJson(start);
		return true;
	} catch (error) {
		const { message } = error as Error;
		if (/end of JSON input|Unterminated string/.test(message)) return true;
		return Number(/position (\d+)/.exec(message)?.[1]) >= start.length;
	}
}
