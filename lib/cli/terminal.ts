// Output of the commands: results to stdout, everything else to stderr; colours and tables.
import { stripVTControlCharacters } from "node:util";
import {
	escapeControlCharacters as printable,
	visibleJson,
} from "../util/escape.js";

export {
	escapeControlCharacters as printable,
	visibleLines,
} from "../util/escape.js";

type Colour = "red" | "green" | "yellow" | "dim" | "bold";

/** The codes that switch a style on and off. */
const styleCodes: Record<Colour, [number, number]> = {
	red: [31, 39],
	green: [32, 39],
	yellow: [33, 39],
	dim: [2, 22],
	bold: [1, 22],
};

const colourEnabled = detectColour();

function detectColour(): boolean {
	const { NO_COLOR, FORCE_COLOR, TERM } = process.env;
	if (NO_COLOR) return false;
	if (FORCE_COLOR) return FORCE_COLOR !== "0";
	return process.stdout.isTTY === true && TERM !== "dumb";
}

export function colour(name: Colour, text: string): string {
	if (!colourEnabled) return text;
	const [on, off] = styleCodes[name];
	return `\u001b[${on}m${text}\u001b[${off}m`;
}

export function print(line = ""): void {
	process.stdout.write(`${line}\n`);
}

export function printJson(value: unknown): void {
	print(visibleJson(value));
}

/** Prints a line to stderr: progress, remarks and errors. */
export function log(line: string): void {
	process.stderr.write(`${line}\n`);
}

/**
 * Ends the process if stdout cannot be written. If the reader of a pipe has ended (EPIPE), as `head` does, there is
 * nothing to tell. Otherwise, for example on a full disk (ENOSPC), it prints one line and the exit status is 1.
 */
export function watchOutput(): void {
	process.stderr.on("error", () => process.exit(1));
	process.stdout.on("error", ({ code, message }: NodeJS.ErrnoException) => {
		if (code === "EPIPE") process.exit();
		log(`alfa: The output cannot be written (${code}): ${printable(message)}`);
		process.exit(1);
	});
}

export interface Column {
	title: string;
	width: number;
	/** Align to the right. */
	right?: boolean;
}

/**
 * A table with fixed column widths, so that each row is printed as soon as it is known. A cell that is too
 * long loses its beginning, because the end of a file name tells more than its start.
 */
export class Table {
	readonly #columns: readonly Column[];

	constructor(columns: readonly Column[]) {
		this.#columns = columns;
	}

	printHeader(): void {
		this.printRow(this.#columns.map(({ title }) => colour("bold", title)));
		const lines = this.#columns.map(({ width }) => "─".repeat(width));
		print(colour("dim", lines.join("  ")));
	}

	printRow(cells: readonly string[]): void {
		const fitted = this.#columns.map((column, i) =>
			fitCell(cells[i] ?? "", column),
		);
		print(fitted.join("  ").trimEnd());
	}
}

function fitCell(cell: string, { width, right = false }: Column): string {
	const characters = [...stripVTControlCharacters(cell)];
	if (characters.length > width)
		return `…${characters.slice(characters.length - width + 1).join("")}`;
	const space = " ".repeat(width - characters.length);
	return right ? space + cell : cell + space;
}

/** A line on stderr that is overwritten in place. Only a terminal supports it. */
export class StatusLine {
	readonly isSupported =
		process.stderr.isTTY === true && process.env["TERM"] !== "dumb";
	#isVisible = false;

	write(text: string): void {
		const width = (process.stderr.columns || 80) - 1;
		process.stderr.write(`\r\u001b[K${text.slice(0, width)}`);
		this.#isVisible = true;
	}

	/** Deletes the line. */
	clear(): void {
		if (this.#isVisible) process.stderr.write("\r\u001b[K");
		this.#isVisible = false;
	}

	/** Keeps the line and continues on the next one. */
	end(): void {
		if (this.#isVisible) process.stderr.write("\n");
		this.#isVisible = false;
	}
}
