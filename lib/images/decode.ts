// From what users hold (a path, a URL, encoded bytes, raw pixels) to 8-bit pixels. sharp decodes and turns; it never resizes.
import { readFile, stat } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { types } from "node:util";
import sharp, { type Metadata } from "sharp";
import { AlfaError } from "../errors.js";
import type { NativeImage } from "../native/addon.js";
import { wrongType } from "../options/validate.js";
import { abortable } from "../util/abort.js";
import {
	checkSize,
	copyBytes,
	copyPixels,
	isRaw,
	type RawImage,
} from "./pixels.js";

/**
 * An image: a path, a `file:` URL, encoded bytes (JPEG, PNG, WebP, TIFF, GIF, AVIF, ...), or raw pixels.
 * EXIF orientation is applied, colours become sRGB, 16 bits become 8, alpha is laid over white, of an animation the
 * first frame counts. Sides from 8 px, up to 2^28 pixels. Bytes and pixels are copied and never written: up to 4 MB
 * before the call returns its promise, larger ones until it settles.
 */
export type ImageInput = string | URL | Uint8Array | RawImage;

/** Pixels of an image. Rejects with ERR_ALFA_IMAGE, ERR_ALFA_IMAGE_SIZE, a TypeError, a RangeError or the signal's reason. */
export async function loadImage(
	image: ImageInput,
	signal?: AbortSignal,
): Promise<NativeImage> {
	if (isRaw(image)) return abortable(copyPixels(image), signal);
	if (types.isUint8Array(image))
		return abortable(
			copyBytes(image).then((bytes) => decode(bytes, nameOf(image))),
			signal,
		);
	const path = pathOf(image);
	return abortable(
		read(path, signal).then((bytes) => decode(bytes, path)),
		signal,
	);
}

/** What messages call this image. */
export function nameOf(image: unknown): string {
	if (typeof image === "string") return image;
	if (image instanceof URL) return image.href;
	if (types.isUint8Array(image))
		return `the image given (${image.byteLength} bytes)`;
	return isRaw(image) ? "the raw image" : "the image";
}

function pathOf(image: unknown): string {
	if (image instanceof URL && image.protocol === "file:")
		return fromFileUrl(image);
	if (image instanceof URL || typeof image === "string") {
		const found = /^([a-z][a-z0-9+.-]+):/i
			.exec(String(image))?.[1]
			?.toLowerCase();
		if (typeof image === "string" && found === "file")
			return fromFileUrl(image);
		if (image instanceof URL || /^(https?|ftp|data|blob|s3):/i.test(image)) {
			const shown = String(image).slice(0, 120);
			throw new AlfaError(
				"ERR_ALFA_IMAGE",
				`${shown} is a URL (${found}:), which is not opened here; fetch it first and hand over its bytes, or a path`,
			);
		}
		if (image !== "") return image;
	}
	throw wrongType(
		"a path, a file: URL, encoded bytes (Uint8Array) or { data, width, height, channels }",
		"image",
		image,
	);
}

function fromFileUrl(url: string | URL): string {
	try {
		return fileURLToPath(url);
	} catch (cause) {
		throw new AlfaError(
			"ERR_ALFA_IMAGE",
			`${String(url).slice(0, 120)} names no file here (${(cause as Error).message}); give file:///absolute/path, or a path`,
			{ cause },
		);
	}
}

// Read here, not by sharp: its cache would answer with the old picture where a file has been written again.
async function read(
	path: string,
	signal: AbortSignal | undefined,
): Promise<Uint8Array> {
	try {
		const found = await stat(path);
		if (!found.isFile())
			throw new AlfaError(
				"ERR_ALFA_IMAGE",
				`${path} is ${found.isDirectory() ? "a folder" : "no ordinary file"}; a picture file is needed`,
			);
		return await readFile(path, signal ? { signal } : {});
	} catch (cause) {
		if (cause instanceof AlfaError || signal?.aborted) throw cause;
		const code = (cause as NodeJS.ErrnoException).code;
		throw new AlfaError(
			"ERR_ALFA_IMAGE",
			code === "ENOENT"
				? `${path} does not exist; check the path (relative ones start at ${process.cwd()})`
				: `${path} cannot be read: ${(cause as Error).message}`,
			{ cause },
		);
	}
}

const raster = ["jpeg", "png", "webp", "tiff", "gif", "heif", "jp2", "jxl"];

async function decode(bytes: Uint8Array, name: string): Promise<NativeImage> {
	await headerOf(bytes, name);
	try {
		const { data, info } = await sharp(bytes, {
			failOn: "error",
			limitInputPixels: false,
			autoOrient: true,
		})
			.toColourspace("srgb")
			.raw({ depth: "uchar" })
			.toBuffer({ resolveWithObject: true });
		return {
			data,
			width: info.width,
			height: info.height,
			channels: info.channels as 1 | 3 | 4,
		};
	} catch (cause) {
		throw brokenImage(name, cause);
	}
}

/** What encoded bytes say they are. Throws where that is nothing that is read here, or too large or small to be. */
export async function headerOf(
	bytes: Uint8Array,
	name: string,
): Promise<Metadata> {
	if (bytes.byteLength === 0)
		throw new AlfaError(
			"ERR_ALFA_IMAGE",
			`${name} is empty (0 bytes); a picture file is needed`,
		);
	const found = await header(bytes, name);
	if (!raster.includes(found.format)) {
		throw new AlfaError(
			"ERR_ALFA_IMAGE",
			`${name} is ${found.format}, which is drawn rather than decoded; JPEG, PNG, WebP, TIFF, GIF and AVIF are read`,
		);
	}
	checkSize(name, found.width, found.height);
	return found;
}

async function header(bytes: Uint8Array, name: string): Promise<Metadata> {
	try {
		return await sharp(bytes, {
			failOn: "error",
			limitInputPixels: false,
		}).metadata();
	} catch (cause) {
		throw new AlfaError(
			"ERR_ALFA_IMAGE",
			`${name} is not a picture that can be read (${inOneLine(cause)}); ` +
				"JPEG, PNG, WebP, TIFF, GIF and AVIF are",
			{ cause },
		);
	}
}

/** A sound header, and pixels that sharp could not decode. */
export function brokenImage(name: string, cause: unknown): AlfaError {
	return new AlfaError(
		"ERR_ALFA_IMAGE",
		`${name} is broken or cut short (${inOneLine(cause)}); write or fetch it again`,
		{ cause },
	);
}

/** libvips reports over several lines, most of them about seeking. */
function inOneLine(error: unknown): string {
	const lines = (error as Error).message.split("\n").map((line) => line.trim());
	return lines.filter((line) => line && !line.includes("bad seek")).join("; ");
}
