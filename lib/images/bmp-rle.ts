import { setImmediate as nextTurn } from "node:timers/promises";
import type { BmpHeader } from "./bmp-header.js";
import type { Damage } from "./plain-format.js";

const bytesPerTurn = 1 << 16;

/** The palette indices of a run-length coded bitmap, the bottom row first: [height * width]. */
export async function expandRle(
	bytes: Uint8Array,
	{ width, height, rle, pixelOffset }: BmpHeader,
	damage: Damage,
): Promise<Uint8Array> {
	const indices = new Uint8Array(width * height);
	let x = 0;
	let y = 0;
	let at = pixelOffset;
	let turn = at;
	/** The index of value k of a run that starts with this byte, or of a literal that starts at it. */
	const nibble = (byte: number, k: number) =>
		k % 2 === 0 ? byte >> 4 : byte & 15;
	const put = (index: number) => {
		if (x < width) indices[y * width + x] = index;
		x++;
	};
	while (y < height) {
		if (at + 1 >= bytes.length) {
			damage.add(
				`ends in row ${y + 1} of ${height} of its run-length code, so pixels are missing`,
			);
			return indices;
		}
		const count = bytes[at]!;
		const value = bytes[at + 1]!;
		at += 2;
		if (count > 0) {
			for (let k = 0; k < count; k++) put(rle === 8 ? value : nibble(value, k));
		} else if (value === 0) {
			x = 0; // end of the row
			y++;
		} else if (value === 1) {
			return indices; // end of the image; the other pixels have index 0
		} else if (value === 2) {
			x += bytes[at] ?? 0;
			y += bytes[at + 1] ?? 0;
			at += 2;
		} else {
			const size = rle === 8 ? value : Math.ceil(value / 2);
			for (let k = 0; k < value; k++) {
				const byte = bytes[at + (rle === 8 ? k : k >> 1)] ?? 0;
				put(rle === 8 ? byte : nibble(byte, k));
			}
			at += size + (size % 2); // padded to 16 bits
		}
		if (at - turn >= bytesPerTurn) {
			turn = at;
			await nextTurn();
		}
	}
	return indices;
}
