// Windows bitmaps: 1, 4, 8, 16, 24 and 32 bits, with or without RLE, from the top or from the bottom.
import { type BmpHeader, readBmpHeader } from "./bmp-header.js";
import { expandRle } from "./bmp-rle.js";
import {
	Damage,
	eachRow,
	type PlainFile,
	type PlainImage,
} from "./plain-format.js";

export function isBmp(bytes: Uint8Array): boolean {
	return bytes[0] === 0x42 && bytes[1] === 0x4d && bytes.length >= 26; // "BM"
}

/** Throws a PlainError. */
export function openBmp(bytes: Uint8Array): PlainFile {
	const header = readBmpHeader(bytes);
	const { width, height, bits } = header;
	const decode = async (acceptDamaged: boolean) => {
		const damage = new Damage(acceptDamaged);
		const pixels =
			bits <= 8
				? await decodeIndexed(bytes, header, damage)
				: await decodeDirect(bytes, header, damage);
		return { pixels, problem: damage.problem };
	};
	return { width, height, decode };
}

type Pixels = PlainImage["pixels"];

/** The row of the file that has the image's row y, and how many bytes of it are in the file. */
function makeRowReader(
	bytes: Uint8Array,
	{ width, height, bits, pixelOffset, topDown }: BmpHeader,
	damage: Damage,
): (y: number) => Uint8Array {
	const used = Math.ceil((width * bits) / 8);
	const stride = Math.ceil((width * bits) / 32) * 4;
	// The last row of some files lacks its padding.
	const end = pixelOffset + stride * (height - 1) + used;
	if (end > bytes.length)
		damage.add(
			`ends after ${bytes.length} of ${end} bytes, so pixels are missing`,
		);
	return (y) => {
		const start = pixelOffset + stride * (topDown ? y : height - 1 - y);
		return bytes.subarray(start, start + used);
	};
}

async function decodeIndexed(
	bytes: Uint8Array,
	header: BmpHeader,
	damage: Damage,
): Promise<Pixels> {
	const { width, height, bits, palette, rle } = header;
	const colours = palette.length / 3;
	const isGrey = isGreyPalette(palette);
	const channels = isGrey ? 1 : 3;
	const readRow = rle
		? await indexRows(bytes, header, damage)
		: makeRowReader(bytes, header, damage);
	const bitsInRow = rle ? 8 : bits;
	const mask = (1 << bitsInRow) - 1;
	const perByte = 8 / bitsInRow;
	const data = new Uint8Array(width * height * channels);
	let highest = 0;
	await eachRow(width, height, (y) => {
		const row = readRow(y);
		const count = Math.min(width, row.length * perByte);
		let to = y * width * channels;
		for (let x = 0; x < count; x++) {
			const shift = 8 - bitsInRow * ((x % perByte) + 1);
			const index = (row[Math.floor(x / perByte)]! >> shift) & mask;
			if (index > highest) highest = index;
			for (let c = 0; c < channels; c++)
				data[to++] = palette[index * 3 + c] ?? 0;
		}
	});
	if (highest >= colours)
		damage.add(
			`has a pixel of colour ${highest}, but its palette has only ${colours} colours`,
		);
	return { data, width, height, channels };
}

/** Rows of one palette index per byte. */
async function indexRows(
	bytes: Uint8Array,
	header: BmpHeader,
	damage: Damage,
): Promise<(y: number) => Uint8Array> {
	const { width, height } = header;
	const indices = await expandRle(bytes, header, damage);
	return (y) => {
		const row = height - 1 - y; // RLE files always start at the bottom
		return indices.subarray(row * width, (row + 1) * width);
	};
}

function isGreyPalette(palette: Uint8Array): boolean {
	for (let i = 0; i < palette.length; i += 3) {
		if (palette[i] !== palette[i + 1] || palette[i] !== palette[i + 2])
			return false;
	}
	return true;
}

async function decodeDirect(
	bytes: Uint8Array,
	header: BmpHeader,
	damage: Damage,
): Promise<Pixels> {
	const { width, height, bits, masks } = header;
	const readRow = makeRowReader(bytes, header, damage);
	const step = bits / 8;
	const channels = masks.length as 3 | 4;
	const data = new Uint8Array(width * height * channels);
	const fields = masks.map(makeField);
	let anyAlpha = false;
	await eachRow(width, height, (y) => {
		const row = readRow(y);
		const count = Math.floor(row.length / step);
		let to = y * width * channels;
		for (let from = 0; from < count * step; from += step) {
			// The fourth byte may have the highest bit: >>> 0 keeps the number unsigned.
			const low = row[from]! | (row[from + 1]! << 8);
			const value =
				step === 2
					? low
					: (low |
							(row[from + 2]! << 16) |
							((step === 4 ? row[from + 3]! : 0) << 24)) >>>
						0;
			for (const field of fields) data[to++] = field(value);
			if (channels === 4 && data[to - 1] !== 0) anyAlpha = true;
		}
	});
	// Many programs write an alpha mask but leave all alpha values at 0.
	if (channels === 4 && !anyAlpha)
		for (let i = 3; i < data.length; i += 4) data[i] = 255;
	return { data, width, height, channels };
}

/** Takes the bits of the mask out of a pixel and scales them to 0 to 255. */
function makeField(mask: number): (pixel: number) => number {
	if (mask === 0) return () => 0;
	const shift = 31 - Math.clz32(mask & -mask);
	const highest = mask >>> shift;
	return (pixel) => Math.round((((pixel & mask) >>> shift) * 255) / highest);
}
