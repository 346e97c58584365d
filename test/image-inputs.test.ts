// The same image gives the same result in every form in which it can be passed, and the input stays unchanged.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
	type Category,
	Engine,
	type ImageInput,
	type RawImage,
} from "../dist/index.js";
import { temporaryFolder } from "./support/folder.js";
import { scene, sceneImage } from "./support/images.js";
import { tinyModel } from "./support/paths.js";

const width = 61;
const height = 44;
const rgb = scene(width, height, 5);
const source = () => sharp(rgb, { raw: { width, height, channels: 3 } });
const prompts = { normal: ["a clean widget"], abnormal: ["a broken widget"] };

/** Raw pixels of the size that all tests here use. */
const raw = (
	data: Uint8Array | Uint8ClampedArray,
	channels: 1 | 3 | 4 = 3,
): RawImage => ({
	data,
	width,
	height,
	channels,
});

/** The pixels with an alpha channel. */
const withAlpha = (alpha: number) =>
	new Uint8Array(width * height * 4).map((_, i) =>
		i % 4 === 3 ? alpha : rgb[Math.floor(i / 4) * 3 + (i % 4)]!,
	);

let engine: Engine;
let widget: Category;
let expected: number[];
beforeAll(async () => {
	engine = await Engine.open({ model: tinyModel });
	widget = await engine.category("widget", { prompts });
	expected = await detect(raw(rgb));
});
afterAll(() => engine?.close());

/** All numbers of a result in one array. */
async function detect(image: ImageInput, category = widget): Promise<number[]> {
	const { score, globalScore, map } = await category.detect(image);
	return [score, globalScore!, ...map];
}

test("the same input twice gives exactly the same numbers", async () => {
	expect(await detect(raw(rgb))).toEqual(expected);
});

test("another image gives other numbers", async () => {
	const other = raw(scene(width, height, 6).reverse());
	expect(await detect(other)).not.toEqual(expected);
});

describe("encoded images", () => {
	test("may be bytes, a path or a file: URL, in a folder with special characters", async () => {
		const png = await source().png().toBuffer();
		const folder = join(temporaryFolder(), "ünï 漢字 %20 #1");
		mkdirSync(folder);
		const path = join(folder, "image.png");
		writeFileSync(path, png);
		for (const image of [
			png,
			new Uint8Array(png),
			path,
			pathToFileURL(path),
			pathToFileURL(path).href,
		]) {
			expect(await detect(image)).toEqual(expected);
		}
	});

	test("the file's name does not decide the format", async () => {
		const path = join(temporaryFolder(), "image.jpg");
		writeFileSync(path, await source().png().toBuffer());
		expect(await detect(path)).toEqual(expected);
	});

	test("a file that is written again gives the new image", async () => {
		const path = join(temporaryFolder(), "image.png");
		writeFileSync(path, await source().flop().png().toBuffer());
		expect(await detect(path)).not.toEqual(expected);
		writeFileSync(path, await source().png().toBuffer());
		expect(await detect(path)).toEqual(expected);
	});

	test("bytes may be part of a larger buffer", async () => {
		const png = await source().png().toBuffer();
		const buffer = new Uint8Array(png.length + 1000).fill(255);
		buffer.set(png, 333);
		expect(await detect(buffer.subarray(333, 333 + png.length))).toEqual(
			expected,
		);
	});

	test("lossless WebP and TIFF", async () => {
		expect(
			await detect(await source().webp({ lossless: true }).toBuffer()),
		).toEqual(expected);
		expect(
			await detect(await source().tiff({ compression: "lzw" }).toBuffer()),
		).toEqual(expected);
	});

	test("16-bit PNG", async () => {
		const deep = Uint16Array.from(rgb, (value) => value * 257);
		const image = sharp(deep, { raw: { width, height, channels: 3 } });
		const png = await image.toColourspace("rgb16").png().toBuffer();
		expect((await sharp(png).metadata()).depth).toBe("ushort");
		expect(await detect(png)).toEqual(expected);
	});

	test("grey images of 8 and 16 bits are like RGB images with three equal channels", async () => {
		const grey = rgb.filter((_, i) => i % 3 === 1);
		const asRgb = await detect(
			raw(Uint8Array.from(rgb, (_, i) => grey[Math.floor(i / 3)]!)),
		);
		const deep = Uint16Array.from(grey, (value) => value * 257);
		const options = { raw: { width, height, channels: 1 } } as const;
		const png = await sharp(grey, options)
			.toColourspace("b-w")
			.png()
			.toBuffer();
		const deepPng = await sharp(deep, options)
			.toColourspace("grey16")
			.png()
			.toBuffer();
		for (const image of [raw(grey, 1), png, deepPng])
			expect(await detect(image)).toEqual(asRgb);
	});

	// What must be stored so that the EXIF orientation gives the image again. sharp mirrors before it rotates.
	test.each([
		[2, () => source().flop()],
		[3, () => source().rotate(180)],
		[4, () => source().flip()],
		[5, () => source().rotate(270).flop()],
		[6, () => source().rotate(270)],
		[7, () => source().rotate(90).flop()],
		[8, () => source().rotate(90)],
	])("EXIF orientation %d is applied", async (orientation, stored) => {
		const png = await stored().png().toBuffer();
		const image = await sharp(png)
			.withMetadata({ orientation })
			.tiff({ compression: "lzw" })
			.toBuffer();
		const turned = await sharp(image, { autoOrient: true }).raw().toBuffer();
		expect(
			turned.equals(Buffer.from(rgb)),
			"the test stored a wrong image",
		).toBe(true);
		expect(await detect(image)).toEqual(expected);
	});

	test("transparent pixels are blended with white", async () => {
		const white = await detect(raw(new Uint8Array(rgb.length).fill(255)));
		const transparent = withAlpha(0);
		const png = await sharp(transparent, {
			raw: { width, height, channels: 4 },
		})
			.png()
			.toBuffer();
		expect(await detect(raw(transparent, 4))).toEqual(white);
		expect(await detect(png)).toEqual(white);
	});

	test("PNG with a palette", async () => {
		const palette = await source()
			.png({ palette: true, colours: 16 })
			.toBuffer();
		const pixels = await sharp(palette).removeAlpha().raw().toBuffer();
		expect(await detect(palette)).toEqual(await detect(raw(pixels)));
	});
});

