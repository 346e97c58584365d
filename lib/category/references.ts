// Normal images into a bank: decoded side by side, added in their order, so that the same images give the same bank.

import { callNative, withLocation } from "../errors.js";
import type { ImageInput } from "../images/input.js";
import { decodeImages } from "../images/stream.js";
import type { BankHandle } from "../native/addon.js";
import type { Session } from "../native/session.js";
import { nativeSettings, type Settings } from "../native/settings.js";
import { type Source, totalOf } from "../util/ordered.js";

/** What a category knows of its references. */
export interface ReferenceInfo {
	/** Images given. */
	readonly images: number;
	/** Rows kept per level: the layers, then the scales. */
	readonly entries: readonly number[];
}

export interface Bank {
	handle: BankHandle;
	info: ReferenceInfo;
}

export async function buildBank(
	session: Session,
	settings: Settings,
	images: Source<ImageInput>,
	signal: AbortSignal | undefined,
	onProgress?: (progress: { done: number; total?: number }) => void,
): Promise<Bank> {
	session.require("image");
	const { addon, engine, native } = session;
	const builder = callNative(() =>
		addon.createBank(engine, nativeSettings(settings, native.layers)),
	);
	const total = totalOf(images);
	let done = 0;
	for await (const { name, pixels } of decodeImages(
		images,
		session.inFlight,
		"Reference",
		signal,
	)) {
		try {
			await session.semaphore.run(() =>
				session.run(signal, (addon, engine, cancel) =>
					addon.addReference(engine, builder, pixels, cancel),
				),
			);
		} catch (error) {
			throw withLocation(error, name);
		}
		onProgress?.({ done: ++done, ...(total !== undefined && { total }) });
	}
	const {
		bank,
		images: count,
		entries,
	} = await session.run(signal, (addon, engine, cancel) =>
		addon.finishBank(engine, builder, cancel),
	);
	return {
		handle: bank,
		info: Object.freeze({ images: count, entries: Object.freeze(entries) }),
	};
}
