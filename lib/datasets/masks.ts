// Reads the mask of a test image in the form that the metrics take: one byte per pixel, 1 = anomalous, at the
// size of the anomaly map.
import { readFile, stat } from "node:fs/promises";
import type { Sharp } from "sharp";
import { AlfaError, codeOf } from "../errors.js";
import { openImage } from "../images/decode.js";
import { damagedImage } from "../images/decode-errors.js";
import { defaultReading } from "../options/reading.js";
import type { ProblemKind } from "./category-data.js";
import {
	highestChannel,
	isExact,
	lossyFormat,
	thresholdAtHalf,
} from "./lossy-mask.js";

export interface Size {
	readonly width: number;
	readonly height: number;
}

export interface MaskProblem {
	readonly kind: Extract<
		ProblemKind,
		"mask-size" | "empty-mask" | "unreadable-mask" | "lossy-mask"
	>;
	readonly message: string;
}

export interface MaskResult {
	/** [target.height * target.width]. undefined if the mask cannot be used; `problem` then has the reason. */
	readonly mask?: Uint8Array;
	readonly problem?: MaskProblem;
}

/**
 * Reads a mask and resizes it to `target`. A pixel is anomalous if any channel except alpha is not zero, at
 * any bit depth. The grey edge of a smoothed mask therefore counts as anomalous. A mask that is compressed with loss
 * (JPEG) must have two values except for noise; its pixels are anomalous from half of the higher value on.
 *
 * - `image`: the size of the image after EXIF orientation.
 * - `fit`: 'crop' if the target covers only the centre square of the image. Maps of resolution 'image' cover
 *   the whole image for every `fit`; pass 'squash' for them.
 * - `name`: the name of the mask in messages.
 *
 * Resizing takes the nearest pixel, measured between pixel centres. A defect that is smaller than a target
 * pixel can disappear, as in the published protocols.
 */
export async function readMask(
	file: string,
	image: Size,
	target: Size,
	fit: "squash" | "crop",
	name = file,
): Promise<MaskResult> {
	const decoded = await decodeOrProblem(file, name);
	if ("kind" in decoded) return { problem: decoded };
	const sizes = `${name} is ${decoded.width} x ${decoded.height} pixels, its image is ${image.width} x ${image.height}`;
	if (!hasSameAspectRatio(decoded, image)) {
		return {
			problem: {
				kind: "mask-size",
				message: `${sizes}: the aspect ratios differ, so the mask is not used`,
			},
		};
	}
	const mask = resizeNearest(decoded, image, target, fit);
	if (!mask.includes(1) && decoded.pixels.every((value) => value === 0)) {
		const message = `${name} marks no pixel although its image is anomalous; it is not used`;
		return { problem: { kind: "empty-mask", message } };
	}
	const problem = useProblem(decoded, image, name, sizes);
	return { mask, ...(problem && { problem }) };
}

/** The problem of a mask that is used all the same. */
function useProblem(
	mask: DecodedMask,
	image: Size,
	name: string,
	sizes: string,
): MaskProblem | undefined {
	const isSameSize = mask.width === image.width && mask.height === image.height;
	const resized = `${sizes}: the mask is resized`;
	if (mask.lossyFormat !== undefined) {
		const lossy =
			`${name} is lossy (${mask.lossyFormat}): thresholded at half; save masks in a ` +
			"lossless format such as PNG";
		const message = isSameSize ? lossy : `${lossy}. ${resized}`;
		return { kind: "lossy-mask", message };
	}
	return isSameSize ? undefined : { kind: "mask-size", message: resized };
}

interface DecodedMask extends Size {
	/** [height * width * channels]. */
	readonly pixels: Uint8Array | Uint16Array | Float32Array;
	readonly channels: number;
	/** If the mask was thresholded at half: the name of its format. */
	readonly lossyFormat?: string;
}

async function decodeOrProblem(
	file: string,
	name: string,
): Promise<DecodedMask | MaskProblem> {
	try {
		return await decode(file, name);
	} catch (error) {
		if (codeOf(error) === undefined) throw error;
		return { kind: "unreadable-mask", message: (error as Error).message };
	}
}

/** Up to a tolerance of 1%. */
function hasSameAspectRatio(mask: Size, image: Size): boolean {
	const a = mask.width * image.height;
	const b = image.width * mask.height;
	return Math.abs(a - b) <= 0.01 * b;
}

function resizeNearest(
	{ pixels, width, height, channels }: DecodedMask,
	image: Size,
	target: Size,
	fit: "squash" | "crop",
): Uint8Array {
	const square =
		fit === "crop" ? Math.min(image.width, image.height) : undefined;
	const columns = sourceIndices(
		target.width,
		image.width,
		width,
		square ?? image.width,
	);
	const rows = sourceIndices(
		target.height,
		image.height,
		height,
		square ?? image.height,
	);
	const mask = new Uint8Array(target.width * target.height);
	let index = 0;
	for (const row of rows) {
		for (const column of columns) {
			const first = (row * width + column) * channels;
			for (let channel = 0; channel < channels; channel++) {
				if (pixels[first + channel] !== 0) mask[index] = 1;
			}
			index++;
		}
	}
	return mask;
}

