// What the decoders of formats without a codec (BMP, Netpbm) share.
import { setImmediate as nextTurn } from "node:timers/promises";
import type { NativeImage } from "../native/addon.js";

export interface PlainImage {
	pixels: NativeImage;
	/** What is damaged, if damage is accepted: missing pixels are black. */
	problem: string | undefined;
}

/** A file whose header has been read. */
export interface PlainFile {
	width: number;
	height: number;
	/** If damage is not accepted, it throws a PlainError. */
	decode: (acceptDamaged: boolean) => Promise<PlainImage>;
}

/** Why a file is not read. The message is the predicate of a sentence about the file. */
export class PlainError extends Error {
	constructor(
		readonly kind: "damaged" | "unsupported",
		message: string,
	) {
		super(message);
	}
}

/** Collects the first damage of a file, or throws it. */
export class Damage {
	problem: string | undefined;
	constructor(readonly accept: boolean) {}

	add(problem: string): void {
		if (!this.accept) throw new PlainError("damaged", problem);
		this.problem ??= problem;
	}
}

const pixelsPerTurn = 1 << 17;

/** Calls `row` for each row from 0, and lets the event loop turn between groups of rows. */
export async function eachRow(
	width: number,
	height: number,
	row: (y: number) => void,
): Promise<void> {
	let pixels = 0;
	for (let y = 0; y < height; y++) {
		row(y);
		pixels += width;
		if (pixels < pixelsPerTurn) continue;
		pixels = 0;
		await nextTurn();
	}
}
