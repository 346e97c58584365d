// Tiled detection of large images. The expected map and scores are computed here from detections of single tiles.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
	type CategoryOptions,
	type Detection,
	Engine,
	type RawImage,
} from "../dist/index.js";
import { expectError } from "./support/errors.js";
import { maxDifference } from "./support/expected.js";
import { sceneImage } from "./support/images.js";
import { tinyModel } from "./support/paths.js";

const prompts = {
	normal: ["a clean widget"],
	abnormal: ["a broken widget", "a dirty widget"],
	descriptors: ["a hole", "a scratch"],
};
const width = 150;
const height = 110;
const image: RawImage = sceneImage(width, height, 5);

let engine: Engine;
beforeAll(async () => {
	engine = await Engine.open({ model: tinyModel, cache: false, maxBatch: 3 });
});
afterAll(() => engine?.close());

async function detect(
	image: RawImage,
	options: CategoryOptions,
): Promise<Detection> {
	const category = await engine.category("widget", options);
	return category.detect(image);
}

/** A square of the image. */
function crop(left: number, top: number, size: number): RawImage {
	const data = new Uint8Array(size * size * 3);
	for (let y = 0; y < size; y++) {
		const start = ((top + y) * width + left) * 3;
		data.set(image.data.subarray(start, start + size * 3), y * size * 3);
	}
	return { data, width: size, height: size, channels: 3 };
}

/** The first pixels of the tiles along one side; the last tile ends at the border. */
function tileStarts(length: number, size: number, step: number): number[] {
	const starts: number[] = [];
	for (let start = 0; start + size < length; start += step) starts.push(start);
	return [...starts, length - size];
}

/** A map value at a position in grid units: bilinear between patch centres, edges clamped. */
function sample(map: Float32Array, grid: number, x: number, y: number): number {
	const neighbours = (position: number) => {
		const clamped = Math.min(Math.max(position - 0.5, 0), grid - 1);
		const low = Math.floor(clamped);
		return { low, high: Math.min(low + 1, grid - 1), weight: clamped - low };
	};
	const column = neighbours(x);
	const row = neighbours(y);
	const inRow = (r: number) =>
		map[r * grid + column.low]! * (1 - column.weight) +
		map[r * grid + column.high]! * column.weight;
	return inRow(row.low) * (1 - row.weight) + inRow(row.high) * row.weight;
}

describe.each([
	[48, 16],
	[64, 0],
	[110, 55],
])("tiles of %i px with an overlap of %i px", (size, overlap) => {
	interface Tile {
		left: number;
		top: number;
		result: Detection;
	}
	let full: Detection;
	let tiles: Tile[];
	let tiled: Detection;
	beforeAll(async () => {
		const category = await engine.category("widget", {
			prompts,
			resolution: "grid",
		});
		full = await category.detect(image);
		tiles = [];
		for (const top of tileStarts(height, size, size - overlap)) {
			for (const left of tileStarts(width, size, size - overlap)) {
				tiles.push({
					left,
					top,
					result: await category.detect(crop(left, top, size)),
				});
			}
		}
		tiled = await detect(image, {
			prompts,
			resolution: "image",
			tile: { size, overlap },
		});
	});

	/** The weighted mean of the tiles over a pixel; a tile's weight falls linearly from its centre to its border. */
	function tileMean(x: number, y: number): number {
		const tent = (t: number) => Math.max(Math.min(t, 1 - t), 1e-3);
		let sum = 0;
		let weights = 0;
		for (const { left, top, result } of tiles) {
			const u = (x + 0.5 - left) / size;
			const v = (y + 0.5 - top) / size;
			if (u < 0 || u >= 1 || v < 0 || v >= 1) continue;
			const weight = tent(u) * tent(v);
			sum +=
				weight *
				sample(
					result.map,
					engine.info.grid,
					u * engine.info.grid,
					v * engine.info.grid,
				);
			weights += weight;
		}
		return sum / weights;
	}

	test("the map is the harmonic mean of the tiles and the full image", () => {
		const { grid } = engine.info;
		const expected = new Float64Array(width * height);
		for (let y = 0; y < height; y++) {
			for (let x = 0; x < width; x++) {
				const fullValue = sample(
					full.map,
					grid,
					((x + 0.5) / width) * grid,
					((y + 0.5) / height) * grid,
				);
				expected[y * width + x] = 2 / (1 / tileMean(x, y) + 1 / fullValue);
			}
		}
		expect([tiled.mapWidth, tiled.mapHeight]).toEqual([width, height]);
		expect(maxDifference(tiled.map, expected)).toBeLessThan(1e-5);
	});

	test("the scores are the highest of the full image and the tiles; the global score is the full image's", () => {
		const all = [full, ...tiles.map(({ result }) => result)];
		const highestScore = Math.max(...all.map(({ score }) => score));
		const highestLocal = Math.max(...all.map(({ localScore }) => localScore!));
		expect(Math.abs(tiled.score - highestScore)).toBeLessThan(1e-5);
		expect(Math.abs(tiled.localScore! - highestLocal)).toBeLessThan(1e-5);
		expect(Math.abs(tiled.globalScore! - full.globalScore!)).toBeLessThan(1e-6);
	});
});

