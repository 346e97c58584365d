import { PlainError } from "./plain-format.js";

export interface BmpHeader {
	width: number;
	height: number;
	topDown: boolean;
	bits: 1 | 4 | 8 | 16 | 24 | 32;
	/** Bits per value of the run-length code; undefined: not compressed. */
	rle: 4 | 8 | undefined;
	/** Bits of red, green, blue and, if present, alpha. Empty for images with a palette. */
	masks: readonly number[];
	/** [colours * 3], RGB. Empty for images without a palette. */
	palette: Uint8Array;
	/** Where the pixels start in the file. */
	pixelOffset: number;
}

const fileHeader = 14;
/** Sizes of the headers OS/2 1, Windows 3, with masks, with alpha, OS/2 2, 4 and 5. */
const headerSizes: ReadonlySet<number> = new Set([
	12, 40, 52, 56, 64, 108, 124,
]);
const compressionNames = [
	"none",
	"RLE8",
	"RLE4",
	"bit fields",
	"JPEG",
	"PNG",
	"bit fields with alpha",
];

/** Throws a PlainError. */
export function readBmpHeader(bytes: Uint8Array): BmpHeader {
	try {
		return parseHeader(bytes);
	} catch (error) {
		if (!(error instanceof RangeError)) throw error; // a position outside the file
		throw new PlainError("damaged", "ends inside its header");
	}
}

function parseHeader(bytes: Uint8Array): BmpHeader {
	const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
	const size = view.getUint32(fileHeader, true);
	if (!headerSizes.has(size))
		throw new PlainError("unsupported", `has a BMP header of ${size} bytes`);
	const pixelOffset = view.getUint32(10, true);
	const old = size === 12;
	const width = old ? view.getUint16(18, true) : view.getInt32(18, true);
	const rows = old ? view.getUint16(20, true) : view.getInt32(22, true);
	const bits = view.getUint16(old ? 24 : 28, true);
	const compression = old ? 0 : view.getUint32(30, true);
	if (width <= 0 || rows === 0)
		throw new PlainError("damaged", `claims ${width} x ${rows} pixels`);
	const rle = checkFormat(bits, compression, rows);
	const hasMasks = compression === 3 || compression === 6;
	const masks = hasMasks
		? readMasks(view, size, compression)
		: defaultMasks(bits);
	if (pixelOffset < fileHeader + size || pixelOffset > bytes.length)
		throw new PlainError(
			"damaged",
			`says that its pixels start at byte ${pixelOffset} of ${bytes.length}`,
		);
	const colours = old ? 0 : view.getUint32(46, true);
	return {
		width,
		height: Math.abs(rows),
		topDown: rows < 0,
		bits: bits as BmpHeader["bits"],
		rle,
		masks: bits <= 8 ? [] : masks,
		palette:
			bits <= 8
				? readPalette(bytes, size, bits, colours, pixelOffset)
				: new Uint8Array(),
		pixelOffset,
	};
}

function checkFormat(
	bits: number,
	compression: number,
	rows: number,
): BmpHeader["rle"] {
	const supported = [
		compression === 0 && [1, 4, 8, 16, 24, 32].includes(bits),
		compression === 1 && bits === 8 && rows > 0,
		compression === 2 && bits === 4 && rows > 0,
		(compression === 3 || compression === 6) && (bits === 16 || bits === 32),
	];
	if (!supported.includes(true))
		throw new PlainError(
			"unsupported",
			`is a BMP file with ${bits} bits per pixel and the compression ` +
				`${compression} (${compressionNames[compression] ?? "unknown"})`,
		);
	if (compression === 1) return 8;
	return compression === 2 ? 4 : undefined;
}

/** In all headers from 52 bytes, and after the one of 40 bytes, the masks are at the same place. */
function readMasks(
	view: DataView,
	size: number,
	compression: number,
): number[] {
	const masks = [54, 58, 62].map((at) => view.getUint32(at, true));
	const hasAlpha = size >= 56 || compression === 6;
	const alpha = hasAlpha && size !== 64 ? view.getUint32(66, true) : 0;
	if (masks.some((mask) => !isRun(mask)) || (alpha !== 0 && !isRun(alpha)))
		throw new PlainError("damaged", "has bit masks with gaps or without bits");
	return alpha === 0 ? masks : [...masks, alpha];
}

/** Whether the bits that are set are neighbours. */
function isRun(mask: number): boolean {
	if (mask === 0) return false;
	const low = mask >>> (31 - Math.clz32(mask & -mask));
	return ((low + 1) & low) === 0;
}

function defaultMasks(bits: number): number[] {
	return bits === 16 ? [0x7c00, 0x3e0, 0x1f] : [0xff0000, 0xff00, 0xff];
}

function readPalette(
	bytes: Uint8Array,
	size: number,
	bits: number,
	colours: number,
	pixelOffset: number,
): Uint8Array {
	const entry = size === 12 ? 3 : 4;
	const start = fileHeader + size;
	const most = 2 ** bits;
	const count = Math.min(
		colours === 0 ? most : colours,
		most,
		Math.floor((pixelOffset - start) / entry),
	);
	const palette = new Uint8Array(count * 3);
	for (let i = 0; i < count; i++) {
		const at = start + i * entry; // blue, green, red
		palette.set([bytes[at + 2]!, bytes[at + 1]!, bytes[at]!], i * 3);
	}
	return palette;
}
