// Writes mask files bit by bit, so that the test knows every value in the file.
import { deflateSync } from "node:zlib";
import { chunk } from "./bad-images.js";

export const colourTypes = {
	grey: 0,
	rgb: 2,
	palette: 3,
	greyAlpha: 4,
	rgba: 6,
} as const;

/** An 8 x 8 PNG. `first`: the bytes at the start of the first row; all others are 0. `extra`: further chunks. */
export function png8(
	depth: number,
	colour: keyof typeof colourTypes,
	first: readonly number[],
	extra: Record<string, readonly number[]> = {},
): Buffer {
	const samples = { grey: 1, rgb: 3, palette: 1, greyAlpha: 2, rgba: 4 }[
		colour
	];
	const pixels = Buffer.alloc(8 * (1 + samples * depth));
	pixels.set(first, 1);
	const header = [0, 0, 0, 8, 0, 0, 0, 8, depth, colourTypes[colour], 0, 0, 0];
	return Buffer.concat([
		Buffer.from("\x89PNG\r\n\x1a\n", "latin1"),
		chunk("IHDR", Buffer.from(header)),
		...Object.entries(extra).map(([name, data]) =>
			chunk(name, Buffer.from(data)),
		),
		chunk("IDAT", deflateSync(pixels)),
		chunk("IEND", Buffer.alloc(0)),
	]);
}

/** An 8 x 8 grey TIFF, little-endian. `format`: 1 unsigned, 2 signed, 3 floating point. */
export function tiff8(
	samples: Uint8Array | Uint16Array | Uint32Array | Int32Array | Float32Array,
	format: 1 | 2 | 3,
): Buffer {
	const bits = samples.BYTES_PER_ELEMENT * 8;
	const tags = [
		[256, 8],
		[257, 8],
		[258, bits],
		[259, 1],
		[262, 1],
		[273, 134],
		[277, 1],
		[278, 8],
		[279, samples.byteLength],
		[339, format],
	] as const;
	const head = Buffer.alloc(134);
	head.set([0x49, 0x49, 42, 0, 8, 0, 0, 0, tags.length, 0]);
	tags.forEach(([tag, value], i) => {
		head.writeUInt16LE(tag, 10 + 12 * i);
		head.writeUInt16LE(4, 12 + 12 * i);
		head.writeUInt32LE(1, 14 + 12 * i);
		head.writeUInt32LE(value, 18 + 12 * i);
	});
	return Buffer.concat([
		head,
		Buffer.from(samples.buffer, samples.byteOffset, samples.byteLength),
	]);
}

/** The PNG chunk iCCP of a profile with the primaries and gamma of Adobe RGB. Its 8-bit value 1 becomes 0 in sRGB. */
export function gammaProfile(): Record<string, readonly number[]> {
	const xyz = (...values: number[]) =>
		Buffer.concat([
			Buffer.from("XYZ \0\0\0\0", "latin1"),
			...values.map((value) => number32(Math.round(value * 65536))),
		]);
	const tags: [string, Buffer][] = [
		["wtpt", xyz(0.9642, 1, 0.8249)],
		["rXYZ", xyz(0.6097, 0.3111, 0.0195)],
		["gXYZ", xyz(0.2053, 0.6257, 0.0609)],
		["bXYZ", xyz(0.1492, 0.0632, 0.7446)],
		...["rTRC", "gTRC", "bTRC"].map((name): [string, Buffer] => [
			name,
			Buffer.concat([
				Buffer.from("curv\0\0\0\0", "latin1"),
				number32(1),
				Buffer.from([2, 0x33, 0, 0]),
			]),
		]),
	];
	let at = 128 + 4 + 12 * tags.length;
	const table = tags.map(([name, data]) => {
		const entry = Buffer.concat([
			Buffer.from(name),
			number32(at),
			number32(data.length),
		]);
		at += data.length;
		return entry;
	});
	const header = Buffer.alloc(128);
	header.writeUInt32BE(at, 0);
	header.write("mntrRGB XYZ ", 12, "latin1");
	header.set([2, 0x40], 8);
	header.write("acsp", 36, "latin1");
	xyz(0.9642, 1, 0.8249).copy(header, 68, 8);
	const profile = Buffer.concat([
		header,
		number32(tags.length),
		...table,
		...tags.map(([, data]) => data),
	]);
	return {
		iCCP: [...Buffer.from("gamma\0\0", "latin1"), ...deflateSync(profile)],
	};
}

function number32(value: number): Buffer {
	const bytes = Buffer.alloc(4);
	bytes.writeInt32BE(value);
	return bytes;
}
