import type { ImageResult } from "../detection/image-result.js";
import { callNative, withLocation } from "../errors.js";
import type { ImageInput } from "../images/input.js";
import {
	decodeImages,
	type OnImageProblem,
	reportProblem,
} from "../images/stream.js";
import type { CancelHandle } from "../native/addon.js";
import type { Source } from "../util/ordered.js";
import type { CategoryState } from "./state.js";

/**
 * Scores the images of a stream against each other (MuSc): all images are read first, then each is compared with all
 * others, then the results are yielded in the order of the images.
 */
export async function* scoreMutually(
	{ session, handle, pixelThreshold, reading }: CategoryState,
	images: Source<ImageInput>,
	signal: AbortSignal | undefined,
	onProblem: OnImageProblem | undefined,
): AsyncGenerator<ImageResult, void, undefined> {
	session.require("image");
	const { addon, engine, inFlight, semaphore } = session;
	const run = <T>(job: (cancel?: CancelHandle) => Promise<T>) =>
		semaphore.run(() =>
			session.run(signal, (_addon, _engine, cancel) => job(cancel)),
		);
	const set = callNative(() => addon.createSet(engine, handle));
	const added: Omit<ImageResult, "native">[] = [];
	try {
		const stream = { limit: inFlight, kind: "Image", signal, onProblem };
		const decoded = decodeImages(images, reading, stream);
		for await (const { pixels, name, ...input } of decoded) {
			try {
				await run((cancel) => addon.addToSet(engine, set, pixels, cancel));
				added.push(input);
			} catch (cause) {
				reportProblem(withLocation(cause, name), input, onProblem);
			}
		}
		let more = added.length > 0;
		while (more) {
			more = await run((cancel) => addon.compareInSet(engine, set, cancel));
		}
		for (const [index, input] of added.entries()) {
			const native = await run((cancel) =>
				addon.resultInSet(
					engine,
					set,
					index,
					pixelThreshold ?? Infinity,
					cancel,
				),
			);
			yield { ...input, native };
		}
	} finally {
		// Rejects if the engine has been closed, which frees the set too.
		void addon.clearSet(engine, set).catch(() => {});
	}
}
