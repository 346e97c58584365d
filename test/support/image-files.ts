// Writes TIFF, BMP and other files byte by byte, so that the test knows what each sample means.

export interface TiffOptions {
	width: number;
	height: number;
	/** [height * width * samples], interleaved. */
	samples: Uint8Array | Uint16Array | Int16Array | Float32Array;
	/** Samples per pixel. Default 3. */
	count?: number;
	/** Default: as the array. */
	bits?: number;
	/** 1 unsigned, 2 signed, 3 floating point. Default: as the array. */
	format?: number;
	/** Default 2 (RGB) from 3 samples, else 1 (grey). */
	photometric?: number;
	/** Default 1 (none). */
	compression?: number;
	/** Without it, the file has no tag. */
	extraSamples?: number[];
}

/** A little-endian TIFF file with one strip. */
export function tiff(options: TiffOptions): Buffer {
	const { width, height, samples, count = 3 } = options;
	const {
		bits = samples.BYTES_PER_ELEMENT * 8,
		format = samples instanceof Float32Array
			? 3
			: samples instanceof Int16Array
				? 2
				: 1,
		photometric = count >= 3 ? 2 : 1,
		compression = 1,
		extraSamples,
	} = options;
	const data = Buffer.from(
		samples.buffer,
		samples.byteOffset,
		samples.byteLength,
	);
	const tags: [tag: number, values: number[]][] = [
		[256, [width]],
		[257, [height]],
		[258, Array(count).fill(bits)],
		[259, [compression]],
		[262, [photometric]],
		[273, [8]],
		[277, [count]],
		[278, [height]],
		[279, [data.length]],
		...(extraSamples ? [[338, extraSamples] as [number, number[]]] : []),
		[339, Array(count).fill(format)],
	];
	const directory = Buffer.alloc(2 + tags.length * 12 + 4);
	const values: Buffer[] = [];
	let end = 8 + data.length + (data.length % 2) + directory.length;
	directory.writeUInt16LE(tags.length, 0);
	for (const [i, [tag, list]] of tags.entries()) {
		const at = 2 + i * 12;
		const long = tag === 279 || tag === 273;
		directory.writeUInt16LE(tag, at);
		directory.writeUInt16LE(long ? 4 : 3, at + 2);
		directory.writeUInt32LE(list.length, at + 4);
		if (long) directory.writeUInt32LE(list[0]!, at + 8);
		else if (list.length <= 2)
			for (const [k, value] of list.entries())
				directory.writeUInt16LE(value, at + 8 + 2 * k);
		else {
			const shorts = Buffer.from(Uint16Array.from(list).buffer);
			directory.writeUInt32LE(end, at + 8);
			values.push(shorts);
			end += shorts.length;
		}
	}
	const header = Buffer.from("II*\0\0\0\0\0", "latin1");
	header.writeUInt32LE(8 + data.length + (data.length % 2), 4);
	const padding = Buffer.alloc(data.length % 2);
	return Buffer.concat([header, data, padding, directory, ...values]);
}

export interface BmpOptions {
	width: number;
	/** Negative: the first row is at the top. */
	height: number;
	bits: number;
	/** The rows as they stand in the file, each padded to 4 bytes. */
	rows: Uint8Array;
	compression?: number;
	/** Blue, green, red, 0. */
	palette?: Uint8Array;
	/** Bit masks of red, green, blue and perhaps alpha. */
	masks?: number[];
	/** Bytes of the header: 40 (default), 108 or 124. */
	headerBytes?: number;
	/** Overwrites the position of the pixels. */
	offset?: number;
}

export function bmp({
	width,
	height,
	bits,
	rows,
	compression = 0,
	palette = new Uint8Array(),
	masks = [],
	headerBytes = 40,
	offset,
}: BmpOptions): Buffer {
	const maskBytes = Buffer.from(Uint32Array.from(masks).buffer);
	const header = Buffer.alloc(Math.max(headerBytes, 40 + maskBytes.length));
	header.writeUInt32LE(headerBytes, 0);
	header.writeInt32LE(width, 4);
	header.writeInt32LE(height, 8);
	header.writeUInt16LE(1, 12);
	header.writeUInt16LE(bits, 14);
	header.writeUInt32LE(compression, 16);
	header.writeUInt32LE(palette.length / 4, 32);
	header.set(maskBytes, 40);
	const start = Buffer.alloc(14);
	start.write("BM", 0, "latin1");
	const pixels = 14 + header.length + palette.length;
	start.writeUInt32LE(pixels + rows.length, 2);
	start.writeUInt32LE(offset ?? pixels, 10);
	return Buffer.concat([start, header, palette, rows]);
}

/** The rows of a bitmap: `pixel(x, y)` gives the bytes of a pixel, `fromTop` whether the first row is at the top. */
export function bmpRows(
	width: number,
	height: number,
	pixel: (x: number, y: number) => readonly number[],
	fromTop = false,
): Buffer {
	const rows = Array.from({ length: height }, (_, i) => {
		const y = fromTop ? i : height - 1 - i;
		const bytes = Array.from({ length: width }, (_, x) => pixel(x, y)).flat();
		return Buffer.from([
			...bytes,
			...Array((4 - (bytes.length % 4)) % 4).fill(0),
		]);
	});
	return Buffer.concat(rows);
}

/** A text header and bytes, for PBM, PGM and PPM. */
export const netpbm = (header: string, bytes: Uint8Array = new Uint8Array()) =>
	Buffer.concat([Buffer.from(header, "latin1"), bytes]);

/** 16-bit values with the high byte first. */
export function bigEndian(values: readonly number[]): Buffer {
	const bytes = Buffer.alloc(values.length * 2);
	for (const [i, value] of values.entries()) bytes.writeUInt16BE(value, 2 * i);
	return bytes;
}