/**
 * For each of `count` target pixels along one axis, the index of the nearest source pixel. The target covers the centre
 * `covered` pixels of the image's side; the source has `sourceSide` pixels for the whole side.
 *
 * All operands of the one division are multiples of 1/2, so a centre on the border of two source pixels is exact and
 * falls into the second one.
 */
function sourceIndices(
	count: number,
	imageSide: number,
	sourceSide: number,
	covered: number,
): Uint32Array {
	const first = Math.floor((imageSide - covered) / 2);
	return Uint32Array.from({ length: count }, (_, i) =>
		Math.floor(
			((first * count + (i + 0.5) * covered) * sourceSide) /
				(imageSide * count),
		),
	);
}

interface PixelFormat {
	depth: "uchar" | "ushort" | "float";
	arrayType: new (
		bytes: ArrayBufferLike,
		offset: number,
		length: number,
	) => DecodedMask["pixels"];
}

// Masks are decoded at their own depth and in their own colour space. Conversion to 8-bit sRGB, sharp's default, would
// turn a 16-bit 1 into 0; conversion to 16 bits would do the same to a 32-bit 1, and a colour profile can do so too.
const pixelFormats: Record<string, PixelFormat> = {
	"uchar b-w": { depth: "uchar", arrayType: Uint8Array },
	"uchar srgb": { depth: "uchar", arrayType: Uint8Array },
	"ushort grey16": { depth: "ushort", arrayType: Uint16Array },
	"ushort rgb16": { depth: "ushort", arrayType: Uint16Array },
	"uint b-w": { depth: "float", arrayType: Float32Array },
	"int b-w": { depth: "float", arrayType: Float32Array },
	"float b-w": { depth: "float", arrayType: Float32Array },
};

async function decode(file: string, name: string): Promise<DecodedMask> {
	const bytes = await readBytes(file, name);
	const { pipeline, metadata } = await openImage(bytes, name, defaultReading, {
		ignoreIcc: true,
		failOn: "warning",
	});
	const { depth, space } = metadata;
	const format = pixelFormats[`${depth} ${space}`];
	if (!format) {
		throw new AlfaError(
			"ERR_ALFA_IMAGE",
			`${name} has ${depth} pixels in the colour space ${space}, in which black is not zero; save it as ` +
				"grey or RGB with 8 or 16 bits",
		);
	}
	const mask = await readPixels(pipeline, space, format, name);
	const lossy = lossyFormat(metadata, bytes);
	return lossy === undefined ? mask : thresholdLossy(mask, lossy, name);
}

/** The mask with values 0 and 1. Throws ERR_ALFA_IMAGE if noise and marks cannot be told apart. */
function thresholdLossy(
	mask: DecodedMask,
	format: string,
	name: string,
): DecodedMask {
	const { pixels, channels, width } = mask;
	if (pixels instanceof Float32Array) return mask;
	const values = highestChannel(pixels, channels);
	const isEmpty = values.every((value) => value === 0);
	if (isEmpty || (format !== "JPEG" && isExact(values))) return mask;
	const range = pixels instanceof Uint8Array ? 255 : 65535;
	const thresholded = thresholdAtHalf(values, width, range);
	if (!thresholded) {
		let highest = 0;
		for (const value of values) highest = Math.max(highest, value);
		throw new AlfaError(
			"ERR_ALFA_IMAGE",
			`${name} is lossy (${format}) and has more than two values, from 0 to ${highest}: marks cannot be told from ` +
				"the noise of the compression, so it is not used; save it in a lossless format such as PNG",
		);
	}
	return { ...mask, pixels: thresholded, channels: 1, lossyFormat: format };
}

async function readPixels(
	pipeline: Sharp,
	space: string,
	format: PixelFormat,
	name: string,
): Promise<DecodedMask> {
	try {
		const { data, info } = await pipeline
			.removeAlpha()
			.toColourspace(space)
			.raw({ depth: format.depth })
			.toBuffer({ resolveWithObject: true });
		const { width, height, channels } = info;
		// Typed arrays of 2 or 4 bytes per element need an aligned offset.
		const { buffer, byteOffset } =
			data.byteOffset % 4 === 0 ? data : Uint8Array.from(data);
		const pixels = new format.arrayType(
			buffer,
			byteOffset,
			width * height * channels,
		);
		return { pixels, width, height, channels };
	} catch (cause) {
		throw damagedImage(name, cause);
	}
}

async function readBytes(file: string, name: string): Promise<Buffer> {
	const makeError = (reason: string, cause?: unknown) =>
		new AlfaError("ERR_ALFA_IMAGE", `${name} cannot be read (${reason})`, {
			cause,
		});
	try {
		const found = await stat(file);
		if (!found.isFile()) throw makeError("it is not a regular file");
		return await readFile(file);
	} catch (cause) {
		if (cause instanceof AlfaError) throw cause;
		const { code, message } = cause as NodeJS.ErrnoException;
		throw makeError(code ?? message, cause);
	}
}
