// The stored references (test/fixtures/README.md), and the distance from them.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { RawImage } from "../../dist/index.js";
import { fixture } from "./paths.js";

export interface StoredArray {
	shape: number[];
	dtype: "float32" | "float64" | "uint8";
	data: string;
}

/** The numbers of a stored array, row-major. */
export function numbers({
	dtype,
	data,
}: StoredArray): Float32Array | Float64Array | Uint8Array {
	const bytes = Uint8Array.from(Buffer.from(data, "base64"));
	return dtype === "uint8"
		? bytes
		: new (dtype === "float32" ? Float32Array : Float64Array)(bytes.buffer);
}

export const readJson = (path: string) =>
	JSON.parse(readFileSync(path, "utf8"));

export interface Expected {
	texts: string[];
	ids: number[][];
	pictures: StoredArray;
	text_embeddings: StoredArray;
	image_embeddings: StoredArray;
	scales: Record<string, { embeddings: StoredArray; value?: StoredArray }>;
	value?: StoredArray;
}

export const expectedOf = (model: string): Expected =>
	readJson(join(fixture(model), "expected.json"));

/** The pictures as raw pixels, each a view into one buffer. */
export function picturesOf({ pictures }: Expected): RawImage[] {
	const [count, height, width] = pictures.shape as [number, number, number];
	const bytes = numbers(pictures) as Uint8Array;
	const size = width * height * 3;
	return Array.from({ length: count }, (_, i) => ({
		data: bytes.subarray(i * size, (i + 1) * size),
		width,
		height,
		channels: 3 as const,
	}));
}

/** The largest absolute difference; NaN and a difference in length are infinitely far. */
export function farthest(
	found: ArrayLike<number>,
	wanted: ArrayLike<number>,
): number {
	if (found.length !== wanted.length) return Infinity;
	let far = 0;
	for (let i = 0; i < wanted.length; i++) {
		const away = Math.abs(found[i]! - wanted[i]!);
		if (!(away <= far)) far = Number.isNaN(away) ? Infinity : away;
	}
	return far;
}
