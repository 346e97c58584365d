import { setImmediate as nextTurn } from "node:timers/promises";
import { AlfaError, rangeError } from "../errors.js";
import type { NativeImage } from "../native/addon.js";
import { defaultReading } from "../options/reading.js";
import { isPlain, number, wrongType } from "../options/validate.js";
import { readProperty } from "../util/read-once.js";
import { isKind, plainView } from "../util/typed-arrays.js";

/** 8-bit rows from the top, interleaved, without padding: `data.length` is exactly width * height * channels. */
export interface RawImage {
	data: Uint8Array | Uint8ClampedArray;
	width: number;
	height: number;
	/** 1 is grey, 3 is RGB, 4 is RGB with alpha (not premultiplied). */
	channels: 1 | 3 | 4;
}

export const minSide = 8;
export const maxSide = 2 ** 20;

// Copying a slice takes less than 10 ms, even where the memory is touched for the first time.
const sliceBytes = 4 << 20;

/**
 * The four properties of a raw image, each read once; copyPixels checks them. undefined for an object without `data`.
 */
export function readRawImage(
	image: unknown,
	name: string,
): RawImage | undefined {
	if (!isPlain(image)) return undefined;
	const read = (key: keyof RawImage) =>
		readProperty(image, key, `${name}.${key}`);
	const data = read("data");
	if (data === undefined) return undefined;
	const [width, height, channels] = [
		read("width"),
		read("height"),
		read("channels"),
	];
	return { data, width, height, channels } as RawImage;
}

/** Throws ERR_ALFA_IMAGE_SIZE for a side under 8 or over 2^20 pixels, or for more than `maxPixels` pixels. */
export function checkSize(
	name: string,
	width: number,
	height: number,
	maxPixels: number,
): void {
	const problem = sizeProblem(width, height, maxPixels);
	if (problem === undefined) return;
	throw new AlfaError(
		"ERR_ALFA_IMAGE_SIZE",
		`${name} has ${width} x ${height} pixels; ${problem}`,
	);
}

function sizeProblem(
	width: number,
	height: number,
	maxPixels: number,
): string | undefined {
	if (Math.min(width, height) < minSide)
		return `expected at least ${minSide} on each side`;
	if (Math.max(width, height) > maxSide)
		return `expected at most 2^20 (${maxSide}) on each side; cut it first`;
	if (width * height > maxPixels)
		return maxPixels === defaultReading.maxPixels
			? `expected at most 2^28 (${maxPixels}); cut or reduce it first`
			: `expected at most ${maxPixels} (the option maxPixels); cut or reduce it first`;
	return undefined;
}

/** A checked copy of the caller's pixels; see copyBytes for when the caller may change them again. */
export async function copyPixels(
	image: RawImage,
	maxPixels: number,
): Promise<NativeImage> {
	const { width, height, channels } = image;
	const data = plainPixels(image.data);
	const checkSide = number({ integer: true, min: 1 });
	checkSide(width, "image.width");
	checkSide(height, "image.height");
	number()(channels, "image.channels");
	if (![1, 3, 4].includes(channels)) {
		throw rangeError(
			`Expected 1 (grey), 3 (RGB) or 4 (RGB and alpha) for image.channels but received ${channels} of type number`,
		);
	}
	checkSize("The raw image", width, height, maxPixels);
	const length = width * height * channels;
	if (data.byteLength !== length) {
		throw rangeError(
			`Expected ${length} bytes (${width} x ${height} x ${channels}) for image.data but received ${data.byteLength}`,
		);
	}
	return { data: await copyBytes(data), width, height, channels };
}

function plainPixels(data: unknown): Uint8Array | Uint8ClampedArray {
	if (isKind(data, "Uint8Array")) return plainView(data, "Uint8Array");
	if (isKind(data, "Uint8ClampedArray"))
		return plainView(data, "Uint8ClampedArray");
	throw wrongType("8-bit pixels in a Uint8Array", "image.data", data);
}

/**
 * A copy of the caller's bytes, which is a plain view. The first 4 MB are copied before this returns its promise. The
 * rest follows in slices with a turn of the event loop between; the bytes must stay unchanged until then.
 */
export async function copyBytes(
	from: Uint8Array | Uint8ClampedArray,
	name = "the image",
): Promise<Uint8Array> {
	const length = from.byteLength;
	const copy = new Uint8Array(length);
	for (let offset = 0; offset < length; offset += sliceBytes) {
		if (offset > 0) await nextTurn();
		if (from.byteLength !== length) {
			throw rangeError(
				`The bytes of ${name} were transferred or resized while they were read`,
			);
		}
		copy.set(from.subarray(offset, offset + sliceBytes), offset);
	}
	return copy;
}
