import type { Detection } from "../detection.js";

export interface Place {
	x: number;
	y: number;
	value: number;
	words: string;
}

const words = [
	["upper left", "top", "upper right"],
	["left", "centre", "right"],
	["lower left", "bottom", "lower right"],
];

/** Where the map is highest: x and y in percent of the map's sides; undefined without a map. */
export function peak({
	map,
	mapWidth,
	mapHeight,
}: Detection): Place | undefined {
	if (map.length === 0) return undefined;
	let best = 0;
	for (let i = 1; i < map.length; i++) if (map[i]! > map[best]!) best = i;
	return placeOf(
		((best % mapWidth) + 0.5) / mapWidth,
		(Math.floor(best / mapWidth) + 0.5) / mapHeight,
		map[best]!,
	);
}

/** A point of the map, across and down from 0 to 1. */
export function placeOf(across: number, down: number, value: number): Place {
	return {
		x: Math.round(across * 100),
		y: Math.round(down * 100),
		value,
		words: words[Math.floor(down * 3)]![Math.floor(across * 3)]!,
	};
}

export function placeText(place: Place | undefined): string {
	return place ? `${place.words} (${place.x}%, ${place.y}%)` : "–";
}
