// PBM, PGM and PPM in text and in binary form, with up to 16 bits per value.
import { Damage, eachRow, PlainError, type PlainFile } from "./plain-format.js";

interface Header {
	/** 1: bits, 2: grey, 3: RGB. */
	kind: 1 | 2 | 3;
	binary: boolean;
	width: number;
	height: number;
	maximum: number;
	/** Where the values start. */
	offset: number;
}

const maxHeaderBytes = 64 * 1024;
const isSpace = (byte: number | undefined) =>
	byte === 0x20 || (byte !== undefined && byte >= 9 && byte <= 13);
const isDigit = (byte: number | undefined): byte is number =>
	byte !== undefined && byte >= 0x30 && byte <= 0x39;
const hash = 0x23;

/** "P1" to "P6", then white space or a comment. */
export function isNetpbm(bytes: Uint8Array): boolean {
	const [p, digit, next] = bytes;
	return (
		p === 0x50 &&
		digit !== undefined &&
		digit >= 0x31 &&
		digit <= 0x36 &&
		(isSpace(next) || next === hash)
	);
}

/** Throws a PlainError. */
export function openNetpbm(bytes: Uint8Array): PlainFile {
	const header = readHeader(bytes);
	const { kind, binary, width, height } = header;
	const channels = kind === 3 ? 3 : 1;
	const decode = async (acceptDamaged: boolean) => {
		const damage = new Damage(acceptDamaged);
		const data = new Uint8Array(width * height * channels);
		const values = width * channels; // of a row
		if (!binary) await readText(bytes, header, values, data, damage);
		else if (kind === 1) await readBits(bytes, header, data, damage);
		else await readBinary(bytes, header, values, data, damage);
		const pixels = { data, width, height, channels } as const;
		return { pixels, problem: damage.problem };
	};
	return { width, height, decode };
}

function readHeader(bytes: Uint8Array): Header {
	const digit = bytes[1]! - 0x30;
	const tokens = new Tokens(bytes, 2);
	const number = (what: string, most: number) => {
		const value = tokens.next(maxHeaderBytes);
		if (value === undefined)
			throw new PlainError("damaged", `has no ${what} in its header`);
		if (value === 0 || value > most)
			throw new PlainError("damaged", `has the invalid ${what} ${value}`);
		return value;
	};
	const kind = (((digit - 1) % 3) + 1) as 1 | 2 | 3;
	const width = number("width", 2 ** 31);
	const height = number("height", 2 ** 31);
	const maximum = kind === 1 ? 1 : number("maximum value", 65535);
	const binary = digit >= 4;
	return {
		kind,
		binary,
		width,
		height,
		maximum,
		offset: tokens.position + (binary ? 1 : 0),
	};
}

/** Decimal numbers between white space and comments. */
class Tokens {
	constructor(
		readonly bytes: Uint8Array,
		public position: number,
	) {}

	/** undefined if there is no number before the end, or before byte `limit`. */
	next(limit = Infinity): number | undefined {
		this.skip(limit);
		let value: number | undefined;
		while (isDigit(this.bytes[this.position])) {
			value = (value ?? 0) * 10 + this.bytes[this.position]! - 0x30;
			this.position++;
			if (value > 2 ** 40) return undefined;
		}
		return value;
	}

	/** One digit, which needs no white space after it. */
	nextBit(): number | undefined {
		this.skip(Infinity);
		const byte = this.bytes[this.position];
		if (byte !== 0x30 && byte !== 0x31) return undefined;
		this.position++;
		return byte - 0x30;
	}

	skip(limit: number): void {
		const { bytes } = this;
		while (this.position < limit) {
			const byte = bytes[this.position];
			if (byte === hash) {
				while (this.position < bytes.length && bytes[this.position] !== 10)
					this.position++;
			} else if (isSpace(byte)) this.position++;
			else return;
		}
	}
}

/** 16-bit values lose their low byte, as in all formats; other ranges are scaled to 0 to 255. */
function makeScale(maximum: number): (value: number) => number {
	if (maximum === 255) return (value) => value;
	if (maximum === 65535) return (value) => value >> 8;
	return (value) => Math.round((value * 255) / maximum);
}

const tooHigh = (value: number, maximum: number) =>
	`has the value ${value}, but its header says that the maximum is ${maximum}`;

async function readBinary(
	bytes: Uint8Array,
	{ width, height, maximum, offset }: Header,
	values: number,
	data: Uint8Array,
	damage: Damage,
): Promise<void> {
	const size = maximum > 255 ? 2 : 1;
	const end = offset + data.length * size;
	if (end > bytes.length) damage.add(missing(bytes.length, end));
	const scale = makeScale(maximum);
	let highest = 0;
	await eachRow(width, height, (y) => {
		let from = offset + y * values * size;
		for (let i = y * values; i < (y + 1) * values; i++, from += size) {
			if (from + size > bytes.length) return;
			const value =
				size === 1 ? bytes[from]! : (bytes[from]! << 8) | bytes[from + 1]!;
			if (value > highest) highest = value;
			data[i] = scale(Math.min(value, maximum));
		}
	});
	if (highest > maximum) damage.add(tooHigh(highest, maximum));
}

const missing = (length: number, end: number) =>
	`ends after ${length} of ${end} bytes, so pixels are missing`;

/** A bit of 1 is black. Each row starts at a byte. */
async function readBits(
	bytes: Uint8Array,
	{ width, height, offset }: Header,
	data: Uint8Array,
	damage: Damage,
): Promise<void> {
	const stride = Math.ceil(width / 8);
	const end = offset + stride * height;
	if (end > bytes.length) damage.add(missing(bytes.length, end));
	await eachRow(width, height, (y) => {
		for (let x = 0; x < width; x++) {
			const byte = bytes[offset + y * stride + (x >> 3)];
			if (byte === undefined) return;
			data[y * width + x] = (byte >> (7 - (x & 7))) & 1 ? 0 : 255;
		}
	});
}

async function readText(
	bytes: Uint8Array,
	{ kind, width, height, maximum, offset }: Header,
	values: number,
	data: Uint8Array,
	damage: Damage,
): Promise<void> {
	const tokens = new Tokens(bytes, offset);
	const scale = makeScale(maximum);
	let ended = false;
	await eachRow(width, height, (y) => {
		for (let i = y * values; i < (y + 1) * values && !ended; i++) {
			const value = kind === 1 ? tokens.nextBit() : tokens.next();
			if (value === undefined) {
				ended = true;
				damage.add(
					`has only ${i} of ${data.length} values, or a character that is not a number`,
				);
			} else if (kind === 1) data[i] = value === 1 ? 0 : 255;
			else {
				if (value > maximum) damage.add(tooHigh(value, maximum));
				data[i] = scale(Math.min(value, maximum));
			}
		}
	});
}
