// The format of a file of text embeddings, little-endian as every platform of Node. `width` is the
// length of a row.
// - magic: "ALFAEMB1", 8 bytes
// - width, count: unsigned integers of 4 bytes
// - keys: the SHA-256 of each text, count x 32 bytes
// - rows: the embeddings, count x width floats of 4 bytes
// - checksum: the SHA-256 of everything before it, 32 bytes
import { createHash } from "node:crypto";

const magic = "ALFAEMB1";
const headerBytes = 16;
const hashBytes = 32;
const floatBytes = 4;

/** Embeddings of length `width` by the text's key, its SHA-256 in hexadecimal digits. */
export type Rows = Map<string, Float32Array>;

export const textKey = (text: string) => sha256(text).toString("hex");

const sha256 = (data: string | Uint8Array) =>
	createHash("sha256").update(data).digest();

/** Whether the row is finite and has length 1. Every embedding of a text has. */
export function isUnitRow(row: Float32Array): boolean {
	const square = row.reduce((sum, value) => sum + value * value, 0);
	return Math.abs(square - 1) < 1e-3; // false for NaN
}

/** The most bytes of a file with `count` rows. */
export const fileBytes = (count: number, width: number) =>
	layoutOf(count, width).end;

/** Positions in a file of `count` rows. */
function layoutOf(count: number, width: number) {
	const keys = headerBytes;
	const rows = keys + count * hashBytes;
	const checksum = rows + count * width * floatBytes;
	return { keys, rows, checksum, end: checksum + hashBytes };
}

export function encodeRows(rows: Rows, width: number): Uint8Array {
	const layout = layoutOf(rows.size, width);
	const rowBytes = width * floatBytes;
	const bytes = Buffer.alloc(layout.end);
	bytes.write(magic, "latin1");
	bytes.writeUInt32LE(width, 8);
	bytes.writeUInt32LE(rows.size, 12);
	let index = 0;
	for (const [key, row] of rows) {
		bytes.write(key, layout.keys + index * hashBytes, "hex");
		const values = new Uint8Array(row.buffer, row.byteOffset, rowBytes);
		bytes.set(values, layout.rows + index * rowBytes);
		index++;
	}
	sha256(bytes.subarray(0, layout.checksum)).copy(bytes, layout.checksum);
	return bytes;
}

/**
 * The rows of a file, or undefined if the file is damaged, has rows of another width, or rows that are no
 * embeddings.
 */
export function decodeRows(bytes: Buffer, width: number): Rows | undefined {
	const hasHeader =
		bytes.length >= headerBytes + hashBytes &&
		bytes.toString("latin1", 0, 8) === magic &&
		bytes.readUInt32LE(8) === width;
	if (!hasHeader) return undefined;
	const count = bytes.readUInt32LE(12);
	const layout = layoutOf(count, width);
	if (bytes.length !== layout.end) return undefined;
	const checksum = sha256(bytes.subarray(0, layout.checksum));
	if (!checksum.equals(bytes.subarray(layout.checksum))) return undefined;

	// Copied, so that the floats are aligned.
	const values = new Float32Array(
		new Uint8Array(bytes.subarray(layout.rows, layout.checksum)).buffer,
	);
	const rows: Rows = new Map();
	for (let index = 0; index < count; index++) {
		const start = layout.keys + index * hashBytes;
		const key = bytes.toString("hex", start, start + hashBytes);
		const row = values.subarray(index * width, (index + 1) * width);
		if (!isUnitRow(row)) return undefined;
		rows.set(key, row);
	}
	return rows;
}
