// The tags of the first image of a TIFF file that say what its samples mean. The decoder does not report all of them.

export interface TiffTags {
	bitsPerSample: readonly number[];
	/** 1: none. */
	compression: number;
	/** 0 and 1: grey, 2: RGB, 3: palette, 5: CMYK, 6: YCbCr, ... */
	photometric: number | undefined;
	samplesPerPixel: number;
	/** 1: unsigned, 2: signed, 3: floating point, 4: undefined, 5 and 6: complex. */
	sampleFormat: readonly number[];
	/** One per sample beyond the colours. 0: unspecified, 1: premultiplied alpha, 2: alpha. */
	extraSamples: readonly number[];
}

/** Sizes in bytes of the integer types: BYTE, SHORT, LONG, IFD, LONG8 and IFD8. */
const integerSizes: Readonly<Record<number, number>> = {
	1: 1,
	3: 2,
	4: 4,
	13: 4,
	16: 8,
	18: 8,
};
const maxValues = 64;
const maxEntries = 4096;

/** undefined if the bytes are not a TIFF file, or its first directory is not in them. */
export function readTiffTags(bytes: Uint8Array): TiffTags | undefined {
	const directory = readDirectory(bytes);
	if (!directory) return undefined;
	const first = (tag: number) => directory.get(tag)?.[0];
	return {
		bitsPerSample: directory.get(258) ?? [1],
		compression: first(259) ?? 1,
		photometric: first(262),
		samplesPerPixel: first(277) ?? 1,
		sampleFormat: directory.get(339) ?? [1],
		extraSamples: directory.get(338) ?? [],
	};
}

/** The integer values of the first directory, by tag. */
function readDirectory(bytes: Uint8Array): Map<number, number[]> | undefined {
	const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
	try {
		const order = view.getUint16(0);
		if (order !== 0x4949 && order !== 0x4d4d) return undefined;
		const little = order === 0x4949;
		const version = view.getUint16(2, little);
		if (version !== 42 && version !== 43) return undefined;
		return readEntries(view, little, version === 43);
	} catch (error) {
		if (error instanceof RangeError) return undefined; // a position outside the file
		throw error;
	}
}

function readEntries(
	view: DataView,
	little: boolean,
	big: boolean,
): Map<number, number[]> {
	const number = (at: number, size: number): number => {
		if (size === 1) return view.getUint8(at);
		if (size === 2) return view.getUint16(at, little);
		if (size === 4) return view.getUint32(at, little);
		return Number(view.getBigUint64(at, little));
	};
	const wide = big ? 8 : 4; // bytes of a count or an offset
	const start = number(big ? 8 : 4, wide);
	const count = Math.min(maxEntries, number(start, big ? 8 : 2));
	const entries = new Map<number, number[]>();
	for (let i = 0; i < count; i++) {
		const entry = start + (big ? 8 : 2) + i * (4 + 2 * wide);
		const tag = number(entry, 2);
		const size = integerSizes[number(entry + 2, 2)];
		if (size === undefined || entries.has(tag)) continue;
		const length = Math.min(maxValues, number(entry + 4, wide));
		const field = entry + 4 + wide;
		const at = length * size <= wide ? field : number(field, wide);
		// Other tags may point anywhere; only the small ones that are used here are read.
		if (!usedTags.has(tag)) continue;
		entries.set(
			tag,
			Array.from({ length }, (_, k) => number(at + k * size, size)),
		);
	}
	return entries;
}

const usedTags: ReadonlySet<number> = new Set([258, 259, 262, 277, 338, 339]);
