// The images that are read. Every other combination is an error, so that a value is never misunderstood.
import type { Metadata } from "sharp";
import { AlfaError } from "../errors.js";

export const supportedFormats =
	"JPEG, PNG, WebP, TIFF, GIF, AVIF, BMP, PBM, PGM and PPM are supported";

const formats: readonly string[] = [
	"jpeg",
	"png",
	"webp",
	"tiff",
	"gif",
	"heif",
];

/** Numbers of bands by depth and colour space. The last band of an even number is alpha, except for CMYK. */
const bandCounts: Readonly<Record<string, readonly number[]>> = {
	"uchar b-w": [1, 2],
	"ushort grey16": [1, 2],
	"uchar srgb": [3, 4],
	"ushort rgb16": [3, 4],
	"uchar cmyk": [4],
};

/** Throws ERR_ALFA_IMAGE for SVG, PDF and other formats without pixels of their own. */
export function checkContainer({ format }: Metadata, name: string): void {
	if (formats.includes(format)) return;
	throw new AlfaError(
		"ERR_ALFA_IMAGE",
		`${name} has the format ${format}, which has no pixels of its own; ${supportedFormats}`,
	);
}

/** Throws ERR_ALFA_IMAGE for pixels that this version does not understand. */
export function checkPixelFormat(metadata: Metadata, name: string): void {
	const { depth, space, channels } = metadata;
	const counts = bandCounts[`${depth} ${space}`];
	if (counts?.includes(channels)) return;
	const bands = `${channels} ${channels === 1 ? "band" : "bands"}`;
	throw new AlfaError(
		"ERR_ALFA_IMAGE",
		`${name} has ${bands} of ${depth} values in the colour space ${space}; expected grey or RGB of 8 or 16 bits, ` +
			"each with or without alpha, or CMYK of 8 bits. Save it as 8-bit grey or RGB",
	);
}
