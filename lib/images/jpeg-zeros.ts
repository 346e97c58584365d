// The decoder takes zeros in the middle of a JPEG for valid codes. They come from files that were only partly written.

const zeroRun = Buffer.alloc(128);

/**
 * Describes a run of zeros that no encoder writes. Returns undefined if there is none, or if the bytes are not a
 * sequential JPEG.
 *
 * The code of only zero bits is the first of each Huffman table. If it means "end of the block", flat areas are zeros.
 * Otherwise a run of 128 bytes is a block whose coefficients are all equal.
 */
export function zerosInJpeg(bytes: Uint8Array): string | undefined {
	const file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
	if (file.length < 4 || file.readUInt16BE(0) !== 0xffd8) return undefined;
	const firstSymbols = new Map<number, number>(); // by the number of the AC table
	let at = 2;
	while (at + 4 <= file.length) {
		if (file[at] !== 0xff) return undefined;
		const marker = file[at + 1]!;
		if (marker === 0xff) {
			at++; // a fill byte
			continue;
		}
		const end = at + 2 + file.readUInt16BE(at + 2);
		if (end > file.length) return undefined;
		const isFrame =
			marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker);
		if (isFrame && marker > 0xc1) return undefined; // progressive or not Huffman
		if (marker === 0xc4) readTables(file.subarray(at + 4, end), firstSymbols);
		if (marker === 0xda) {
			const next = endOfScan(file, end);
			const flat = acTables(file.subarray(at + 4, end)).every(
				(table) => (firstSymbols.get(table) ?? 0) === 0,
			);
			const run = flat ? -1 : file.indexOf(zeroRun, end);
			if (run >= 0 && run < next)
				return `the JPEG data has zeros from byte ${run} on, which no encoder writes`;
			at = next;
		} else at = end;
		if (file[at + 1] === 0xd9) return undefined;
	}
	return undefined;
}

/** Adds the first symbol of each AC table of a DHT segment. */
function readTables(segment: Buffer, firstSymbols: Map<number, number>): void {
	let at = 0;
	while (at + 17 < segment.length) {
		const table = segment[at]!;
		const counts = segment.subarray(at + 1, at + 17);
		if (table >> 4 === 1) firstSymbols.set(table & 15, segment[at + 17]!);
		at += 17 + counts.reduce((sum, count) => sum + count, 0);
	}
}

/** The numbers of the AC tables that a scan uses, by its SOS segment. */
function acTables(segment: Buffer): number[] {
	const components = segment[0] ?? 0;
	return Array.from(
		{ length: components },
		(_, i) => (segment[2 + 2 * i] ?? 0) & 15,
	);
}

/** The next marker that is neither a stuffed byte nor a restart. */
function endOfScan(file: Buffer, start: number): number {
	let at = file.indexOf(0xff, start);
	while (at >= 0 && at + 1 < file.length) {
		const next = file[at + 1]!;
		if (next !== 0 && next !== 0xff && (next < 0xd0 || next > 0xd7)) return at;
		at = file.indexOf(0xff, at + 1);
	}
	return file.length;
}
