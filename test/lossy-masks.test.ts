// Masks that are compressed with loss: the noise of the compression does not count as anomalous.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import sharp, { type Sharp } from "sharp";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { readMask } from "../dist/datasets/masks.js";
import { Engine, evaluate } from "../dist/index.js";
import { temporaryFolder } from "./support/folder.js";
import { tinyModel } from "./support/paths.js";

const width = 120;
const height = 90;
let folder: string;
beforeAll(() => {
	folder = temporaryFolder();
});

type Shape = (x: number, y: number) => number;
/** 400 pixels that do not begin at a block of JPEG. */
const square: Shape = (x, y) => Number(x >= 43 && x < 63 && y >= 29 && y < 49);

/** A mask with values from 0 to `level`. `colour`: the share of each channel. */
function drawMask(shape: Shape, colour = [1], level = 255): Sharp {
	const channels = colour.length as 1 | 3;
	const pixels = new Uint8Array(width * height * channels);
	for (let i = 0; i < width * height; i++) {
		const value = level * shape(i % width, Math.floor(i / width));
		for (let channel = 0; channel < channels; channel++)
			pixels[i * channels + channel] = Math.round(value * colour[channel]!);
	}
	return sharp(pixels, { raw: { width, height, channels } }).toColourspace(
		channels === 1 ? "b-w" : "srgb",
	);
}

let fileCount = 0;
async function read(image: Sharp, target = { width, height }) {
	const file = join(folder, `mask-${fileCount++}`);
	writeFileSync(file, await image.toBuffer());
	const size = { width, height };
	const { mask, problem } = await readMask(
		file,
		size,
		target,
		"squash",
		"m.jpg",
	);
	return { count: mask?.reduce((sum, value) => sum + value, 0), problem };
}

const lossy = {
	kind: "lossy-mask",
	message: expect.stringMatching(/^m\.jpg is lossy .*thresholded at half/),
};

describe("a square of 400 pixels has 400 pixels", () => {
	const colours: [string, number[]][] = [
		["grey", [1]],
		["RGB", [1, 1, 1]],
		["red", [1, 0, 0]],
		["yellow", [1, 0.8, 0]],
	];
	const cases = colours.flatMap(([name, colour]) =>
		[50, 75, 90, 95, 100].flatMap((quality) =>
			["4:2:0", "4:4:4"].map((sampling) => ({
				name,
				colour,
				quality,
				sampling,
			})),
		),
	);
	test.each(cases)(
		"in JPEG, $name, quality $quality, $sampling",
		async ({ name, colour, quality, sampling }) => {
			const { count, problem } = await read(
				drawMask(square, colour).jpeg({
					quality,
					chromaSubsampling: sampling,
				}),
			);
			// Coloured edges are less sharp at half resolution.
			const tolerance = name === "red" || name === "yellow" ? 4 : 0;
			expect(Math.abs(count! - 400)).toBeLessThanOrEqual(tolerance);
			expect(problem).toEqual(lossy);
		},
	);

	test.each([128, 60])("with the value %d", async (level) => {
		expect(await read(drawMask(square, [1], level).jpeg())).toEqual({
			count: 400,
			problem: lossy,
		});
	});

	test("in lossy WebP, AVIF and TIFF with JPEG compression", async () => {
		for (const image of [
			drawMask(square, [1, 1, 1]).webp({ quality: 60 }),
			drawMask(square).tiff({ compression: "jpeg", quality: 75 }),
		])
			expect(await read(image)).toEqual({ count: 400, problem: lossy });
		// AVIF keeps this square without noise, so there is nothing to report.
		expect(await read(drawMask(square, [1, 1, 1]).avif())).toEqual({
			count: 400,
			problem: undefined,
		});
	});

	test("in lossless formats, without a problem", async () => {
		for (const image of [
			drawMask(square).png(),
			drawMask(square, [1, 1, 1], 3).webp({ lossless: true }),
			drawMask(square).tiff({ compression: "lzw" }),
		])
			expect(await read(image)).toEqual({ count: 400, problem: undefined });
	});
});

test("thin lines, circles and smooth edges are thresholded too", async () => {
	const shapes: [Shape, number][] = [
		[(x, y) => Number(x % 17 < 2 || y % 23 < 1), 0],
		[(x, y) => Number(Math.hypot(x - 50, y - 40) < 30), 0],
		[(x, y) => Number(Math.abs(y - 0.6 * x) < 1.5), 0],
		[(x, y) => Math.min(1, Math.max(0, 30.5 - Math.hypot(x - 50, y - 40))), 12],
	];
	for (const [shape, tolerance] of shapes) {
		let expected = 0;
		for (let i = 0; i < width * height; i++)
			expected += Number(shape(i % width, Math.floor(i / width)) >= 0.5);
		const { count, problem } = await read(drawMask(shape).jpeg());
		expect(Math.abs(count! - expected)).toBeLessThanOrEqual(tolerance);
		expect(problem).toEqual(lossy);
	}
});

