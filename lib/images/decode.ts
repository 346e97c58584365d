// Encoded images (JPEG, PNG, ...) to 8-bit pixels. sharp decodes and turns them; it never resizes them.
import sharp, { type Metadata, type Sharp, type SharpOptions } from "sharp";
import { AlfaError } from "../errors.js";
import type { NativeImage } from "../native/addon.js";
import type { ImageReading } from "../options/reading.js";
import { checkSize } from "./pixels.js";

const rasterFormats = [
	"jpeg",
	"png",
	"webp",
	"tiff",
	"gif",
	"heif",
	"jp2",
	"jxl",
];
const supported = "JPEG, PNG, WebP, TIFF, GIF and AVIF are supported";

export interface LoadedImage {
	pixels: NativeImage;
	/** What the decoder warned about. */
	warnings: readonly string[];
}

/**
 * The pixels of an encoded image in sRGB, with 1, 3 or 4 channels, EXIF orientation applied. Messages call it `name`.
 */
export async function decodeImage(
	bytes: Uint8Array,
	name: string,
	reading: ImageReading,
): Promise<LoadedImage> {
	const decode = async (failOn: "warning" | "none"): Promise<NativeImage> => {
		const { pipeline } = await openImage(bytes, name, reading, {
			failOn,
			ignoreIcc: reading.colour === "as-is",
		});
		const output = pipeline.toColourspace("srgb").raw({ depth: "uchar" });
		const { data, info } = await output.toBuffer({ resolveWithObject: true });
		const { width, height } = info;
		return { data, width, height, channels: info.channels as 1 | 3 | 4 };
	};
	try {
		return { pixels: await decode("warning"), warnings: [] };
	} catch (cause) {
		if (cause instanceof AlfaError) throw cause;
		if (reading.damaged === "refuse") throw damagedImage(name, cause);
		try {
			return {
				pixels: await decode("none"),
				warnings: [libvipsMessage(cause)],
			};
		} catch (cause) {
			throw damagedImage(name, cause);
		}
	}
}

/**
 * A sharp pipeline over the bytes, with what the header says. Throws ERR_ALFA_IMAGE for an unsupported format and
 * ERR_ALFA_IMAGE_SIZE for a size outside the limits, before any pixel is decoded.
 */
export async function openImage(
	bytes: Uint8Array,
	name: string,
	{ maxPixels }: ImageReading,
	options?: SharpOptions,
): Promise<{ pipeline: Sharp; metadata: Metadata }> {
	if (bytes.byteLength === 0) {
		throw new AlfaError(
			"ERR_ALFA_IMAGE",
			`${name} is empty (0 bytes); expected an image file`,
		);
	}
	// sharp's own limit on pixels is switched off: checkSize has a message that says what to do.
	const pipeline = sharp(bytes, {
		failOn: "error",
		limitInputPixels: false,
		autoOrient: true,
		...options,
	});
	const metadata = await readHeader(pipeline, name);
	if (!rasterFormats.includes(metadata.format)) {
		throw new AlfaError(
			"ERR_ALFA_IMAGE",
			`${name} has the format ${metadata.format}, which has no pixels of its own; ${supported}`,
		);
	}
	checkSize(name, metadata.width, metadata.height, maxPixels);
	return { pipeline, metadata };
}

async function readHeader(pipeline: Sharp, name: string): Promise<Metadata> {
	try {
		return await pipeline.metadata();
	} catch (cause) {
		throw new AlfaError(
			"ERR_ALFA_IMAGE",
			`${name} is not an image that can be decoded (${libvipsMessage(cause)}); ${supported}`,
			{ cause },
		);
	}
}

/** The error for an image with a valid header whose pixels sharp could not decode. */
export function damagedImage(name: string, cause: unknown): AlfaError {
	return new AlfaError(
		"ERR_ALFA_IMAGE",
		`${name} is damaged or cut short (${libvipsMessage(cause)}); write or download it again`,
		{ cause },
	);
}

/** libvips reports over several lines, most of them about seeking. */
function libvipsMessage(error: unknown): string {
	const lines = (error as Error).message.split("\n").map((line) => line.trim());
	return lines.filter((line) => line && !line.includes("bad seek")).join("; ");
}
