// Formats without a codec, which the image library does not read: BMP, PBM, PGM and PPM.
import { isBmp, openBmp } from "./bmp.js";
import { isNetpbm, openNetpbm } from "./netpbm.js";
import type { PlainFile } from "./plain-format.js";

/** undefined if the bytes have another format. Throws a PlainError. */
export function openPlain(bytes: Uint8Array): PlainFile | undefined {
	if (isBmp(bytes)) return openBmp(bytes);
	if (isNetpbm(bytes)) return openNetpbm(bytes);
	return undefined;
}
