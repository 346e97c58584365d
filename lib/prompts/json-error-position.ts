/** Where a text stops being JSON, as "line 2, column 17": Node 20's own message often does not say. */
export function brokenPlace(text: string): string {
	// The shortest beginning that no continuation could mend, by bisection; the whole text if it merely ends too early.
	let sound = 0;
	let broken = text.length + 1;
	while (sound + 1 < broken) {
		const middle = (sound + broken) >> 1;
		if (canGoOn(text.slice(0, middle))) sound = middle;
		else broken = middle;
	}
	const before = text.slice(0, sound).split("\n");
	return `line ${before.length}, column ${before.at(-1)!.length + 1}`;
}

function canGoOn(beginning: string): boolean {
	try {
		JSON.parse(beginning);
		return true;
	} catch (error) {
		const { message } = error as Error;
		return (
			/end of JSON input|Unterminated string/.test(message) ||
			Number(/position (\d+)/.exec(message)?.[1]) >= beginning.length
		);
	}
}
