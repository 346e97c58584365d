// The stored references, which test/fixtures/README.md describes, and the distance from them.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { RawImage } from "../../dist/index.js";
import { fixture } from "./paths.js";

export interface StoredArray {
	shape: number[];
	dtype: "float32" | "float64" | "uint8";
	/** Base64 of the little-endian values, row-major. */
	data: string;
}

/** The values of a stored array, row-major. */
export function decodeArray({
	dtype,
	data,
}: StoredArray): Float32Array | Float64Array | Uint8Array {
	const bytes = Uint8Array.from(Buffer.from(data, "base64"));
	if (dtype === "uint8") return bytes;
	return dtype === "float32"
		? new Float32Array(bytes.buffer)
		: new Float64Array(bytes.buffer);
}

export const readJson = (path: string) =>
	JSON.parse(readFileSync(path, "utf8"));

/** The content of a tiny model's expected.json, as far as tests read it. */
export interface Expected {
	texts: string[];
	ids: number[][];
	pictures: StoredArray;
	text_embeddings: StoredArray;
	image_embeddings: StoredArray;
	scales: Record<string, { embeddings: StoredArray; value?: StoredArray }>;
	value?: StoredArray;
}

export function readExpected(model: string): Expected {
	return readJson(join(fixture(model), "expected.json"));
}

/** The stored images as raw pixels, each a view into one buffer. */
export function expectedImages({
	pictures,
}: Expected): (RawImage & { data: Uint8Array })[] {
	const [count, height, width] = pictures.shape as [number, number, number];
	const bytes = decodeArray(pictures) as Uint8Array;
	const size = width * height * 3;
	return Array.from({ length: count }, (_, i) => ({
		data: bytes.subarray(i * size, (i + 1) * size),
		width,
		height,
		channels: 3 as const,
	}));
}

/** The largest absolute difference; Infinity for a NaN or for different lengths. */
export function maxDifference(
	actual: ArrayLike<number>,
	expected: ArrayLike<number>,
): number {
	if (actual.length !== expected.length) return Infinity;
	let max = 0;
	for (let i = 0; i < expected.length; i++) {
		const difference = Math.abs(actual[i]! - expected[i]!);
		if (Number.isNaN(difference)) return Infinity;
		max = Math.max(max, difference);
	}
	return max;
}
