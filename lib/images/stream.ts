// Pictures of a source, decoded side by side and handed on in their order.

import { withLocation } from "../errors.js";
import type { NativeImage } from "../native/addon.js";
import { ordered, type Source } from "../util/ordered.js";
import { type ImageInput, loadImage, nameOf } from "./decode.js";

export interface Decoded {
	image: ImageInput;
	picture: NativeImage;
	where: string;
	start: number;
	decode: number;
}

/** `what`: as messages call one of them, such as "Reference"; a picture that fails throws in its place, so named. */
export function decoded(
	images: Source<ImageInput>,
	limit: number,
	what: string,
	signal: AbortSignal | undefined,
): AsyncGenerator<Decoded, void, undefined> {
	return ordered(images, limit, signal, async (image, index, stop) => {
		const start = performance.now(),
			where = `${what} ${index} (${nameOf(image)})`;
		try {
			return {
				image,
				picture: await loadImage(image, stop),
				where,
				start,
				decode: performance.now() - start,
			};
		} catch (error) {
			throw withLocation(error, where);
		}
	});
}
