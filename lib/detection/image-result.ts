import type { ImageInput } from "../images/input.js";
import type { NativeResult } from "../native/addon.js";

/** What the engine says about one image, and when. detection.ts turns it into a Detection. */
export interface ImageResult {
	/** The caller's input, not its pixels. */
	image: ImageInput;
	native: NativeResult;
	/** What the decoder warned about. */
	warnings: readonly string[];
	/** Milliseconds of reading and decoding the image. */
	decode: number;
	/** `performance.now()` before the image was read. */
	start: number;
}
