// The lines of the journal. The first is the header with the id of the run, each other line is one entry. A line ends
// with a checksum over the id of the run and the rest of the line, so a damaged line, or a line of another run, is
// not taken for a result.
import { createHash } from "node:crypto";
import { tryParseJson } from "../util/json.js";
import { isStoredDetection, type StoredDetection } from "./stored-detection.js";

export interface ImageKey {
	readonly dataset: string;
	readonly category: string;
	/** The id of the image. */
	readonly image: string;
}

/** One line of the journal. An image can have several lines with different configurations. */
export interface JournalEntry extends ImageKey {
	/** In pixels. */
	readonly size?: readonly [width: number, height: number];
	/** What the decoder warned about, if the engine accepts damaged images. */
	readonly warnings?: readonly string[];
	/** Why the image cannot be decoded or scored. */
	readonly error?: string;
	/** By the id of the configuration. */
	readonly looks?: Readonly<Record<string, StoredDetection>>;
}

/** The last member of a line: `"sha256"`, 16 hexadecimal digits. */
const checksumMember = /^,"sha256":"([0-9a-f]{16})"\}$/;
const checksumLength = `,"sha256":"${"0".repeat(16)}"}`.length;

export function serializeHeader(run: string): string {
	return withChecksum(JSON.stringify({ run }), "");
}

export function serializeEntry(entry: JournalEntry, run: string): string {
	return withChecksum(JSON.stringify(entry), run);
}

/** The id of the run. undefined if the line is not a valid header. */
export function parseHeader(line: string): string | undefined {
	const { run } = parseLine(line, "") ?? {};
	return typeof run === "string" ? run : undefined;
}

/** undefined if the line is damaged or belongs to another run. */
export function parseEntry(
	line: string,
	run: string,
): JournalEntry | undefined {
	const value = parseLine(line, run);
	return value && isEntry(value) ? value : undefined;
}

function withChecksum(json: string, run: string): string {
	return `${json.slice(0, -1)},"sha256":"${checksum(json, run)}"}`;
}

function checksum(json: string, run: string): string {
	const hash = createHash("sha256").update(`${run}\n${json}`).digest("hex");
	return hash.slice(0, 16);
}

/** The content of a line without its checksum. undefined if the checksum is missing or wrong. */
function parseLine(
	line: string,
	run: string,
): Record<string, unknown> | undefined {
	const expected = checksumMember.exec(line.slice(-checksumLength))?.[1];
	const json = `${line.slice(0, -checksumLength)}}`;
	if (expected === undefined || checksum(json, run) !== expected)
		return undefined;
	const value = tryParseJson(json);
	return typeof value === "object" && value !== null
		? (value as Record<string, unknown>)
		: undefined;
}

function isEntry(
	value: Record<string, unknown>,
): value is Record<string, unknown> & JournalEntry {
	const { dataset, category, image, size, warnings = [], error, looks } = value;
	const isText = (part: unknown) => typeof part === "string";
	if (![dataset, category, image].every(isText)) return false;
	if (error !== undefined) return isText(error);
	const isSize =
		Array.isArray(size) &&
		size.length === 2 &&
		size.every((side) => Number.isSafeInteger(side) && side > 0);
	return (
		isSize &&
		Array.isArray(warnings) &&
		warnings.every(isText) &&
		typeof looks === "object" &&
		looks !== null &&
		Object.values(looks).every(isStoredDetection)
	);
}
