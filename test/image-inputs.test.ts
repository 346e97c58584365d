// The same picture, however it is handed over, gives the same result, and is left as it was.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Engine, type Category, type ImageInput } from "../dist/index.js";
import { temporaryFolder } from "./support/folder.js";
import { tiny } from "./support/paths.js";
import { scene } from "./support/images.js";

const width = 61,
	height = 44;
const rgb = scene(width, height, 5);
const picture = () => sharp(rgb, { raw: { width, height, channels: 3 } });

let engine: Engine;
let widget: Category;
let wanted: number[];
const seen = async (image: ImageInput, category = widget) => {
	const { score, globalScore, map } = await category.detect(image);
	return [score, globalScore, ...map];
};
beforeAll(async () => {
	engine = await Engine.open({ model: tiny });
	widget = await engine.category("widget", {
		prompts: { normal: ["a clean widget"], abnormal: ["a broken widget"] },
	});
	wanted = await seen({ data: rgb, width, height, channels: 3 });
});
afterAll(() => engine?.close());

test("the same input twice gives the same numbers, to the bit", async () => {
	expect(await seen({ data: rgb, width, height, channels: 3 })).toEqual(wanted);
});

test("another picture gives other numbers", async () => {
	expect(
		await seen({
			data: scene(width, height, 6).reverse(),
			width,
			height,
			channels: 3,
		}),
	).not.toEqual(wanted);
});

describe("encoded pictures", () => {
	test("as bytes, path and URL, in folders with odd names", async () => {
		const png = await picture().png().toBuffer();
		const folder = join(temporaryFolder(), "ünï 漢字 %20 #1");
		mkdirSync(folder);
		const path = join(folder, "picture.png");
		writeFileSync(path, png);
		for (const image of [
			png,
			new Uint8Array(png),
			path,
			pathToFileURL(path),
			pathToFileURL(path).href,
		])
			expect(await seen(image)).toEqual(wanted);
	});

	test("the name says nothing about the format", async () => {
		const path = join(temporaryFolder(), "picture.jpg");
		writeFileSync(path, await picture().png().toBuffer());
		expect(await seen(path)).toEqual(wanted);
	});

	test("bytes within a larger buffer", async () => {
		const png = await picture().png().toBuffer();
		const large = new Uint8Array(png.length + 1000).fill(255);
		large.set(png, 333);
		expect(await seen(large.subarray(333, 333 + png.length))).toEqual(wanted);
	});

	test.each(["webp", "tiff"] as const)("lossless %s", async (format) => {
		expect(
			await seen(
				await picture()
					.toFormat(format, { lossless: true, compression: "lzw" } as never)
					.toBuffer(),
			),
		).toEqual(wanted);
	});

	test("16-bit PNG", async () => {
		const deep = Uint16Array.from(rgb, (value) => value * 257);
		const png = await sharp(deep, { raw: { width, height, channels: 3 } })
			.toColourspace("rgb16")
			.png()
			.toBuffer();
		expect((await sharp(png).metadata()).depth).toBe("ushort");
		expect(await seen(png)).toEqual(wanted);
	});

	test("grey and 16-bit grey PNG are as grey in three channels", async () => {
		const grey = rgb.filter((_, i) => i % 3 === 1);
		const tripled = await seen({
			data: Uint8Array.from(rgb, (_, i) => grey[Math.floor(i / 3)]!),
			width,
			height,
			channels: 3,
		});
		expect(await seen({ data: grey, width, height, channels: 1 })).toEqual(
			tripled,
		);
		const source = sharp(grey, { raw: { width, height, channels: 1 } });
		expect(
			await seen(await source.clone().toColourspace("b-w").png().toBuffer()),
		).toEqual(tripled);
		expect(
			await seen(
				await sharp(
					Uint16Array.from(grey, (value) => value * 257),
					{ raw: { width, height, channels: 1 } },
				)
					.toColourspace("grey16")
					.png()
					.toBuffer(),
			),
		).toEqual(tripled);
	});

	test.each([2, 3, 4, 5, 6, 7, 8])(
		"EXIF orientation %d is applied",
		async (orientation) => {
			// What must be stored so that turning it by the tag gives the picture again: the inverse turn.
			const stored = picture();
			if (orientation === 2) stored.flop();
			if (orientation === 3) stored.rotate(180);
			if (orientation === 4) stored.flip();
			if (orientation === 5) stored.rotate(270).flop(); // sharp mirrors before it turns
			if (orientation === 6) stored.rotate(270);
			if (orientation === 7) stored.rotate(90).flop();
			if (orientation === 8) stored.rotate(90);
			const turned = await stored.png().toBuffer({ resolveWithObject: true });
			const tagged = await sharp(turned.data)
				.withMetadata({ orientation })
				.tiff({ compression: "lzw" })
				.toBuffer();
			const right = await sharp(tagged, { autoOrient: true }).raw().toBuffer();
			expect(
				right.equals(Buffer.from(rgb)),
				"the test turned the picture wrongly",
			).toBe(true);
			expect(await seen(tagged)).toEqual(wanted);
		},
	);

	test("palette PNG, and transparent pixels over white", async () => {
		const clear = new Uint8Array(width * height * 4).map((_, i) =>
			i % 4 === 3 ? 0 : rgb[Math.floor(i / 4) * 3 + (i % 4)]!,
		);
		const white = await seen({
			data: new Uint8Array(width * height * 3).fill(255),
			width,
			height,
			channels: 3,
		});
		expect(await seen({ data: clear, width, height, channels: 4 })).toEqual(
			white,
		);
		expect(
			await seen(
				await sharp(clear, { raw: { width, height, channels: 4 } })
					.png()
					.toBuffer(),
			),
		).toEqual(white);
		const palette = await picture()
			.png({ palette: true, colours: 16 })
			.toBuffer();
		const { data } = await sharp(palette)
			.removeAlpha()
			.raw()
			.toBuffer({ resolveWithObject: true });
		expect(await seen(palette)).toEqual(
			await seen({ data: new Uint8Array(data), width, height, channels: 3 }),
		);
	});
});