test("a lossy mask with more than two values is not used", async () => {
	const shapes: Shape[] = [
		(x) => x / width,
		(x) => Math.floor(x / 30) / 3,
		(x, y) => Math.exp(-((x - 60) ** 2 + (y - 45) ** 2) / 300),
		// A second, weaker mark: at half, and below half.
		(x, y) => (x < 40 ? 1 : square(x - 30, y) * 0.5),
		(x, y) => (x < 24 ? 1 : square(x - 30, y) * 0.2),
	];
	for (const shape of shapes)
		for (const colour of [[1], [1, 1, 1], [1, 0, 0]]) {
			const { count, problem } = await read(drawMask(shape, colour).jpeg());
			expect(count).toBeUndefined();
			expect(problem).toEqual({
				kind: "unreadable-mask",
				message: expect.stringMatching(/m\.jpg is lossy \(JPEG\).*PNG/),
			});
		}
	// Noise and a mark with the value 1 cannot be told apart.
	const { problem } = await read(drawMask(square, [1], 1).jpeg());
	expect(problem?.kind).toBe("unreadable-mask");
});

test("a black JPEG mask is an empty mask", async () => {
	const { count, problem } = await read(drawMask(() => 0).jpeg());
	expect({ count, kind: problem?.kind }).toEqual({
		count: undefined,
		kind: "empty-mask",
	});
});

test.each([
	["PGM of 8 bits", 255, 1],
	["PGM of 16 bits", 65535, 257],
])("a mask in the format %s is exact", async (_, highest, value) => {
	const wide = highest > 255;
	const header = Buffer.from(`P5 ${width} ${height} ${highest}\n`);
	const pixels = Buffer.alloc(width * height * (wide ? 2 : 1));
	for (let i = 0; i < width * height; i++)
		if (square(i % width, Math.floor(i / width)) === 1) {
			if (wide) pixels.writeUInt16BE(value, 2 * i);
			else pixels[i] = value;
		}
	const file = join(folder, "mask.pgm");
	writeFileSync(file, Buffer.concat([header, pixels]));
	const size = { width, height };
	const { mask, problem } = await readMask(file, size, size, "squash");
	expect(problem).toBeUndefined();
	expect(mask!.filter((each) => each === 1)).toHaveLength(400);
});

test("a damaged JPEG mask is not used", async () => {
	const whole = await drawMask(square).jpeg().toBuffer();
	const file = join(folder, "cut.jpg");
	// The end marker is there, the lower half is not.
	const cut = whole.subarray(0, Math.floor(whole.length * 0.7));
	writeFileSync(file, Buffer.concat([cut, Buffer.from([0xff, 0xd9])]));
	const size = { width, height };
	const { mask, problem } = await readMask(file, size, size, "squash");
	expect({ mask, kind: problem?.kind }).toEqual({
		mask: undefined,
		kind: "unreadable-mask",
	});
});

test("every value above zero of a lossless mask is anomalous, smooth edges included", async () => {
	const soft: Shape = (x, y) =>
		Math.min(1, Math.max(0, 30.5 - Math.hypot(x - 50, y - 40)));
	let above = 0;
	for (let i = 0; i < width * height; i++)
		above += Number(
			Math.round(255 * soft(i % width, Math.floor(i / width))) > 0,
		);
	expect(await read(drawMask(soft).png())).toEqual({
		count: above,
		problem: undefined,
	});
});

describe("an evaluation with JPEG masks", () => {
	let engine: Engine;
	beforeAll(async () => {
		engine = await Engine.open({ model: tinyModel });
	});
	afterAll(() => engine.close());

	test("lists them as problems, and measures the same as with PNG masks", async () => {
		const figures = [];
		for (const extension of ["png", "jpg"] as const) {
			const root = join(temporaryFolder(), "widget");
			for (const kind of ["good", "scratch", "masks/scratch"])
				mkdirSync(join(root, kind), { recursive: true });
			for (let i = 0; i < 3; i++) {
				const photo = drawMask((x, y) => ((x * (3 + i)) ^ (y * 5)) / 256);
				const name = `${i}.png`;
				writeFileSync(join(root, "good", name), await photo.png().toBuffer());
				const defect = drawMask((x, y) => ((x * (7 + i)) ^ (y * 3)) / 256);
				writeFileSync(
					join(root, "scratch", name),
					await defect.png().toBuffer(),
				);
				const mask =
					await drawMask(square)[extension === "png" ? "png" : "jpeg"]();
				writeFileSync(
					join(root, "masks/scratch", `${i}.${extension}`),
					await mask.toBuffer(),
				);
			}
			const { datasets } = await evaluate(engine, root);
			figures.push(datasets[0]!.mean);
			const problems = datasets[0]!.problems.filter(
				({ kind }) => kind === "lossy-mask",
			);
			expect(problems.map(({ where }) => where)).toEqual(
				extension === "png"
					? []
					: ["scratch/0.png", "scratch/1.png", "scratch/2.png"],
			);
		}
		expect(figures[1]).toEqual(figures[0]);
	});
});
