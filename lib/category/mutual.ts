// Images of one stream that judge each other: all are looked at first, then each against all others, then come the results.

import { callNative } from "../errors.js";
import type { ImageInput } from "../images/input.js";
import { decodeImages } from "../images/stream.js";
import type { CategoryHandle, NativeResult } from "../native/addon.js";
import type { Session } from "../native/session.js";
import type { Source } from "../util/ordered.js";

export interface Judged {
	image: ImageInput;
	native: NativeResult;
	decode: number;
	start: number;
}

export async function* judgeMutually(
	session: Session,
	category: CategoryHandle,
	images: Source<ImageInput>,
	pixelThreshold: number,
	signal: AbortSignal | undefined,
): AsyncGenerator<Judged, void, undefined> {
	session.require("image");
	const set = callNative(() =>
		session.addon.createSet(session.engine, category),
	);
	const seen: { image: ImageInput; decode: number; start: number }[] = [];
	try {
		for await (const { image, pixels, start, decode } of decodeImages(
			images,
			session.inFlight,
			"Image",
			signal,
		)) {
			await session.semaphore.run(() =>
				session.run(signal, (addon, engine, cancel) =>
					addon.addToSet(engine, set, pixels, cancel),
				),
			);
			seen.push({ image, decode, start });
		}
		for (const index of seen.keys())
			await session.semaphore.run(() =>
				session.run(signal, (addon, engine, cancel) =>
					addon.judgeInSet(engine, set, index, cancel),
				),
			);
		for (const [index, each] of seen.entries()) {
			const native = await session.semaphore.run(() =>
				session.run(signal, (addon, engine, cancel) =>
					addon.resultInSet(engine, set, index, pixelThreshold, cancel),
				),
			);
			yield { ...each, native };
		}
	} finally {
		void session.addon.clearSet(session.engine, set).catch(() => {}); // a closed engine has freed it, or will
	}
}
