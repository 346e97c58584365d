// VisA's split_csv/1cls.csv as rows: object, split, label, image, mask, and nothing said about the files it names.
import { readFile, stat } from "node:fs/promises";
import { posix, win32 } from "node:path";
import { CsvError, parse } from "csv-parse/sync";
import { listed } from "../options/validate.js";
import { AlfaError } from "../errors.js";

export interface SplitRow {
	object: string;
	train: boolean;
	anomalous: boolean;
	image: string;
	mask: string;
}

const maxBytes = 16 << 20; // VisA's own has 0.8 MB
const maxRecord = 64 << 10;
const columns = ["object", "split", "label", "image", "mask"] as const;

/** Throws ERR_ALFA_DATASET where it is no such table. */
export async function readSplit(file: string): Promise<SplitRow[]> {
	const refuse = (why: string, cause?: unknown) =>
		new AlfaError(
			"ERR_ALFA_DATASET",
			`${file} is no split of VisA: ${why}. Take the file that comes with VisA, or remove it to read the folders alone`,
			{ cause },
		);
	const unreadable = (cause: NodeJS.ErrnoException) => {
		throw refuse(`it cannot be read (${cause.code ?? cause.message})`, cause);
	};
	const found = await stat(file).catch(unreadable);
	if (!found.isFile()) throw refuse("it is no ordinary file");
	if (found.size > maxBytes)
		throw refuse(`it is larger than the limit of ${maxBytes >> 20} MB`);
	const bytes = await readFile(file).catch(unreadable);
	if (bytes.includes(0))
		throw refuse("it is binary, where a table of text was expected");
	const rows = records(bytes, refuse);
	const header = rows.shift()?.record ?? [];
	const missing = columns.filter((name) => !header.includes(name));
	if (missing.length > 0)
		throw refuse(
			`its first line has no column ${listed(missing)}; expected are ${columns.join(", ")}`,
		);
	const [object, split, label, image, mask] = columns.map((name) =>
		header.indexOf(name),
	) as [number, number, number, number, number];

	return rows.map(({ record, line }) => {
		const choice = (column: number, first: string, second: string) => {
			const value = record[column]!;
			if (value !== first && value !== second)
				throw refuse(
					`line ${line} has ${JSON.stringify(value.slice(0, 80))} for ${header[column]}, where '${first}' or '${second}' was expected`,
				);
			return value === second;
		};
		for (const column of [object, image])
			if (!record[column])
				throw refuse(`line ${line} has nothing for ${header[column]}`);
		return {
			object: record[object]!,
			train: choice(split, "test", "train"),
			anomalous: choice(label, "normal", "anomaly"),
			image: record[image]!,
			mask: record[mask]!,
		};
	});
}

function records(
	bytes: Buffer,
	refuse: (why: string, cause?: unknown) => AlfaError,
): { record: string[]; line: number }[] {
	try {
		const options = {
			bom: true,
			info: true,
			skip_empty_lines: true,
			max_record_size: maxRecord,
		} as const;
		return parse<{ record: string[]; info: { lines: number } }>(
			bytes,
			options as never,
		).map(({ record, info }) => ({ record, line: info.lines }));
	} catch (cause) {
		if (!(cause instanceof CsvError)) throw cause;
		throw refuse(
			cause.code === "CSV_MAX_RECORD_SIZE"
				? `a line in it is longer than ${maxRecord >> 10} KB`
				: cause.message.slice(0, 300),
			cause,
		);
	}
}

/** The path as an id below the root, or undefined where it leaves the root on any system. */
export function inside(path: string): string | undefined {
	if (posix.isAbsolute(path) || win32.isAbsolute(path) || /^[a-z]:/i.test(path))
		return undefined;
	const id = posix.normalize(path.replaceAll("\\", "/"));
	return id === ".." || id.startsWith("../") ? undefined : id;
}
