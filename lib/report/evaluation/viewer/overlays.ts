// Draws the overlays of an image: the anomaly map in colours, and the outline of the mask.
import type { ChunkResult } from "../payload.js";
import { page } from "./data.js";

/** Pixels of the longer side. */
const overlaySide = 200;
const turboTable = decodeBytes(page.turbo);

function decodeBytes(base64: string): Uint8Array {
	return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
}

/**
 * For linear interpolation along one axis: the two source positions around a pixel, and the weight of the second one.
 * Positions are pixel centres, as in the package's own PNGs.
 */
function neighbours(
	pixel: number,
	size: number,
	sourceSize: number,
): [number, number, number] {
	const centre = ((pixel + 0.5) * sourceSize) / size - 0.5;
	const position = Math.min(sourceSize - 1, Math.max(0, centre));
	const first = Math.floor(position);
	return [first, Math.min(sourceSize - 1, first + 1), position - first];
}

/**
 * Paints the map in the colours of turbo. Low values are transparent, so that the image stays visible. `aspect`: width
 * divided by height of the image area that the map covers.
 */
export function paintMap(
	canvas: HTMLCanvasElement,
	map: NonNullable<ChunkResult["map"]>,
	aspect: number,
): void {
	canvas.width = Math.max(1, Math.round(overlaySide * Math.min(1, aspect)));
	canvas.height = Math.max(
		1,
		Math.round(overlaySide * Math.min(1, 1 / aspect)),
	);
	const { width, height } = canvas;
	const values = decodeBytes(map.values);
	const pixels = new ImageData(width, height);
	const columns = Array.from({ length: width }, (_, x) =>
		neighbours(x, width, map.width),
	);
	let offset = 0;
	for (let y = 0; y < height; y++) {
		const [upper, lower, lowerWeight] = neighbours(y, height, map.height);
		for (const [left, right, rightWeight] of columns) {
			const mixRow = (row: number) => {
				const first = values[row * map.width + left]!;
				const second = values[row * map.width + right]!;
				return first * (1 - rightWeight) + second * rightWeight;
			};
			const value = Math.round(
				mixRow(upper) * (1 - lowerWeight) + mixRow(lower) * lowerWeight,
			);
			pixels.data.set(turboTable.subarray(3 * value, 3 * value + 3), offset);
			pixels.data[offset + 3] = value;
			offset += 4;
		}
	}
	canvas.getContext("2d")!.putImageData(pixels, 0, 0);
}

/** Paints a white line with a dark rim, which is visible on every image. `mask`: a PNG in base64. */
export async function paintOutline(
	canvas: HTMLCanvasElement,
	mask: string,
): Promise<void> {
	const image = new Image();
	image.src = `data:image/png;base64,${mask}`;
	await image.decode();
	const scale =
		(2 * overlaySide) / Math.max(image.naturalWidth, image.naturalHeight);
	canvas.width = Math.max(1, Math.round(image.naturalWidth * scale));
	canvas.height = Math.max(1, Math.round(image.naturalHeight * scale));
	const { width, height } = canvas;
	const context = canvas.getContext("2d", { willReadFrequently: true })!;
	context.drawImage(image, 0, 0, width, height);
	const pixels = context.getImageData(0, 0, width, height);
	const inside = Uint8Array.from({ length: width * height }, (_, i) =>
		Number(pixels.data[4 * i]! >= 128),
	);
	pixels.data.fill(0);
	for (let i = 0; i < inside.length; i++) {
		if (inside[i] && isBorder(inside, i, width))
			drawDot(pixels, i % width, Math.floor(i / width));
	}
	context.putImageData(pixels, 0, 0);
}

function isBorder(inside: Uint8Array, i: number, width: number): boolean {
	const x = i % width;
	return (
		x === 0 ||
		x === width - 1 ||
		!inside[i - 1] ||
		!inside[i + 1] ||
		!inside[i - width] ||
		!inside[i + width]
	);
}

/** A white dot of 5 pixels with a dark rim, which does not cover other white dots. */
function drawDot(
	{ data, width, height }: ImageData,
	centreX: number,
	centreY: number,
): void {
	for (let dy = -2; dy <= 2; dy++) {
		for (let dx = -2; dx <= 2; dx++) {
			const x = centreX + dx;
			const y = centreY + dy;
			if (x < 0 || y < 0 || x >= width || y >= height) continue;
			const offset = 4 * (y * width + x);
			const isCore = Math.abs(dx) + Math.abs(dy) <= 1;
			if (isCore) data.fill(255, offset, offset + 4);
			else if (data[offset + 3] === 0) data[offset + 3] = 150;
		}
	}
}
