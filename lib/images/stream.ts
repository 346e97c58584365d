import { codeOf, type ErrorCode, withLocation } from "../errors.js";
import type { NativeImage } from "../native/addon.js";
import type { ImageReading } from "../options/reading.js";
import { ordered, type Source } from "../util/ordered.js";
import { type ImageInput, imageName, loadImage } from "./input.js";

/** An image of a stream that failed. */
export interface ImageProblem {
	/** The position of the image in the stream, from 0. */
	readonly index: number;
	readonly image: ImageInput;
	/** Its message starts with the index and the name of the image. */
	readonly error: Error;
}

/** Receives the images that failed, so that the stream goes on without them. */
export type OnImageProblem = (problem: ImageProblem) => void;

/** An image of a stream, decoded. */
export interface DecodedImage {
	image: ImageInput;
	pixels: NativeImage;
	/** What the decoder warned about. */
	warnings: readonly string[];
	/** Its position in the stream, from 0. */
	index: number;
	/** For messages: 'Reference 3 (a.png)'. */
	name: string;
	/** `performance.now()` before decoding. */
	start: number;
	/** Milliseconds of reading and decoding. */
	decode: number;
}

export interface ImageStreamOptions {
	/** How many images are processed at the same time. */
	limit: number;
	/** The first word of an image's name in messages, for example "Reference". */
	kind: string;
	signal: AbortSignal | undefined;
	/** If undefined, an image that fails throws when its turn comes, with its index and name in the message. */
	onProblem?: OnImageProblem | undefined;
}

/** Decodes images at the same time and yields them in their order. */
export function decodeImages(
	images: Source<ImageInput>,
	reading: ImageReading,
	options: ImageStreamOptions,
): AsyncGenerator<DecodedImage, void, undefined> {
	return eachImage(images, options, async (image, index, name, signal) => {
		const start = performance.now();
		const loaded = await loadImage(image, reading, signal);
		const decode = performance.now() - start;
		return { image, ...loaded, index, name, start, decode };
	});
}

/** Calls `work` for each image, several at the same time, and yields the results in the order of the images. */
export async function* eachImage<R>(
	images: Source<ImageInput>,
	{ limit, kind, signal, onProblem }: ImageStreamOptions,
	work: (
		image: ImageInput,
		index: number,
		name: string,
		signal: AbortSignal,
	) => Promise<R>,
): AsyncGenerator<R, void, undefined> {
	type Outcome = { result: R } | { problem: ImageProblem };
	const outcomes = ordered<ImageInput, Outcome>(
		images,
		limit,
		signal,
		async (image, index, signal) => {
			const name = imageTitle(kind, index, image);
			try {
				return { result: await work(image, index, name, signal) };
			} catch (cause) {
				const error = withLocation(cause, name);
				return { problem: toProblem(error, { index, image }, onProblem) };
			}
		},
	);
	for await (const outcome of outcomes) {
		if ("result" in outcome) yield outcome.result;
		else onProblem!(outcome.problem);
	}
}

/** After these errors no other image can be scored either. */
const fatalCodes: ReadonlySet<ErrorCode> = new Set([
	"ERR_ALFA_CLOSED",
	"ERR_ALFA_MODEL_NOT_FOUND",
	"ERR_ALFA_MODEL_CORRUPT",
]);

/** An error without a code is the reason of an abort. */
function endsStream(error: unknown): boolean {
	const code = codeOf(error);
	return code === undefined || fatalCodes.has(code);
}

/** Throws the error if the stream does not skip images, or if the error ends the stream. */
function toProblem(
	error: unknown,
	{ index, image }: Pick<ImageProblem, "index" | "image">,
	onProblem: OnImageProblem | undefined,
): ImageProblem {
	if (!onProblem || endsStream(error)) throw error;
	return { index, image, error: error as Error };
}

/** Reports the error of an image; throws it if the stream does not skip images, or if the error ends the stream. */
export function reportProblem(
	error: unknown,
	image: Pick<ImageProblem, "index" | "image">,
	onProblem: OnImageProblem | undefined,
): void {
	const problem = toProblem(error, image, onProblem);
	onProblem?.(problem);
}

/** How messages call an image of a stream: 'Image 3 (a.png)'. */
export function imageTitle(
	kind: string,
	index: number,
	image: ImageInput,
): string {
	return `${kind} ${index} (${imageName(image)})`;
}
