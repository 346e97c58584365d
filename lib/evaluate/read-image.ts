// Decodes an image of a dataset. An image that cannot be decoded does not end the evaluation.
import { loadImage } from "../images/input.js";
import type { RawImage } from "../images/pixels.js";
import type { ImageReading } from "../options/reading.js";
import { messageOf, throwIfFatal } from "./item-error.js";

export type ReadResult =
	| { image: RawImage; warnings: readonly string[]; error?: undefined }
	| { image?: undefined; warnings?: undefined; error: string };

/** The message in `error` contains the image's id instead of its path, so it is the same on every machine. */
export async function readImage(
	image: { id: string; file: string },
	reading: ImageReading,
	signal?: AbortSignal,
): Promise<ReadResult> {
	try {
		const { pixels, warnings } = await loadImage(image.file, reading, signal);
		return { image: pixels, warnings };
	} catch (error) {
		throwIfFatal(error, signal);
		return { error: messageOf(error, image) };
	}
}
