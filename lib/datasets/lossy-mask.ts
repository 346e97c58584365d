// Masks in formats that compress with loss, such as JPEG. Compression adds noise near every edge, so "not zero" would
// mark too many pixels. If a mask has two values except for this noise, half of the higher value separates them.
import type { Metadata } from "sharp";
import { readTiffTags } from "../images/tiff-tags.js";

/** Values relative to the largest value of the pixel format. */
const lowestLevel = 48 / 255;
const noise = 24 / 255;
/** Pixels per side of a block in which compression spreads its noise, with colours at half resolution. */
const blockSide = 16;

/** The name of a format that can lose information. undefined for a format that cannot. */
export function lossyFormat(
	{ format }: Metadata,
	bytes: Uint8Array,
): string | undefined {
	if (format === "jpeg") return "JPEG";
	if (format === "tiff" && lossyTiff.has(readTiffTags(bytes)?.compression ?? 1))
		return "TIFF with JPEG compression";
	// A lossless WebP file stores its pixels in a chunk VP8L.
	const isLosslessWebp = Buffer.from(bytes.subarray(0, 4096)).includes("VP8L");
	if (format === "webp" && !isLosslessWebp) return "WebP";
	return format === "heif" ? "AVIF or HEIC" : undefined;
}

/** JPEG in its old and new form, JPEG 2000 in two forms, and WebP. */
const lossyTiff = new Set([6, 7, 33003, 34712, 50001]);

/** The highest channel of each pixel, [height * width]. */
export function highestChannel(
	pixels: Uint8Array | Uint16Array,
	channels: number,
): Uint8Array | Uint16Array {
	if (channels === 1) return pixels;
	const values = pixels.slice(0, pixels.length / channels);
	for (let i = 0; i < values.length; i++) {
		let highest = 0;
		for (let channel = 0; channel < channels; channel++)
			highest = Math.max(highest, pixels[i * channels + channel]!);
		values[i] = highest;
	}
	return values;
}

/** Whether there are at most two different values, one of which is zero. Such a mask has no noise. */
export function isExact(values: Uint8Array | Uint16Array): boolean {
	const level = values.find((value) => value !== 0);
	return values.every((value) => value === 0 || value === level);
}

/**
 * The mask of a lossy image, [height * width], 1 = anomalous. undefined if its values are not two, except for noise.
 * `range`: the largest value of the pixel format.
 */
export function thresholdAtHalf(
	values: Uint8Array | Uint16Array,
	width: number,
	range: number,
): Uint8Array | undefined {
	const level = levelOfMarks(values, range);
	if (level < lowestLevel * range) return undefined;
	const grey = { values, width, height: values.length / width, level };
	const mask = Uint8Array.from(values, (value) => Number(value >= level / 2));
	const unclear = countUnclear(grey) + countFaint(grey, noise * range);
	return unclear <= 3 + 0.08 * countEdges(mask, width) ? mask : undefined;
}

interface GreyMask {
	readonly values: Uint8Array | Uint16Array;
	readonly width: number;
	readonly height: number;
	/** The value of the marked pixels. */
	readonly level: number;
}

/** The mean of the higher values: those above the middle between the means of the lower and of the higher ones. */
function levelOfMarks(values: Uint8Array | Uint16Array, range: number): number {
	let threshold = range / 2;
	let level = 0;
	for (let step = 0; step < 32; step++) {
		const sums = [0, 0];
		const counts = [0, 0];
		for (const value of values) {
			const side = Number(value >= threshold);
			sums[side]! += value;
			counts[side]!++;
		}
		level = sums[1]! / Math.max(1, counts[1]!);
		const next = (sums[0]! / Math.max(1, counts[0]!) + level) / 2;
		if (Math.abs(next - threshold) < range / 1000) break;
		threshold = next;
	}
	return level;
}

/** Pairs of neighbours, one marked and one not. */
function countEdges(mask: Uint8Array, width: number): number {
	let count = 0;
	for (let i = 0; i < mask.length; i++) {
		if ((i + 1) % width !== 0 && mask[i] !== mask[i + 1]) count++;
		if (i + width < mask.length && mask[i] !== mask[i + width]) count++;
	}
	return count;
}

/** Pixels between the two values that are not between a black and a marked pixel, as the noise at an edge is. */
function countUnclear({ values, width, height, level }: GreyMask): number {
	const low = 0.25 * level;
	const high = 0.75 * level;
	let count = 0;
	for (let i = 0; i < values.length; i++) {
		if (values[i]! <= low || values[i]! >= high) continue;
		const x = i % width;
		const y = Math.floor(i / width);
		let hasLow = false;
		let hasHigh = false;
		for (
			let row = Math.max(0, y - 2);
			row <= Math.min(height - 1, y + 2);
			row++
		) {
			for (
				let column = Math.max(0, x - 2);
				column <= Math.min(width - 1, x + 2);
				column++
			) {
				const value = values[row * width + column]!;
				if (value <= low) hasLow = true;
				if (value >= high) hasHigh = true;
			}
		}
		if (!hasLow || !hasHigh) count++;
	}
	return count;
}

/** Pixels that are darker than half and not black, where no marked pixel is near enough to cause noise. */
function countFaint(
	{ values, width, height, level }: GreyMask,
	limit: number,
): number {
	const columns = Math.ceil(width / blockSide);
	const rows = Math.ceil(height / blockSide);
	const hasMarks = new Uint8Array(columns * rows);
	const faint = new Uint32Array(columns * rows);
	for (let i = 0; i < values.length; i++) {
		const row = Math.floor(Math.floor(i / width) / blockSide);
		const block = row * columns + Math.floor((i % width) / blockSide);
		if (values[i]! >= level / 2) hasMarks[block] = 1;
		else if (values[i]! > limit) faint[block]!++;
	}
	const isFar = (block: number) => {
		const row = Math.floor(block / columns);
		const column = block % columns;
		for (let y = Math.max(0, row - 1); y <= Math.min(rows - 1, row + 1); y++) {
			const first = y * columns + Math.max(0, column - 1);
			const last = y * columns + Math.min(columns - 1, column + 1);
			if (hasMarks.subarray(first, last + 1).includes(1)) return false;
		}
		return true;
	};
	return faint.reduce(
		(sum, count, block) => (count > 0 && isFar(block) ? sum + count : sum),
		0,
	);
}
