// Decodes an image of a dataset. An image that cannot be decoded does not end the evaluation.
import { codeOf } from "../errors.js";
import { loadImage } from "../images/input.js";
import type { RawImage } from "../images/pixels.js";

export type ReadResult =
	| { image: RawImage; error?: undefined }
	| { image?: undefined; error: string };

/** The message in `error` contains the image's id instead of its path, so it is the same on every machine. */
export async function readImage(
	{ id, file }: { id: string; file: string },
	signal?: AbortSignal,
): Promise<ReadResult> {
	try {
		return { image: await loadImage(file, signal) };
	} catch (error) {
		const code = codeOf(error);
		if (code !== "ERR_ALFA_IMAGE" && code !== "ERR_ALFA_IMAGE_SIZE")
			throw error;
		return { error: (error as Error).message.replaceAll(file, id) };
	}
}
