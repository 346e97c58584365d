// Encoded images (JPEG, PNG, ...) to 8-bit pixels. sharp decodes and turns them; it never resizes them.
import sharp, { type Metadata, type Sharp, type SharpOptions } from "sharp";
import { AlfaError } from "../errors.js";
import type { NativeImage } from "../native/addon.js";
import type { ImageReading } from "../options/reading.js";
import { Semaphore } from "../util/semaphore.js";
import {
	decodeError,
	isHarmless,
	libvipsMessage,
	plainError,
} from "./decode-errors.js";
import {
	checkContainer,
	checkPixelFormat,
	supportedFormats,
} from "./formats.js";
import { zerosInJpeg } from "./jpeg-zeros.js";
import { checkSize } from "./pixels.js";
import type { PlainFile } from "./plain-format.js";
import { openPlain } from "./plain-image.js";
import { missingPngEnd } from "./png-end.js";
import { unsupportedFormat } from "./signatures.js";
import { checkTiff, type ExtraSample } from "./tiff-format.js";
import { readTiffTags } from "./tiff-tags.js";

export interface LoadedImage {
	pixels: NativeImage;
	/** What the decoder warned about. */
	warnings: readonly string[];
}

// A decoder needs up to 8 bytes per pixel, so all images that are being decoded take at most about 2 GB together.
const decoding = new Semaphore(2 ** 28);

/**
 * The pixels of an encoded image in sRGB, with 1, 3 or 4 channels, EXIF orientation applied. Messages call it `name`.
 */
export async function decodeImage(
	bytes: Uint8Array,
	name: string,
	reading: ImageReading,
	signal?: AbortSignal,
): Promise<LoadedImage> {
	checkSignature(bytes, name);
	const plain = openPlainFile(bytes, name, reading);
	if (plain) return decodePlainFile(plain, name, reading, signal);
	const file = { bytes, name, reading, extra: checkTiffFile(bytes, name) };
	try {
		return { pixels: await decode(file, "warning", signal), warnings: [] };
	} catch (cause) {
		if (cause instanceof AlfaError || signal?.aborted) throw cause;
		if (isHarmless(cause))
			return { pixels: await decode(file, "error", signal), warnings: [] };
		if (reading.damaged === "refuse") throw decodeError(name, cause, true);
		try {
			const pixels = await decode(file, "none", signal);
			return { pixels, warnings: [libvipsMessage(cause)] };
		} catch (cause) {
			if (cause instanceof AlfaError || signal?.aborted) throw cause;
			throw decodeError(name, cause, false);
		}
	}
}

interface EncodedFile {
	bytes: Uint8Array;
	name: string;
	reading: ImageReading;
	extra: ExtraSample;
}

/** Throws an AlfaError for a file that is not supported, and other errors for a file that is damaged. */
async function decode(
	{ bytes, name, reading, extra }: EncodedFile,
	failOn: "warning" | "error" | "none",
	signal: AbortSignal | undefined,
): Promise<NativeImage> {
	const ignoreIcc = reading.colour === "as-is";
	const pipeline = makePipeline(bytes, { failOn, ignoreIcc });
	const metadata = await pipeline.metadata();
	checkContainer(metadata, name);
	checkPixelFormat(metadata, name);
	const { width, height } = metadata;
	checkSize(name, width, height, reading.maxPixels);
	const problem =
		failOn !== "none" && (missingPngEnd(bytes) ?? zerosInJpeg(bytes));
	if (problem) throw new Error(problem);
	if (extra === "ignore") pipeline.removeAlpha();
	const output = pipeline.toColourspace("srgb").raw({ depth: "uchar" });
	const { data, info } = await decoding.run(
		() => output.toBuffer({ resolveWithObject: true }),
		signal,
		width * height,
	);
	return {
		data,
		width: info.width,
		height: info.height,
		channels: info.channels as 1 | 3 | 4,
	};
}

/**
 * A sharp pipeline over the bytes, with what the header says. Throws ERR_ALFA_IMAGE for an unsupported format and
 * ERR_ALFA_IMAGE_SIZE for a size outside the limits, before any pixel is decoded.
 */
export async function openImage(
	bytes: Uint8Array,
	name: string,
	reading: ImageReading,
	options?: SharpOptions,
): Promise<{ pipeline: Sharp; metadata: Metadata }> {
	checkSignature(bytes, name);
	const plain = openPlainFile(bytes, name, reading);
	if (plain) {
		const { pixels } = await decodePlainFile(plain, name, reading);
		const { data, width, height, channels } = pixels;
		const raw = { width, height, channels };
		const pipeline = sharp(data, { raw, limitInputPixels: false });
		return { pipeline, metadata: await pipeline.metadata() };
	}
	const pipeline = makePipeline(bytes, { failOn: "error", ...options });
	let metadata: Metadata;
	try {
		metadata = await pipeline.metadata();
	} catch (cause) {
		throw decodeError(name, cause, false);
	}
	checkContainer(metadata, name);
	checkSize(name, metadata.width, metadata.height, reading.maxPixels);
	return { pipeline, metadata };
}

function makePipeline(bytes: Uint8Array, options: SharpOptions): Sharp {
	// sharp's own limit on pixels is switched off: checkSize has a message that says what to do.
	return sharp(bytes, {
		limitInputPixels: false,
		autoOrient: true,
		...options,
	});
}

/** Throws ERR_ALFA_IMAGE for an empty file and for formats that are known but not supported. */
function checkSignature(bytes: Uint8Array, name: string): void {
	if (bytes.byteLength === 0) {
		throw new AlfaError(
			"ERR_ALFA_IMAGE",
			`${name} is empty (0 bytes); expected an image file`,
		);
	}
	const format = unsupportedFormat(bytes);
	if (format === undefined) return;
	throw new AlfaError(
		"ERR_ALFA_IMAGE",
		`${name} is a file of the format ${format}, which is not supported; convert it to PNG, JPEG or TIFF. ` +
			supportedFormats,
	);
}

function checkTiffFile(bytes: Uint8Array, name: string): ExtraSample {
	const tags = readTiffTags(bytes);
	if (!tags) return "none";
	const checked = checkTiff(tags);
	if ("extra" in checked) return checked.extra;
	const { problem, remedy } = checked;
	throw new AlfaError("ERR_ALFA_IMAGE", `${name} ${problem}; ${remedy}`);
}

function openPlainFile(
	bytes: Uint8Array,
	name: string,
	{ maxPixels }: ImageReading,
): PlainFile | undefined {
	try {
		const file = openPlain(bytes);
		if (file) checkSize(name, file.width, file.height, maxPixels);
		return file;
	} catch (cause) {
		throw plainError(name, cause, false);
	}
}

async function decodePlainFile(
	{ width, height, decode }: PlainFile,
	name: string,
	{ damaged }: ImageReading,
	signal?: AbortSignal,
): Promise<LoadedImage> {
	try {
		const { pixels, problem } = await decoding.run(
			() => decode(damaged === "accept"),
			signal,
			width * height,
		);
		const warnings = problem === undefined ? [] : [`the file ${problem}`];
		return { pixels, warnings };
	} catch (cause) {
		throw plainError(name, cause, true);
	}
}
