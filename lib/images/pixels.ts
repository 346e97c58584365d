// Raw pixels as a caller hands them over: checked, then copied, so that the buffer is the caller's again.
import { setImmediate as turn } from "node:timers/promises";
import { types } from "node:util";
import { AlfaError, rangeError } from "../errors.js";
import type { NativeImage } from "../native/addon.js";
import { isPlain, number, wrongType } from "../options/validate.js";

/** 8-bit rows from the top, interleaved, no padding: `data.length` is exactly width * height * channels. */
export interface RawImage {
	data: Uint8Array | Uint8ClampedArray;
	width: number;
	height: number;
	/** 1 grey, 3 RGB, 4 RGB and straight alpha. */
	channels: 1 | 3 | 4;
}

export const maxPixels = 2 ** 28;
export const minSide = 8;
export const maxSide = 2 ** 20;
const slice = 4 << 20; // under 10 ms of copying, first touch of the memory included

export function isRaw(image: unknown): image is RawImage {
	return isPlain(image) && "data" in image;
}

/** Throws ERR_ALFA_IMAGE_SIZE where `what` has a side under 8 px or more than 2^28 pixels. */
export function checkSize(what: string, width: number, height: number): void {
	if (width < minSide || height < minSide) {
		throw new AlfaError(
			"ERR_ALFA_IMAGE_SIZE",
			`${what} is ${width} x ${height} pixels; at least ${minSide} a side are needed`,
		);
	}
	if (Math.max(width, height) > maxSide) {
		throw new AlfaError(
			"ERR_ALFA_IMAGE_SIZE",
			`${what} is ${width} x ${height} pixels, a side longer than the limit of 2^20 (${maxSide}); cut it first`,
		);
	}
	if (width * height > maxPixels) {
		throw new AlfaError(
			"ERR_ALFA_IMAGE_SIZE",
			`${what} is ${width} x ${height} pixels, more than the limit of 2^28 (${maxPixels}); ` +
				"cut or reduce it first",
		);
	}
}

/**
 * A copy of the caller's pixels. Up to 4 MB are copied before this returns its promise; larger ones in slices with a
 * turn of the event loop between, and the caller's buffer must then stay as it is until the promise settles.
 */
export async function copyPixels(image: RawImage): Promise<NativeImage> {
	const { data, width, height, channels } = image;
	if (!types.isUint8Array(data) && !types.isUint8ClampedArray(data))
		throw wrongType("8-bit pixels in a Uint8Array", "image.data", data);
	const side = number({ integer: true, min: 1 });
	side(width, "image.width");
	side(height, "image.height");
	number()(channels, "image.channels");
	if (![1, 3, 4].includes(channels))
		throw rangeError(
			`Expected 1 (grey), 3 (RGB) or 4 (RGB and alpha) for image.channels but received ${channels} of type number`,
		);
	checkSize("The raw image", width, height);
	const length = width * height * channels;
	if (data.byteLength !== length) {
		throw rangeError(
			`Expected ${length} bytes (${width} x ${height} x ${channels}) for image.data but received ${data.byteLength}`,
		);
	}
	return { data: await copyBytes(data), width, height, channels };
}

/** A copy of the bytes, made in slices of at most 4 MB; the first slice before this returns. */
export async function copyBytes(
	from: Uint8Array | Uint8ClampedArray,
	name = "the image",
): Promise<Uint8Array> {
	const length = from.byteLength;
	const copy = new Uint8Array(length);
	for (let at = 0; at < length; at += slice) {
		if (at > 0) await turn();
		if (from.byteLength !== length)
			throw rangeError(
				`The bytes of ${name} were transferred or resized while they were read`,
			);
		copy.set(from.subarray(at, at + slice), at);
	}
	return copy;
}