test("the map has no steps at the borders of tiles", async () => {
	const side = 256;
	const wave = new Uint8Array(side * side * 3).map(
		(_, i) => 90 + 60 * Math.sin((Math.floor(i / 3) % side) / 40),
	);
	const { map } = await detect(
		{ data: wave, width: side, height: side, channels: 3 },
		{ prompts, resolution: "image", tile: { size: 96, overlap: 32 } },
	);
	const largestStep = (x: number) => {
		const steps = Array.from({ length: side }, (_, y) =>
			Math.abs(map[y * side + x]! - map[y * side + x - 1]!),
		);
		return Math.max(...steps);
	};
	const atBorders = Math.max(...[64, 96, 128, 160].map(largestStep));
	const everywhere = Math.max(
		...Array.from({ length: side - 1 }, (_, x) => largestStep(x + 1)),
	);
	expect(atBorders).toBeLessThanOrEqual(everywhere);
	expect(atBorders).toBeLessThan(0.02);
});

test("regions of a tiled map have reasons", async () => {
	const { regions } = await detect(image, {
		prompts,
		resolution: "image",
		tile: { size: 48 },
		pixelThreshold: 0.4,
	});
	expect(regions.length).toBeGreaterThan(0);
	for (const { reasons, box } of regions) {
		expect(reasons).toHaveLength(2);
		expect(box.left + box.width).toBeLessThanOrEqual(width);
	}
});

test.each([
	["grid", 6, 6],
	["model", 48, 48],
	["image", width, height],
] as const)(
	"resolution '%s': the map has %d x %d values in (0, 1)",
	async (resolution, mapWidth, mapHeight) => {
		const result = await detect(image, {
			prompts,
			resolution,
			tile: { size: 48 },
		});
		expect([result.mapWidth, result.mapHeight]).toEqual([mapWidth, mapHeight]);
		expect(result.map.every((value) => value > 0 && value < 1)).toBe(true);
	},
);

test("a recipe without a map takes the highest score of the full image and the tiles", async () => {
	const result = await detect(image, { recipe: "clip-ac", tile: { size: 48 } });
	expect(result.map).toHaveLength(0);
	expect(result.score).toBeGreaterThanOrEqual(result.globalScore!);
});

test("reference images are tiled too", async () => {
	const category = await engine.category("widget", {
		prompts,
		scales: [2],
		tile: { size: 55, overlap: 0 },
		references: [image],
	});
	const images = 1 + 3 * 2; // the full image and its tiles
	expect(category.references!.entries).toEqual([36 * images, 25 * images]);
	const { score, globalScore, localScore } = await category.detect(image);
	for (const value of [score, globalScore, localScore])
		expect(value).toBeGreaterThan(0);
});

test("4096 x 4096 pixels need less than 400 MB", async () => {
	const side = 4096;
	const category = await engine.category("widget", {
		prompts,
		resolution: "image",
		tile: { size: 512, overlap: 64 },
	});
	await category.detect(sceneImage(600, 600, 1));
	const large = sceneImage(side, side, 3);
	const before = process.memoryUsage.rss();
	let peak = before;
	const timer = setInterval(() => {
		peak = Math.max(peak, process.memoryUsage.rss());
	}, 5);
	const result = await category.detect(large);
	clearInterval(timer);
	expect([result.mapWidth, result.mapHeight]).toEqual([side, side]);
	// The copy of the pixels, the RGB image, the map and its working copy: 50 + 50 + 64 + 64 MB. Nothing per tile.
	expect((peak - before) / 2 ** 20).toBeLessThan(400);
});

describe("rejects", () => {
	test.each([true, 7, [], { sise: 48 }, { size: "48" }])(
		"tile %j: a wrong type or key",
		(tile) =>
			expectError(
				() => engine.category("widget", { prompts, tile } as never),
				"ERR_ALFA_ARGUMENT",
				/tile/,
			),
	);

	test.each([
		{ size: 0 },
		{ size: 7 },
		{ size: 48, overlap: 48 },
		{ size: 48, overlap: -1 },
		{ size: 48.5 },
	])("tile %j: a wrong value", (tile) =>
		expectError(
			() => engine.category("widget", { prompts, tile }),
			"ERR_ALFA_RANGE",
			/tile/,
		),
	);

	test("an image smaller than a tile", async () => {
		const category = await engine.category("widget", {
			prompts,
			tile: { size: 111 },
		});
		await expectError(
			() => category.detect(image),
			"ERR_ALFA_IMAGE_SIZE",
			"150 x 110",
			"111",
		);
	});

	test("fit 'crop' with tiles", () =>
		expectError(
			() =>
				engine.category("widget", { prompts, fit: "crop", tile: { size: 48 } }),
			"ERR_ALFA_ARGUMENT",
			/squash/,
		));
});
