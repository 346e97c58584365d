// A map's values as colours, row by row, with a turn of the event loop between strips.
import { setImmediate as turn } from "node:timers/promises";

export interface FloatMap {
	map: Float32Array;
	mapWidth: number;
	mapHeight: number;
}
export interface Area {
	left: number;
	top: number;
	width: number;
	height: number;
}

const pixelsPerTurn = 1 << 14;

/**
 * Calls `each` with every pixel's index in a picture of `width` and its map value; `area` is the part of the picture
 * that the map covers. Bilinear, pixel centres at half integers, edges clamped.
 */
export async function paint(
	{ map, mapWidth, mapHeight }: FloatMap,
	width: number,
	area: Area,
	each: (pixel: number, value: number) => void,
): Promise<void> {
	const columns = Array.from({ length: area.width }, (_, x) =>
		between(x, area.width, mapWidth),
	);
	let since = 0;
	for (let y = 0; y < area.height; y++) {
		const [upper, lower, down] = between(y, area.height, mapHeight);
		let pixel = (area.top + y) * width + area.left;
		for (const [left, right, across] of columns) {
			const top =
				map[upper * mapWidth + left]! * (1 - across) +
				map[upper * mapWidth + right]! * across;
			const bottom =
				map[lower * mapWidth + left]! * (1 - across) +
				map[lower * mapWidth + right]! * across;
			each(pixel++, top * (1 - down) + bottom * down);
		}
		if ((since += area.width) >= pixelsPerTurn) {
			since = 0;
			await turn();
		}
	}
}

/** The two source positions around position `at` of `size`, and how far towards the second. */
function between(
	at: number,
	size: number,
	sourceSize: number,
): [number, number, number] {
	const position = Math.min(
		sourceSize - 1,
		Math.max(0, ((at + 0.5) * sourceSize) / size - 0.5),
	);
	const low = Math.floor(position);
	return [low, Math.min(sourceSize - 1, low + 1), position - low];
}
