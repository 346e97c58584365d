// Reads VisA's split_csv/1cls.csv. Its columns are object, split, label, image and mask. The listed files are
// not opened.
import { readFile, stat } from "node:fs/promises";
import { posix, win32 } from "node:path";
import { CsvError, parse } from "csv-parse/sync";
import { AlfaError } from "../errors.js";
import { listed } from "../options/validate.js";

export interface SplitRow {
	/** The category. */
	object: string;
	/** true: a training image, false: a test image. */
	train: boolean;
	anomalous: boolean;
	image: string;
	mask: string;
}

// VisA's own file has 0.8 MB.
const maxBytes = 16 << 20;
const maxRecordBytes = 64 << 10;
const columns = ["object", "split", "label", "image", "mask"] as const;

type MakeError = (reason: string, cause?: unknown) => AlfaError;

/** Throws ERR_ALFA_DATASET if the file is not a split of VisA. */
export async function readSplit(file: string): Promise<SplitRow[]> {
	const makeError: MakeError = (reason, cause) =>
		new AlfaError(
			"ERR_ALFA_DATASET",
			`${file} is not a split of VisA: ${reason}. Use the file that comes with VisA, or delete it to ` +
				"read only the folders",
			{ cause },
		);
	const bytes = await readBytes(file, makeError);
	const records = parseRecords(bytes, makeError);
	const header = records.shift()?.record ?? [];
	const missing = columns.filter((name) => !header.includes(name));
	if (missing.length > 0) {
		throw makeError(
			`its first line has no column ${listed(missing)}; expected the columns ${columns.join(", ")}`,
		);
	}
	return records.map(({ record, line }) =>
		toRow(header, record, line, makeError),
	);
}

function toRow(
	header: readonly string[],
	record: readonly string[],
	line: number,
	makeError: MakeError,
): SplitRow {
	const value = (name: (typeof columns)[number]) =>
		record[header.indexOf(name)] ?? "";
	for (const name of ["object", "image"] as const) {
		if (!value(name)) throw makeError(`line ${line} has no value for ${name}`);
	}
	const isSecond = (
		name: "split" | "label",
		first: string,
		second: string,
	): boolean => {
		const found = value(name);
		if (found === first || found === second) return found === second;
		const received = JSON.stringify(found.slice(0, 80));
		throw makeError(
			`line ${line} has ${received} for ${name}; expected '${first}' or '${second}'`,
		);
	};
	return {
		object: value("object"),
		train: isSecond("split", "test", "train"),
		anomalous: isSecond("label", "normal", "anomaly"),
		image: value("image"),
		mask: value("mask"),
	};
}

async function readBytes(file: string, makeError: MakeError): Promise<Buffer> {
	const throwUnreadable = (cause: NodeJS.ErrnoException) => {
		throw makeError(
			`it cannot be read (${cause.code ?? cause.message})`,
			cause,
		);
	};
	const found = await stat(file).catch(throwUnreadable);
	if (!found.isFile()) throw makeError("it is not a regular file");
	if (found.size > maxBytes)
		throw makeError(`it is larger than the limit of ${maxBytes >> 20} MB`);
	const bytes = await readFile(file).catch(throwUnreadable);
	if (bytes.includes(0)) throw makeError("it is binary; expected text");
	return bytes;
}

function parseRecords(
	bytes: Buffer,
	makeError: MakeError,
): { record: string[]; line: number }[] {
	try {
		const options = {
			bom: true,
			info: true,
			skip_empty_lines: true,
			max_record_size: maxRecordBytes,
		} as const;
		const records = parse<{ record: string[]; info: { lines: number } }>(
			bytes,
			options as never,
		);
		return records.map(({ record, info }) => ({ record, line: info.lines }));
	} catch (cause) {
		if (!(cause instanceof CsvError)) throw cause;
		throw makeError(
			cause.code === "CSV_MAX_RECORD_SIZE"
				? `it has a line of more than ${maxRecordBytes >> 10} KB`
				: cause.message.slice(0, 300),
			cause,
		);
	}
}

/** The path as an id below the root. undefined if it leaves the root on any operating system. */
export function idInsideRoot(path: string): string | undefined {
	if (posix.isAbsolute(path) || win32.isAbsolute(path) || /^[a-z]:/i.test(path))
		return undefined;
	const id = posix.normalize(path.replaceAll("\\", "/"));
	return id === ".." || id.startsWith("../") ? undefined : id;
}
