// The decision about an image, and positions on its anomaly map, as text.
import type { Detection } from "../detection.js";
import { colour } from "./terminal.js";

/** A dash if no threshold is known. */
export function decisionText(anomalous: boolean | undefined): string {
	if (anomalous === undefined) return colour("dim", "–");
	return anomalous ? colour("red", "anomalous") : colour("green", "normal");
}

export interface MapPosition {
	/** Percent of the map's width, from the left. */
	x: number;
	/** Percent of the map's height, from the top. */
	y: number;
	/** The value of the map. */
	value: number;
	/** Such as 'upper left'. */
	words: string;
}

const words = [
	["upper left", "top", "upper right"],
	["left", "centre", "right"],
	["lower left", "bottom", "lower right"],
];

/** The maximum of the map. undefined without a map. */
export function mapPeak({
	map,
	mapWidth,
	mapHeight,
}: Detection): MapPosition | undefined {
	if (map.length === 0) return undefined;
	let best = 0;
	for (let i = 1; i < map.length; i++) {
		if (map[i]! > map[best]!) best = i;
	}
	const column = best % mapWidth;
	const row = Math.floor(best / mapWidth);
	return mapPosition(
		(column + 0.5) / mapWidth,
		(row + 0.5) / mapHeight,
		map[best]!,
	);
}

/** `x` and `y` are from 0 to 1, exclusive of 1. */
export function mapPosition(x: number, y: number, value: number): MapPosition {
	return {
		x: Math.round(x * 100),
		y: Math.round(y * 100),
		value,
		words: words[Math.floor(y * 3)]![Math.floor(x * 3)]!,
	};
}

export function positionText(position: MapPosition | undefined): string {
	return position ? `${position.words} (${position.x}%, ${position.y}%)` : "–";
}
