// Pictures that no camera made.
import { deflateSync } from "node:zlib";
import sharp from "sharp";
import { scene } from "./images.js";

export const jpeg = () =>
	sharp(scene(64, 64, 1), { raw: { width: 64, height: 64, channels: 3 } })
		.jpeg({ quality: 95 })
		.toBuffer();
export const png = () =>
	sharp(scene(64, 64, 1), { raw: { width: 64, height: 64, channels: 3 } })
		.png()
		.toBuffer();

const crcTable = Uint32Array.from({ length: 256 }, (_, n) => {
	for (let k = 0; k < 8; k++) n = n & 1 ? 0xedb88320 ^ (n >>> 1) : n >>> 1;
	return n >>> 0;
});
const crc = (bytes: Uint8Array) =>
	~bytes.reduce((c, byte) => crcTable[(c ^ byte) & 255]! ^ (c >>> 8), ~0) >>> 0;

export function chunk(kind: string, data: Uint8Array): Buffer {
	const body = Buffer.concat([Buffer.from(kind, "latin1"), data]);
	const whole = Buffer.alloc(body.length + 8);
	whole.writeUInt32BE(data.length, 0);
	body.copy(whole, 4);
	whole.writeUInt32BE(crc(body), body.length + 4);
	return whole;
}

/** A PNG of 1 bit a pixel whose header claims that size; its data are as many rows as given. */
export function claimedPng(
	width: number,
	height: number,
	rows: number,
): Buffer {
	const header = Buffer.alloc(13);
	header.writeUInt32BE(width, 0);
	header.writeUInt32BE(height, 4);
	header.set([1, 0, 0, 0, 0], 8);
	const row = Buffer.alloc(1 + Math.ceil(width / 8));
	return Buffer.concat([
		Buffer.from("\x89PNG\r\n\x1a\n", "latin1"),
		chunk("IHDR", header),
		chunk("IDAT", deflateSync(Buffer.concat(Array<Buffer>(rows).fill(row)))),
		chunk("IEND", Buffer.alloc(0)),
	]);
}
