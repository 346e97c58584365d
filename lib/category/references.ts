import { callNative, withLocation } from "../errors.js";
import type { ImageInput } from "../images/input.js";
import { decodeImages } from "../images/stream.js";
import type { BankHandle } from "../native/addon.js";
import type { Session } from "../native/session.js";
import { nativeSettings } from "../native/settings.js";
import type { ImageReading } from "../options/reading.js";
import type { Settings } from "../settings/settings.js";
import { type Source, totalOf } from "../util/ordered.js";

/** What a category keeps of its reference images. */
export interface ReferenceInfo {
	/** Number of reference images. */
	readonly images: number;
	/** Rows in the memory bank per level: first the layers, then the scales. */
	readonly entries: readonly number[];
}

export interface Bank {
	handle: BankHandle;
	info: ReferenceInfo;
}

/**
 * Builds a memory bank from normal images. Images are decoded concurrently but added in their order, so that the same
 * images always give the same bank.
 */
export async function buildBank(
	session: Session,
	settings: Settings,
	images: Source<ImageInput>,
	reading: ImageReading,
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
	const stream = { limit: session.inFlight, kind: "Reference", signal };
	for await (const { name, pixels } of decodeImages(images, reading, stream)) {
		try {
			await session.semaphore.run(() =>
				session.run(signal, (addon, engine, cancel) =>
					addon.addReference(engine, builder, pixels, cancel),
				),
			);
		} catch (error) {
			throw withLocation(error, name);
		}
		done++;
		onProgress?.({ done, ...(total !== undefined && { total }) });
	}
	const bank = await session.run(signal, (addon, engine, cancel) =>
		addon.finishBank(engine, builder, cancel),
	);
	return { handle: bank.bank, info: referenceInfo(bank.images, bank.entries) };
}

export function referenceInfo(
	images: number,
	entries: number[],
): ReferenceInfo {
	return Object.freeze({ images, entries: Object.freeze(entries) });
}
