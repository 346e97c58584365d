// High resolution: an image looked at whole and tile by tile. What the blend must be is computed here from the crops.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Engine, type Detection, type RawImage } from "../dist/index.js";
import { farthest } from "./support/expected.js";
import { tiny } from "./support/paths.js";
import { scene } from "./support/images.js";
import { expectRefusal } from "./support/refusal.js";

const prompts = {
	normal: ["a clean widget"],
	abnormal: ["a broken widget", "a dirty widget"],
	descriptors: ["a hole", "a scratch"],
};
const width = 150,
	height = 110;
const picture: RawImage = {
	data: scene(width, height, 5),
	width,
	height,
	channels: 3,
};

let engine: Engine;
beforeAll(async () => {
	engine = await Engine.open({ model: tiny, cache: false, maxBatch: 3 });
});
afterAll(() => engine?.close());

function crop(left: number, top: number, size: number): RawImage {
	const data = new Uint8Array(size * size * 3);
	for (let y = 0; y < size; y++)
		data.set(
			picture.data.subarray(
				((top + y) * width + left) * 3,
				((top + y) * width + left + size) * 3,
			),
			y * size * 3,
		);
	return { data, width: size, height: size, channels: 3 };
}

const starts = (length: number, size: number, step: number) => {
	const at = [];
	for (let x = 0; x + size < length; x += step) at.push(x);
	return [...at, length - size];
};

/** Bilinear between patch centres, edges clamped. */
function sample(map: Float32Array, grid: number, x: number, y: number): number {
	const place = (v: number) => {
		const at = Math.min(Math.max(v - 0.5, 0), grid - 1),
			low = Math.floor(at);
		return [low, Math.min(low + 1, grid - 1), at - low] as const;
	};
	const [x0, x1, px] = place(x),
		[y0, y1, py] = place(y);
	const row = (r: number) =>
		map[r * grid + x0]! * (1 - px) + map[r * grid + x1]! * px;
	return row(y0) * (1 - py) + row(y1) * py;
}

describe.each([
	[48, 16],
	[64, 0],
	[110, 55],
])("tiles of %i px, %i overlapping", (size, overlap) => {
	let whole: Detection,
		tiled: Detection,
		tiles: { left: number; top: number; result: Detection }[];
	beforeAll(async () => {
		const plain = await engine.category("widget", {
			prompts,
			resolution: "grid",
		});
		whole = await plain.detect(picture);
		tiles = [];
		for (const top of starts(height, size, size - overlap))
			for (const left of starts(width, size, size - overlap))
				tiles.push({
					left,
					top,
					result: await plain.detect(crop(left, top, size)),
				});
		tiled = await (
			await engine.category("widget", {
				prompts,
				resolution: "image",
				tile: { size, overlap },
			})
		).detect(picture);
	});

	test("the map is the tent-weighted mean of the tiles, harmonically averaged with the whole", () => {
		expect([tiled.mapWidth, tiled.mapHeight]).toEqual([width, height]);
		const grid = engine.info.grid;
		const expected = new Float64Array(width * height);
		for (let y = 0; y < height; y++)
			for (let x = 0; x < width; x++) {
				let sum = 0,
					weights = 0;
				for (const { left, top, result } of tiles) {
					const u = (x + 0.5 - left) / size,
						v = (y + 0.5 - top) / size;
					if (u < 0 || u >= 1 || v < 0 || v >= 1) continue;
					const tent = (t: number) => Math.max(Math.min(t, 1 - t), 1e-3);
					sum +=
						tent(u) * tent(v) * sample(result.map, grid, u * grid, v * grid);
					weights += tent(u) * tent(v);
				}
				const far = sample(
					whole.map,
					grid,
					((x + 0.5) / width) * grid,
					((y + 0.5) / height) * grid,
				);
				expected[y * width + x] = 2 / (weights / sum + 1 / far);
			}
		expect(farthest(tiled.map, expected)).toBeLessThan(1e-5);
	});

	test("the score is the highest of the whole and the tiles; the global score is the whole's", () => {
		const all = [whole, ...tiles.map(({ result }) => result)];
		expect(
			Math.abs(tiled.score - Math.max(...all.map(({ score }) => score))),
		).toBeLessThan(1e-5);
		expect(
			Math.abs(
				tiled.localScore! -
					Math.max(...all.map(({ localScore }) => localScore!)),
			),
		).toBeLessThan(1e-5);
		expect(Math.abs(tiled.globalScore! - whole.globalScore!)).toBeLessThan(
			1e-6,
		);
	});
});

