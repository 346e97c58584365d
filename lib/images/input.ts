import { readFile, stat } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { AlfaError } from "../errors.js";
import type { ImageReading } from "../options/reading.js";
import { isPlain, wrongType } from "../options/validate.js";
import { abortable } from "../util/abort.js";
import { Semaphore } from "../util/semaphore.js";
import { isKind, plainView } from "../util/typed-arrays.js";
import { decodeImage, type LoadedImage } from "./decode.js";
import {
	copyBytes,
	copyPixels,
	type RawImage,
	readRawImage,
} from "./pixels.js";

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

/** An image input of which nothing is read from the user's objects any more, except pixels and bytes. */
type PlainInput = string | Uint8Array | RawImage;

const expectedInput =
	"a path, a file: URL, encoded bytes (Uint8Array) or { data, width, height, channels }";

/** Reads the input once. Throws a TypeError for anything that is no image input. */
export function copyInput(image: unknown, name = "image"): PlainInput {
	if (typeof image === "string" && image !== "") return image;
	if (isKind(image, "Uint8Array")) return plainView(image, "Uint8Array");
	const raw = readRawImage(image, name);
	if (raw) return raw;
	const href = hrefOf(image);
	if (href !== undefined) {
		if (/^file:/i.test(href)) return href;
		throw unsupportedUrl(href);
	}
	throw wrongType(expectedInput, name, image);
}

async function load(
	image: ImageInput,
	reading: ImageReading,
	signal: AbortSignal | undefined,
): Promise<LoadedImage> {
	const input = copyInput(image);
	if (typeof input === "string") {
		const path = pathOf(input);
		const bytes = await openFiles.run(
			() => readImageFile(path, signal),
			signal,
		);
		return decodeImage(bytes, path, reading, signal);
	}
	if ("width" in input)
		return { pixels: await copyPixels(input, reading.maxPixels), warnings: [] };
	return decodeImage(await copyBytes(input), imageName(input), reading, signal);
}

/** What messages call this image. */
export function imageName(image: unknown): string {
	if (typeof image === "string") return image;
	if (isKind(image, "Uint8Array"))
		return `the encoded image (${plainView(image, "Uint8Array").byteLength} bytes)`;
	return hrefOf(image) ?? (isPlain(image) ? "the raw image" : "the image");
}

/** The address of a URL of any realm; undefined for any other value. */
function hrefOf(value: unknown): string | undefined {
	if (typeof value !== "object" || value === null) return undefined;
	try {
		if (Object.prototype.toString.call(value) !== "[object URL]")
			return undefined;
		const { href } = value as { href: unknown };
		return typeof href === "string" && URL.canParse(href) ? href : undefined;
	} catch {
		return undefined;
	}
}

function pathOf(image: string): string {
	if (/^file:/i.test(image)) return fromFileUrl(image);
	if (/^(https?|ftp|data|blob|s3):/i.test(image)) throw unsupportedUrl(image);
	return image;
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
