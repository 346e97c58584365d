// A file of embeddings: a head (magic, width, count), each text's SHA-256, the rows as 32-bit floats, and the SHA-256 of
// all that, in the byte order of every platform that Node runs on, little-endian. A file that does not check is not read.
import { createHash } from "node:crypto";

const magic = "ALFAEMB1";
const headBytes = 16;
const hashBytes = 32;

export type Rows = Map<string, Float32Array>; // SHA-256 of the text, hex -> [width]

const sha256 = (data: string | Uint8Array) =>
	createHash("sha256").update(data).digest();

export const textKey = (text: string) => sha256(text).toString("hex");

export function encodeRows(rows: Rows, width: number): Uint8Array {
	const keysAt = headBytes,
		rowsAt = keysAt + rows.size * hashBytes,
		endAt = rowsAt + rows.size * width * 4;
	const bytes = Buffer.alloc(endAt + hashBytes);
	bytes.write(magic, "latin1");
	bytes.writeUInt32LE(width, 8);
	bytes.writeUInt32LE(rows.size, 12);
	let index = 0;
	for (const [key, row] of rows) {
		bytes.write(key, keysAt + index * hashBytes, "hex");
		bytes.set(
			new Uint8Array(row.buffer, row.byteOffset, width * 4),
			rowsAt + index * width * 4,
		);
		index++;
	}
	sha256(bytes.subarray(0, endAt)).copy(bytes, endAt);
	return bytes;
}

/** undefined where the bytes are not a whole file of that width. */
export function decodeRows(bytes: Buffer, width: number): Rows | undefined {
	if (
		bytes.length < headBytes + hashBytes ||
		bytes.toString("latin1", 0, 8) !== magic ||
		bytes.readUInt32LE(8) !== width
	)
		return undefined;
	const count = bytes.readUInt32LE(12);
	const rowsAt = headBytes + count * hashBytes,
		endAt = rowsAt + count * width * 4;
	if (
		bytes.length !== endAt + hashBytes ||
		!sha256(bytes.subarray(0, endAt)).equals(bytes.subarray(endAt))
	)
		return undefined;
	const all = new Float32Array(
		new Uint8Array(bytes.subarray(rowsAt, endAt)).buffer,
	);
	const rows: Rows = new Map();
	for (let index = 0; index < count; index++) {
		const key = bytes.toString(
			"hex",
			headBytes + index * hashBytes,
			headBytes + (index + 1) * hashBytes,
		);
		rows.set(key, all.subarray(index * width, (index + 1) * width));
	}
	return rows;
}
