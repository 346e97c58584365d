// A picture of a dataset, or why it is none: what is wrong with one file does not end an evaluation.
import { codeOf } from "../errors.js";
import { loadImage } from "../images/input.js";
import type { RawImage } from "../images/pixels.js";

export type Read =
	| { picture: RawImage; error?: undefined }
	| { picture?: undefined; error: string };

/** The message names the image by its id, so that it is the same wherever the dataset lies. */
export async function readImage(
	{ id, file }: { id: string; file: string },
	signal?: AbortSignal,
): Promise<Read> {
	try {
		return { picture: await loadImage(file, signal) };
	} catch (error) {
		const code = codeOf(error);
		if (code !== "ERR_ALFA_IMAGE" && code !== "ERR_ALFA_IMAGE_SIZE")
			throw error;
		return { error: (error as Error).message.replaceAll(file, id) };
	}
}
