import { withLocation } from "../errors.js";
import type { NativeImage } from "../native/addon.js";
import { ordered, type Source } from "../util/ordered.js";
import { type ImageInput, imageName, loadImage } from "./input.js";

/** An image of a stream, decoded. */
export interface DecodedImage {
	image: ImageInput;
	pixels: NativeImage;
	/** For messages: 'Reference 3 (a.png)'. */
	name: string;
	/** `performance.now()` before decoding. */
	start: number;
	/** Milliseconds of reading and decoding. */
	decode: number;
}

/**
 * Decodes up to `limit` images at the same time and yields them in their order. An image that fails throws when its
 * turn comes, with its name in the message. `kind` begins that name, for example "Reference".
 */
export function decodeImages(
	images: Source<ImageInput>,
	limit: number,
	kind: string,
	signal: AbortSignal | undefined,
): AsyncGenerator<DecodedImage, void, undefined> {
	return ordered(images, limit, signal, async (image, index, signal) => {
		const start = performance.now();
		const name = `${kind} ${index} (${imageName(image)})`;
		try {
			const pixels = await loadImage(image, signal);
			return { image, pixels, name, start, decode: performance.now() - start };
		} catch (error) {
			throw withLocation(error, name);
		}
	});
}
