import { readFile, stat } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { types } from "node:util";
import { AlfaError } from "../errors.js";
import type { ImageReading } from "../options/reading.js";
import { wrongType } from "../options/validate.js";
import { abortable } from "../util/abort.js";
import { Semaphore } from "../util/semaphore.js";
import { decodeImage, type LoadedImage } from "./decode.js";
import { copyBytes, copyPixels, isRawImage, type RawImage } from "./pixels.js";

/**
 * An image: a path, a `file:` URL, encoded bytes (JPEG, PNG, WebP, TIFF, GIF, AVIF, BMP, PGM, PPM) or raw pixels.
 *
 * EXIF orientation is applied, colours are converted to sRGB, 16 bits are reduced to 8, transparent pixels are blended
 * with white. Only the first frame of an animation is used. Each side has at least 8 pixels, the image at most 2^28.
 *
 * Bytes and pixels are copied and never written. Up to 4 MB are copied before the call returns its promise; larger
 * inputs must stay unchanged until the promise settles.
 */
export type ImageInput = string | URL | Uint8Array | RawImage;

// A process may often have only 1024 open files.
const openFiles = new Semaphore(32);

/**
 * The image as 8-bit pixels. Rejects with ERR_ALFA_IMAGE, ERR_ALFA_IMAGE_SIZE, a TypeError or a RangeError for a wrong
 * input, or with the signal's reason.
 */
export function loadImage(
	image: ImageInput,
	reading: ImageReading,
	signal?: AbortSignal,
): Promise<LoadedImage> {
	return abortable(load(image, reading, signal), signal);
}

async function load(
	image: ImageInput,
	reading: ImageReading,
	signal: AbortSignal | undefined,
): Promise<LoadedImage> {
	if (isRawImage(image))
		return { pixels: await copyPixels(image, reading.maxPixels), warnings: [] };
	if (types.isUint8Array(image))
		return decodeImage(
			await copyBytes(image),
			imageName(image),
			reading,
			signal,
		);
	const path = pathOf(image);
	const bytes = await openFiles.run(() => readImageFile(path, signal), signal);
	return decodeImage(bytes, path, reading, signal);
}

/** What messages call this image. */
export function imageName(image: unknown): string {
	if (typeof image === "string") return image;
	if (image instanceof URL) return image.href;
	if (types.isUint8Array(image))
		return `the encoded image (${image.byteLength} bytes)`;
	return isRawImage(image) ? "the raw image" : "the image";
}

function pathOf(image: unknown): string {
	if (typeof image === "string") {
		if (/^file:/i.test(image)) return fromFileUrl(image);
		if (/^(https?|ftp|data|blob|s3):/i.test(image)) throw unsupportedUrl(image);
		if (image !== "") return image;
	}
	if (image instanceof URL) {
		if (image.protocol !== "file:") throw unsupportedUrl(image.href);
		return fromFileUrl(image.href);
	}
	const expected =
		"a path, a file: URL, encoded bytes (Uint8Array) or { data, width, height, channels }";
	throw wrongType(expected, "image", image);
}

function unsupportedUrl(url: string): AlfaError {
	return new AlfaError(
		"ERR_ALFA_IMAGE",
		`${url.slice(0, 120)} is a URL that is not opened here; fetch it first and pass its bytes, or pass a path`,
	);
}

function fromFileUrl(url: string): string {
	try {
		return fileURLToPath(url);
	} catch (cause) {
		throw new AlfaError(
			"ERR_ALFA_IMAGE",
			`${url.slice(0, 120)} does not name a local file (${(cause as Error).message}); ` +
				"pass file:///absolute/path, or a path",
			{ cause },
		);
	}
}

/** Not left to sharp: its cache would return the old image after the file has been overwritten. */
async function readImageFile(
	path: string,
	signal: AbortSignal | undefined,
): Promise<Uint8Array> {
	try {
		const found = await stat(path);
		if (found.isFile()) return await readFile(path, { signal });
		const kind = found.isDirectory() ? "a folder" : "not a regular file";
		throw new AlfaError(
			"ERR_ALFA_IMAGE",
			`${path} is ${kind}; expected an image file`,
		);
	} catch (cause) {
		if (cause instanceof AlfaError || signal?.aborted) throw cause;
		const { code, message } = cause as NodeJS.ErrnoException;
		const problem =
			code === "ENOENT"
				? `does not exist; check the path (relative paths start at ${process.cwd()})`
				: `cannot be read: ${message}`;
		throw new AlfaError("ERR_ALFA_IMAGE", `${path} ${problem}`, { cause });
	}
}