describe("raw pixels", () => {
	test("within a larger buffer, opaque alpha, clamped arrays, Buffers", async () => {
		const large = new Uint8Array(rgb.length + 100);
		large.set(rgb, 37);
		const opaque = new Uint8Array(width * height * 4).map((_, i) =>
			i % 4 === 3 ? 255 : rgb[Math.floor(i / 4) * 3 + (i % 4)]!,
		);
		expect(
			await seen({
				data: large.subarray(37, 37 + rgb.length),
				width,
				height,
				channels: 3,
			}),
		).toEqual(wanted);
		expect(await seen({ data: opaque, width, height, channels: 4 })).toEqual(
			wanted,
		);
		expect(
			await seen({
				data: new Uint8ClampedArray(opaque),
				width,
				height,
				channels: 4,
			}),
		).toEqual(wanted);
		expect(
			await seen({ data: Buffer.from(rgb), width, height, channels: 3 }),
		).toEqual(wanted);
		const sharedPixels = new Uint8Array(new SharedArrayBuffer(rgb.length));
		sharedPixels.set(rgb);
		expect(
			await seen({ data: sharedPixels, width, height, channels: 3 }),
		).toEqual(wanted);
	});

	test("what sharp gives, as it is", async () => {
		const { data, info } = await picture()
			.raw()
			.toBuffer({ resolveWithObject: true });
		expect(await seen({ data, ...info } as never)).toEqual(wanted);
	});

	test("half transparent is half way to white", async () => {
		const half = new Uint8Array(width * height * 4).map((_, i) =>
			i % 4 === 3 ? 128 : 0,
		);
		const grey = await seen({
			data: new Uint8Array(width * height).fill(127),
			width,
			height,
			channels: 1,
		});
		expect(await seen({ data: half, width, height, channels: 4 })).toEqual(
			grey,
		);
	});

	test("are the caller's again at once", async () => {
		const data = Uint8Array.from(rgb);
		const running = seen({ data, width, height, channels: 3 });
		data.fill(0);
		expect(await running).toEqual(wanted);
	});

	test("are never written", async () => {
		const data = Uint8Array.from(rgb);
		await seen({ data, width, height, channels: 3 });
		expect(Buffer.from(data).equals(Buffer.from(rgb))).toBe(true);
	});
});

test("a long, thin picture is squashed or cropped as asked, and both differ", async () => {
	const thin: ImageInput = {
		data: scene(200, 20, 4),
		width: 200,
		height: 20,
		channels: 3,
	};
	const options = {
		prompts: { normal: ["a clean widget"], abnormal: ["a broken widget"] },
	};
	const cropped = await seen(
		thin,
		await engine.category("widget", { ...options, fit: "crop" }),
	);
	expect(cropped).not.toEqual(await seen(thin));
	expect(await engine.embedImage(thin, { fit: "crop" })).not.toEqual(
		await engine.embedImage(thin),
	);
});
