// What reaches a terminal: file names made harmless, colours where they are wanted, columns that line up.
import { stripVTControlCharacters } from "node:util";

export { escapeControlCharacters as safe } from "../util/escape.js";

type Colour = "red" | "green" | "yellow" | "dim" | "bold";
const codes: Record<Colour, [number, number]> = {
	red: [31, 39],
	green: [32, 39],
	yellow: [33, 39],
	dim: [2, 22],
	bold: [1, 22],
};

const coloured = process.env["NO_COLOR"]
	? false
	: process.env["FORCE_COLOR"]
		? process.env["FORCE_COLOR"] !== "0"
		: process.stdout.isTTY === true && process.env["TERM"] !== "dumb";

export function colour(name: Colour, text: string): string {
	const [on, off] = codes[name];
	return coloured ? `\u001b[${on}m${text}\u001b[${off}m` : text;
}

export function print(line = ""): void {
	process.stdout.write(`${line}\n`);
}

export function printJson(value: unknown): void {
	print(JSON.stringify(value, null, 2));
}

/** Progress, remarks and errors: everything that is not a result. */
export function note(line: string): void {
	process.stderr.write(`${line}\n`);
}

export interface Column {
	title: string;
	width: number;
	right?: boolean;
}

/** A table that is printed as its rows come: the widths stand before. Longer cells lose their beginning (file names). */
export class Table {
	constructor(readonly columns: readonly Column[]) {}

	header(): void {
		this.row(this.columns.map(({ title }) => colour("bold", title)));
		print(
			colour(
				"dim",
				this.columns.map(({ width }) => "─".repeat(width)).join("  "),
			),
		);
	}

	row(cells: readonly string[]): void {
		print(
			this.columns
				.map(({ width, right }, i) => fitted(cells[i] ?? "", width, right))
				.join("  ")
				.trimEnd(),
		);
	}
}

function fitted(cell: string, width: number, right = false): string {
	const length = [...stripVTControlCharacters(cell)].length;
	if (length > width)
		return `…${[...stripVTControlCharacters(cell)].slice(length - width + 1).join("")}`;
	const space = " ".repeat(width - length);
	return right ? space + cell : cell + space;
}
