import type { Logger } from "../../dist/index.js";

/** A logger that collects warnings and counts the texts that went through the text tower. */
export class TestLogger implements Logger {
	readonly warnings: string[] = [];
	encodedTexts = 0;

	readonly debug = (message: string) => {
		this.encodedTexts += Number(
			/^Encoded (\d+) texts$/.exec(message)?.[1] ?? 0,
		);
	};

	readonly warn = (message: string) => {
		this.warnings.push(message);
	};
}
