// What went wrong while an image was decoded, as users see it.
import { AlfaError } from "../errors.js";
import { supportedFormats } from "./formats.js";
import { PlainError } from "./plain-format.js";

/** The error for a BMP or Netpbm file. `canAccept`: whether the option `damaged` may help. */
export function plainError(
	name: string,
	cause: unknown,
	canAccept: boolean,
): unknown {
	if (!(cause instanceof PlainError)) return cause;
	const remedy =
		cause.kind === "damaged"
			? repair(canAccept)
			: "save it as PNG, or as a BMP file of 8 or 24 bits without compression";
	const verdict =
		cause.kind === "damaged" ? "damaged or cut short" : "not supported";
	return new AlfaError(
		"ERR_ALFA_IMAGE",
		`${name} is ${verdict}: it ${cause.message}; ${remedy}`,
		{ cause },
	);
}

const repair = (canAccept: boolean) =>
	"write or download it again" +
	(canAccept ? ", or set the option damaged to 'accept' to use it anyway" : "");

/** The error for a file that sharp could not decode. `canAccept`: whether the option `damaged` may help. */
export function decodeError(
	name: string,
	cause: unknown,
	canAccept: boolean,
): AlfaError {
	const problem = libvipsMessage(cause);
	if (/unsupported image format/i.test(problem))
		return new AlfaError(
			"ERR_ALFA_IMAGE",
			`${name} is not an image that can be decoded (${problem}); ${supportedFormats}`,
			{ cause },
		);
	if (
		/unsupported|not supported|not configured|not implemented|no decoding plugin/i.test(
			problem,
		)
	)
		return new AlfaError(
			"ERR_ALFA_IMAGE",
			`${name} uses a codec or a variant of its format that is not supported (${problem}); ` +
				"convert it to PNG, JPEG or TIFF",
			{ cause },
		);
	return damagedImage(name, cause, canAccept);
}

/** The error for an image whose pixels sharp could not decode. */
export function damagedImage(
	name: string,
	cause: unknown,
	canAccept = false,
): AlfaError {
	return new AlfaError(
		"ERR_ALFA_IMAGE",
		`${name} is damaged or cut short (${libvipsMessage(cause)}); ${repair(canAccept)}`,
		{ cause },
	);
}

// Warnings about the order and the number of tags of a TIFF file; its pixels are complete.
const harmlessWarnings = new RegExp(
	"^(Sum of Photometric type-related color channels|" +
		"Invalid TIFF directory; tags are not sorted|Unknown field with tag)",
);
const consequences =
	/^(Warning treated as error due to failOn setting|error in tile|tiff2vips: read error)/;

/** Whether the decoder warned only about things that do not change pixels. */
export function isHarmless(cause: unknown): boolean {
	const lines = libvipsLines(cause).filter((line) => !consequences.test(line));
	return lines.length > 0 && lines.every((line) => harmlessWarnings.test(line));
}

/** libvips reports over several lines, most of them about seeking, and some of them twice. */
export function libvipsMessage(error: unknown): string {
	return libvipsLines(error).join("; ");
}

function libvipsLines(error: unknown): string[] {
	const lines = (error as Error).message.split("\n").map((line) => line.trim());
	const useful = lines.filter((line) => line && !line.includes("bad seek"));
	return [...new Set(useful)];
}