test("no seams: where tiles meet, the map is as smooth as elsewhere", async () => {
	const flat: RawImage = {
		data: new Uint8Array(256 * 256 * 3).map(
			(_, i) => 90 + 60 * Math.sin((Math.floor(i / 3) % 256) / 40),
		),
		width: 256,
		height: 256,
		channels: 3,
	};
	const category = await engine.category("widget", {
		prompts,
		resolution: "image",
		tile: { size: 96, overlap: 32 },
	});
	const { map } = await category.detect(flat);
	const jump = (x: number) =>
		Math.max(
			...Array.from({ length: 256 }, (_, y) =>
				Math.abs(map[y * 256 + x]! - map[y * 256 + x - 1]!),
			),
		);
	const edges = [64, 96, 128, 160].map(jump),
		elsewhere = Array.from({ length: 255 }, (_, x) => jump(x + 1));
	expect(Math.max(...edges)).toBeLessThanOrEqual(Math.max(...elsewhere));
	expect(Math.max(...edges)).toBeLessThan(0.02);
});

test("regions of a tiled map have reasons", async () => {
	const category = await engine.category("widget", {
		prompts,
		resolution: "image",
		tile: { size: 48 },
		pixelThreshold: 0.4,
	});
	const { regions } = await category.detect(picture);
	expect(regions.length).toBeGreaterThan(0);
	for (const { reasons, box } of regions) {
		expect(reasons).toHaveLength(2);
		expect(box.left + box.width).toBeLessThanOrEqual(width);
	}
});

test.each(["grid", "model", "image"] as const)(
	"resolution %s",
	async (resolution) => {
		const { mapWidth, mapHeight, map } = await (
			await engine.category("widget", {
				prompts,
				resolution,
				tile: { size: 48 },
			})
		).detect(picture);
		expect([mapWidth, mapHeight]).toEqual(
			{ grid: [6, 6], model: [48, 48], image: [width, height] }[resolution],
		);
		expect(map.every((value) => value > 0 && value < 1)).toBe(true);
	},
);

test("a recipe without a map still gets the best of its tiles", async () => {
	const result = await (
		await engine.category("widget", { recipe: "clip-ac", tile: { size: 48 } })
	).detect(picture);
	expect(result.map).toHaveLength(0);
	expect(result.score).toBeGreaterThanOrEqual(result.globalScore!);
});

test("references are tiled too", async () => {
	const category = await engine.category("widget", {
		prompts,
		scales: [2],
		tile: { size: 55, overlap: 0 },
		references: [picture],
	});
	expect(category.references!.entries).toEqual([
		36 * (1 + 3 * 2),
		25 * (1 + 3 * 2),
	]);
	const { score, globalScore, localScore } = await category.detect(picture);
	expect([score, globalScore, localScore].every((each) => each! > 0)).toBe(
		true,
	);
});

test("4096 x 4096 pixels in bounded memory", async () => {
	const side = 4096;
	const large: RawImage = {
		data: scene(side, side, 3),
		width: side,
		height: side,
		channels: 3,
	};
	const category = await engine.category("widget", {
		prompts,
		resolution: "image",
		tile: { size: 512, overlap: 64 },
	});
	await category.detect(
		picture.width >= 512
			? picture
			: { data: scene(600, 600, 1), width: 600, height: 600, channels: 3 },
	);
	const before = process.memoryUsage.rss();
	let most = before;
	const watch = setInterval(() => {
		most = Math.max(most, process.memoryUsage.rss());
	}, 5);
	const result = await category.detect(large);
	clearInterval(watch);
	expect([result.mapWidth, result.mapHeight]).toEqual([side, side]);
	// The copy of the pixels, its RGB, the map and its working copy: 50 + 50 + 64 + 64 MB. Nothing per tile.
	expect((most - before) / 2 ** 20).toBeLessThan(400);
});

describe("what is refused", () => {
	test.each([true, 7, [], { sise: 48 }, { size: "48" }])("tile %j", (tile) =>
		expectRefusal(
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
	])("tile %j", (tile) =>
		expectRefusal(
			() => engine.category("widget", { prompts, tile } as never),
			"ERR_ALFA_RANGE",
			/tile/,
		),
	);
	test("an image smaller than a tile", async () => {
		const category = await engine.category("widget", {
			prompts,
			tile: { size: 111 },
		});
		await expectRefusal(
			() => category.detect(picture),
			"ERR_ALFA_IMAGE_SIZE",
			"150 x 110",
			"111",
		);
	});
	test("a crop with tiles", () =>
		expectRefusal(
			() =>
				engine.category("widget", { prompts, fit: "crop", tile: { size: 48 } }),
			"ERR_ALFA_ARGUMENT",
			/squash/,
		));
});
