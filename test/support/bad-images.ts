// Valid images to damage, and PNG files written by hand.
import { deflateSync } from "node:zlib";
import sharp from "sharp";
import { scene } from "./images.js";

const source = () =>
	sharp(scene(64, 64, 1), { raw: { width: 64, height: 64, channels: 3 } });

/** A valid JPEG of 64 x 64 pixels. */
export const jpeg = () => source().jpeg({ quality: 95 }).toBuffer();
/** A valid PNG of 64 x 64 pixels. */
export const png = () => source().png().toBuffer();

const crcTable = Uint32Array.from({ length: 256 }, (_, n) => {
	let entry = n;
	for (let k = 0; k < 8; k++)
		entry = entry & 1 ? 0xedb88320 ^ (entry >>> 1) : entry >>> 1;
	return entry >>> 0;
});

function crc32(bytes: Uint8Array): number {
	const crc = bytes.reduce(
		(crc, byte) => crcTable[(crc ^ byte) & 255]! ^ (crc >>> 8),
		~0,
	);
	return ~crc >>> 0;
}

/** A PNG chunk: length, kind, data, checksum. */
export function chunk(kind: string, data: Uint8Array): Buffer {
	const body = Buffer.concat([Buffer.from(kind, "latin1"), data]);
	const chunk = Buffer.alloc(body.length + 8);
	chunk.writeUInt32BE(data.length, 0);
	body.copy(chunk, 4);
	chunk.writeUInt32BE(crc32(body), body.length + 4);
	return chunk;
}

/** A PNG with 1 bit per pixel whose header claims this size, but whose data has only `rows` rows. */
export function claimedPng(
	width: number,
	height: number,
	rows: number,
): Buffer {
	const header = Buffer.alloc(13);
	header.writeUInt32BE(width, 0);
	header.writeUInt32BE(height, 4);
	header.set([1, 0, 0, 0, 0], 8); // 1 bit, grey
	const row = Buffer.alloc(1 + Math.ceil(width / 8));
	return Buffer.concat([
		Buffer.from("\x89PNG\r\n\x1a\n", "latin1"),
		chunk("IHDR", header),
		chunk("IDAT", deflateSync(Buffer.concat(Array<Buffer>(rows).fill(row)))),
		chunk("IEND", Buffer.alloc(0)),
	]);
}
