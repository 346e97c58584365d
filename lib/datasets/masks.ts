// The mask of a test image, as the metrics take it: a byte a pixel, 1 where anomalous, at the size of the map it meets.
import { readFile, stat } from "node:fs/promises";
import { AlfaError } from "../errors.js";
import { damagedImage, openImage } from "../images/decode.js";
import type { ProblemKind } from "./dataset.js";

export interface Size {
	readonly width: number;
	readonly height: number;
}
export interface MaskProblem {
	readonly kind: Extract<
		ProblemKind,
		"mask-size" | "empty-mask" | "unreadable-mask"
	>;
	readonly message: string;
}
export interface ReadMask {
	/** [target.height * target.width]; undefined where the mask is of no use, and `problem` says why. */
	readonly mask?: Uint8Array;
	readonly problem?: MaskProblem;
}

/**
 * Any pixel that is not zero in any channel but alpha is anomalous, whatever its depth. `image` is the size of the image
 * as it is shown; with `fit` 'crop' the target shows its centre square (maps of resolution 'image' show the whole image
 * whatever their fit: 'squash' is theirs). Resized by nearest, at pixel centres: a defect smaller than a target's pixel
 * may vanish, as in the published protocols. Messages call the mask `name`.
 */
export async function readMask(
	file: string,
	image: Size,
	target: Size,
	fit: "squash" | "crop",
	name = file,
): Promise<ReadMask> {
	const read = await decode(file, name).catch((error: unknown) => {
		if (error instanceof AlfaError)
			return { kind: "unreadable-mask", message: error.message } as const;
		throw error;
	});
	if ("kind" in read) return { problem: read };
	const sizes = `${name} is ${read.width} x ${read.height} pixels, its image ${image.width} x ${image.height}`;
	const across = read.width * image.height,
		along = image.width * read.height;
	if (Math.abs(across - along) > 0.01 * along) {
		return {
			problem: {
				kind: "mask-size",
				message: `${sizes}: another shape, so the mask is not used`,
			},
		};
	}
	const mask = resized(read, image, target, fit);
	if (!mask.includes(1) && read.pixels.every((value) => value === 0)) {
		return {
			problem: {
				kind: "empty-mask",
				message: `${name} marks nothing, though its image is anomalous; it is not used`,
			},
		};
	}
	const fits = read.width === image.width && read.height === image.height;
	return fits
		? { mask }
		: {
				mask,
				problem: {
					kind: "mask-size",
					message: `${sizes}: the mask is scaled to it`,
				},
			};
}

interface Decoded extends Size {
	readonly pixels: Uint8Array | Uint16Array | Float32Array;
	readonly channels: number;
}

function resized(
	{ pixels, width, height, channels }: Decoded,
	image: Size,
	target: Size,
	fit: "squash" | "crop",
): Uint8Array {
	const side = Math.min(image.width, image.height);
	// One division of whole and half numbers: a centre on the border of two pixels falls into the further one, never short of it.
	const places = (count: number, whole: number, held: number) => {
		const shown = fit === "crop" ? side : whole;
		const first = Math.floor((whole - shown) / 2);
		return Uint32Array.from({ length: count }, (_, i) =>
			Math.floor(
				((first * count + (i + 0.5) * shown) * held) / (whole * count),
			),
		);
	};
	const columns = places(target.width, image.width, width),
		rows = places(target.height, image.height, height);
	const mask = new Uint8Array(target.width * target.height);
	let at = 0;
	for (const row of rows)
		for (const column of columns) {
			const pixel = (row * width + column) * channels;
			for (let c = 0; c < channels; c++)
				if (pixels[pixel + c] !== 0) mask[at] = 1;
			at++;
		}
	return mask;
}

// Decoded in the colours and the depth it has: sRGB's 8 bits, sharp's default, would turn a 16-bit 1 into 0, and 16 bits
// a 32-bit one; a colour profile may do the same.
const formats: Record<
	string,
	{
		depth: "uchar" | "ushort" | "float";
		as: new (
			bytes: ArrayBufferLike,
			from: number,
			length: number,
		) => Decoded["pixels"];
	}
> = {
	"uchar b-w": { depth: "uchar", as: Uint8Array },
	"uchar srgb": { depth: "uchar", as: Uint8Array },
	"ushort grey16": { depth: "ushort", as: Uint16Array },
	"ushort rgb16": { depth: "ushort", as: Uint16Array },
	"uint b-w": { depth: "float", as: Float32Array },
	"int b-w": { depth: "float", as: Float32Array },
	"float b-w": { depth: "float", as: Float32Array },
};

async function decode(file: string, name: string): Promise<Decoded> {
	const bytes = await bytesOf(file, name);
	const { pipeline, metadata } = await openImage(bytes, name, { ignoreIcc: true });
	const { depth, space } = metadata;
	const format = formats[`${depth} ${space}`];
	if (!format)
		throw new AlfaError(
			"ERR_ALFA_IMAGE",
			`${name} has ${depth} pixels in ${space}, where zero is not black; save it as grey or RGB of 8 or 16 bits`,
		);
	try {
		const { data, info } = await pipeline
			.removeAlpha()
			.toColourspace(space)
			.raw({ depth: format.depth })
			.toBuffer({ resolveWithObject: true });
		const { buffer, byteOffset } =
			data.byteOffset % 4 === 0 ? data : Uint8Array.from(data);
		return {
			pixels: new format.as(
				buffer,
				byteOffset,
				info.width * info.height * info.channels,
			),
			width: info.width,
			height: info.height,
			channels: info.channels,
		};
	} catch (cause) {
		throw damagedImage(name, cause);
	}
}

async function bytesOf(file: string, name: string): Promise<Buffer> {
	const refuse = (why: string, cause?: unknown) =>
		new AlfaError("ERR_ALFA_IMAGE", `${name} cannot be read (${why})`, {
			cause,
		});
	try {
		if (!(await stat(file)).isFile()) throw refuse("it is no ordinary file");
		return await readFile(file);
	} catch (cause) {
		throw cause instanceof AlfaError
			? cause
			: refuse(
					(cause as NodeJS.ErrnoException).code ?? (cause as Error).message,
					cause,
				);
	}
}
