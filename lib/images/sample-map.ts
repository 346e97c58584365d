import { setImmediate as nextTurn } from "node:timers/promises";

/** Row-major values of an anomaly map: [mapHeight * mapWidth]. */
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
 * Calls `visit` for every pixel of `area`, with the pixel's index in an image of width `imageWidth` and the map's value
 * there. The map covers exactly the area. Bilinear, pixel centres at half integers, edges clamped. Lets the event loop
 * turn between strips of rows.
 */
export async function sampleMap(
	{ map, mapWidth, mapHeight }: FloatMap,
	imageWidth: number,
	area: Area,
	visit: (pixel: number, value: number) => void,
): Promise<void> {
	const columns = Array.from({ length: area.width }, (_, x) =>
		neighbours(x, area.width, mapWidth),
	);
	let pixelsInTurn = 0;
	for (let y = 0; y < area.height; y++) {
		const row = neighbours(y, area.height, mapHeight);
		const upper = row.low * mapWidth;
		const lower = row.high * mapWidth;
		let pixel = (area.top + y) * imageWidth + area.left;
		for (const { low, high, weight } of columns) {
			const top =
				map[upper + low]! * (1 - weight) + map[upper + high]! * weight;
			const bottom =
				map[lower + low]! * (1 - weight) + map[lower + high]! * weight;
			visit(pixel++, top * (1 - row.weight) + bottom * row.weight);
		}
		pixelsInTurn += area.width;
		if (pixelsInTurn >= pixelsPerTurn) {
			pixelsInTurn = 0;
			await nextTurn();
		}
	}
}

/** The two map positions around pixel `index` of `size` along one axis; `weight` is that of the higher one. */
function neighbours(
	index: number,
	size: number,
	mapSize: number,
): { low: number; high: number; weight: number } {
	const position = Math.min(
		mapSize - 1,
		Math.max(0, ((index + 0.5) * mapSize) / size - 0.5),
	);
	const low = Math.floor(position);
	return { low, high: Math.min(mapSize - 1, low + 1), weight: position - low };
}