describe("raw pixels", () => {
	test("may be part of a larger buffer, a clamped array, a Buffer or shared memory", async () => {
		const buffer = new Uint8Array(rgb.length + 100);
		buffer.set(rgb, 37);
		const shared = new Uint8Array(new SharedArrayBuffer(rgb.length));
		shared.set(rgb);
		const arrays = [
			buffer.subarray(37, 37 + rgb.length),
			new Uint8ClampedArray(rgb),
			Buffer.from(rgb),
			shared,
		];
		for (const data of arrays)
			expect(await detect(raw(data))).toEqual(expected);
	});

	test("may have an alpha channel", async () => {
		const opaque = withAlpha(255);
		expect(await detect(raw(opaque, 4))).toEqual(expected);
		expect(await detect(raw(new Uint8ClampedArray(opaque), 4))).toEqual(
			expected,
		);
	});

	test("half transparent black is grey", async () => {
		const half = new Uint8Array(width * height * 4).map((_, i) =>
			i % 4 === 3 ? 128 : 0,
		);
		const grey = new Uint8Array(width * height).fill(127);
		expect(await detect(raw(half, 4))).toEqual(await detect(raw(grey, 1)));
	});

	test("may come from sharp", async () => {
		const { data, info } = await source()
			.raw()
			.toBuffer({ resolveWithObject: true });
		expect(await detect({ data, ...info } as RawImage)).toEqual(expected);
	});

	test("may be overwritten as soon as the call has returned", async () => {
		const data = Uint8Array.from(rgb);
		const running = detect(raw(data));
		data.fill(0);
		expect(await running).toEqual(expected);
	});

	test("are never written", async () => {
		const data = Uint8Array.from(rgb);
		await detect(raw(data));
		expect(Buffer.from(data).equals(Buffer.from(rgb))).toBe(true);
	});
});

test("fit: 'squash' and 'crop' give different results for a long image", async () => {
	const long = sceneImage(200, 20, 4);
	const cropping = await engine.category("widget", { prompts, fit: "crop" });
	expect(await detect(long, cropping)).not.toEqual(await detect(long));
	const cropped = await engine.embedImage(long, { fit: "crop" });
	expect(cropped).not.toEqual(await engine.embedImage(long));
});
