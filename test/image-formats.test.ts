// What the bytes of an image file mean: every supported combination gives the pixels that the file describes, and every
// other one is an error that names the file and what was found.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Category, Engine, type RawImage } from "../dist/index.js";
import { expectError } from "./support/errors.js";
import { temporaryFolder } from "./support/folder.js";
import {
	bigEndian,
	bmp,
	bmpRows,
	netpbm,
	tiff,
} from "./support/image-files.js";
import { scene } from "./support/images.js";
import { tinyModel } from "./support/paths.js";

const width = 45; // odd, so that rows need padding
const height = 32;
const rgb = scene(width, height, 3);
const at = (x: number, y: number, c: number) => rgb[(y * width + x) * 3 + c]!;
const greenOf = Uint8Array.from({ length: width * height }, (_, i) =>
	at(i % width, Math.floor(i / width), 1),
);
const colour: RawImage = { data: rgb, width, height, channels: 3 };
const grey: RawImage = { data: greenOf, width, height, channels: 1 };

let engine: Engine;
let widget: Category;
let folder: string;
beforeAll(async () => {
	folder = temporaryFolder();
	engine = await Engine.open({ model: tinyModel });
	widget = await engine.category("widget", {
		prompts: { normal: ["a clean widget"], abnormal: ["a broken widget"] },
	});
});
afterAll(() => engine?.close());

/** Expects the file to give exactly the score of the pixels. */
async function expectPixels(bytes: Uint8Array, expected: RawImage) {
	const [file, pixels] = await Promise.all([
		widget.detect(bytes),
		widget.detect(expected),
	]);
	expect(Array.from(file.map)).toEqual(Array.from(pixels.map));
	expect(file.score).toBe(pixels.score);
	expect(file.warnings).toEqual([]);
}

async function expectRefused(
	name: string,
	bytes: Uint8Array,
	...messageParts: (string | RegExp)[]
) {
	const file = join(folder, name);
	writeFileSync(file, bytes);
	await expectError(
		() => widget.detect(file),
		"ERR_ALFA_IMAGE",
		name,
		...messageParts,
	);
}

/** The pixels with a further band behind the colours. */
function withBands(
	colours: Uint8Array,
	channels: number,
	...bands: ((i: number) => number)[]
): Uint8Array {
	const count = channels + bands.length;
	return Uint8Array.from({ length: width * height * count }, (_, i) => {
		const pixel = Math.floor(i / count);
		const c = i % count;
		return c < channels
			? colours[pixel * channels + c]!
			: bands[c - channels]!(pixel);
	});
}
const infrared = (i: number) => (i * 7) % 256;
const size = { width, height };

describe("TIFF", () => {
	test.each([
		["an unspecified band (ExtraSamples 0)", [0]],
		["a band without the tag ExtraSamples", undefined],
	])("RGB with %s: the band is not alpha", (_, extraSamples) =>
		expectPixels(
			tiff({
				...size,
				samples: withBands(rgb, 3, infrared),
				count: 4,
				...(extraSamples && { extraSamples }),
			}),
			colour,
		),
	);

	test("RGB with alpha is blended like raw pixels with alpha", () => {
		const samples = withBands(rgb, 3, infrared);
		return expectPixels(
			tiff({ ...size, samples, count: 4, extraSamples: [2] }),
			{ data: samples, width, height, channels: 4 },
		);
	});

	test("grey with an unspecified band: the band is not alpha", () =>
		expectPixels(
			tiff({
				...size,
				samples: withBands(greenOf, 1, infrared),
				count: 2,
				extraSamples: [0],
			}),
			grey,
		));

	test("8 and 16 bits, grey and RGB; white is zero", async () => {
		await expectPixels(tiff({ ...size, samples: rgb }), colour);
		await expectPixels(tiff({ ...size, samples: greenOf, count: 1 }), grey);
		const wide = Uint16Array.from(rgb, (value) => value * 256 + 200);
		await expectPixels(tiff({ ...size, samples: wide }), colour);
		await expectPixels(
			tiff({
				...size,
				samples: Uint16Array.from(greenOf, (value) => value * 257),
				count: 1,
			}),
			grey,
		);
		await expectPixels(
			tiff({
				...size,
				samples: greenOf.map((value) => 255 - value),
				count: 1,
				photometric: 0,
			}),
			grey,
		);
	});

	test("of 1, 2 and 4 bits per sample", async () => {
		for (const bits of [1, 2, 4]) {
			const levels = 2 ** bits - 1;
			const perByte = 8 / bits;
			const stride = Math.ceil(width / perByte);
			const level = (x: number, y: number) =>
				x < width ? at(x, y, 1) >> (8 - bits) : 0;
			const samples = Uint8Array.from({ length: stride * height }, (_, i) => {
				const y = Math.floor(i / stride);
				const x = (i % stride) * perByte;
				let byte = 0;
				for (let k = 0; k < perByte; k++)
					byte = (byte << bits) | level(x + k, y);
				return byte;
			});
			await expectPixels(tiff({ ...size, samples, count: 1, bits }), {
				...grey,
				data: greenOf.map((value) => ((value >> (8 - bits)) * 255) / levels),
			});
		}
	});

	const float = Float32Array.from(rgb, (value) => value / 255);
	test.each([
		[
			"float grey",
			{ samples: float.slice(0, width * height), count: 1 },
			/floating point/,
		],
		["float RGB", { samples: float }, /floating point/],
		["signed", { samples: Int16Array.from(greenOf), count: 1 }, /signed/],
		[
			"five bands",
			{
				samples: withBands(rgb, 3, infrared, infrared),
				count: 5,
				extraSamples: [0, 0],
			},
			/5 bands/,
		],
		[
			"five bands with alpha",
			{
				samples: withBands(rgb, 3, infrared, infrared),
				count: 5,
				extraSamples: [0, 2],
			},
			/5 bands/,
		],
		[
			"three grey bands",
			{ samples: rgb, photometric: 1, extraSamples: [0, 0] },
			/3 bands/,
		],
		["CIELAB", { samples: rgb, photometric: 8 }, /L\*a\*b/],
		[
			"raw camera pixels",
			{ samples: greenOf, count: 1, photometric: 32803 },
			/camera/,
		],
		["ZSTD", { samples: rgb, compression: 50000 }, /ZSTD.*not supported/],
		["LERC", { samples: rgb, compression: 34887 }, /LERC.*not supported/],
		["JPEG XL", { samples: rgb, compression: 50002 }, /JPEG XL.*not supported/],
	] as const)(
		"of %s is refused by name, with advice",
		async (name, options, found) => {
			const bytes = tiff({ ...size, ...options } as Parameters<typeof tiff>[0]);
			await expectRefused(`${name}.tif`, bytes, found, /save/i);
			// A reference image is refused in the same way.
			await expectError(
				() => engine.category("widget", { references: [colour, bytes] }),
				"ERR_ALFA_IMAGE",
				"Reference 1",
				found,
			);
			// 'accept' is for damage, not for formats.
			const accepting = await engine.category("widget", { damaged: "accept" });
			await expectError(() => accepting.detect(bytes), "ERR_ALFA_IMAGE", found);
		},
	);

	test("the first page of several is read", async () => {
		const one = await sharp(rgb, { raw: { ...size, channels: 3 } })
			.tiff({ compression: "lzw" })
			.toBuffer();
		await expectPixels(one, colour);
	});
});

describe("formats that are not supported are called by their names", () => {
	const box = (brands: string) =>
		Buffer.concat([
			Buffer.from([0, 0, 0, 8 + brands.length]),
			Buffer.from(`ftyp${brands}`, "latin1"),
			Buffer.alloc(200),
		]);
	test.each([
		["HEIC", box("heic\0\0\0\0mif1heic")],
		["HEIC", box("mif1\0\0\0\0mif1heic")],
		["JPEG 2000", Buffer.from("\0\0\0\x0cjP  \r\n\x87\n", "latin1")],
		["JPEG XL", Buffer.from("\xff\x0aabcdefgh", "latin1")],
		["JPEG XL", Buffer.from("\0\0\0\x0cJXL \r\n\x87\n", "latin1")],
		["DICOM", Buffer.concat([Buffer.alloc(128), Buffer.from("DICMabcd")])],
		["OpenEXR", Buffer.from("v/1\x01abcd", "latin1")],
		["PFM", Buffer.from("Pf\n8 8\n-1\n")],
		["PDF", Buffer.from("%PDF-1.7\n")],
	])("%s", (format, bytes) =>
		expectRefused("file.dat", bytes, format, /not supported/),
	);
});

describe("colours", () => {
	const encode = () => sharp(rgb, { raw: { ...size, channels: 3 } });

	test("an ICC profile is converted to sRGB, or ignored with colour 'as-is'", async () => {
		const tagged = await encode().withIccProfile("p3").png().toBuffer();
		const raw = await sharp(tagged, { ignoreIcc: true }).raw().toBuffer();
		const expected = await widget.detect({ ...colour, data: raw });
		expect((await widget.detect(tagged)).score).not.toBe(expected.score);
		const asIs = await engine.category("widget", {
			prompts: { normal: ["a clean widget"], abnormal: ["a broken widget"] },
			colour: "as-is",
		});
		expect((await asIs.detect(tagged)).score).toBe(expected.score);
		await using opened = await Engine.open({
			model: tinyModel,
			colour: "as-is",
		});
		expect(opened.info.images.colour).toBe("as-is");
		expect(await opened.embedImage(tagged)).toEqual(
			await engine.embedImage({ ...colour, data: raw }),
		);
	});

	test("categories of one call must agree", async () => {
		const asIs = await engine.category("gadget", { colour: "as-is" });
		await expectError(
			() => engine.detect(colour, [widget, asIs]),
			"ERR_ALFA_ARGUMENT",
			"widget",
			"gadget",
			"as-is",
		);
	});

	test("a saved category keeps how it reads images", async () => {
		const asIs = await engine.category("widget", {
			colour: "as-is",
			damaged: "accept",
		});
		const file = join(folder, "as-is.alfa");
		await asIs.save(file);
		const loaded = await engine.loadCategory(file);
		const tagged = await encode().withIccProfile("p3").png().toBuffer();
		expect((await loaded.detect(tagged)).score).toBe(
			(await asIs.detect(tagged)).score,
		);
	});

	test("palettes, grey with alpha, 1 bit and CMYK", async () => {
		const samples = withBands(greenOf, 1, infrared);
		const greyAlpha = await sharp(samples, { raw: { ...size, channels: 2 } })
			.png()
			.toBuffer();
		await expectPixels(greyAlpha, {
			...size,
			channels: 4,
			data: Uint8Array.from(
				{ length: width * height * 4 },
				(_, i) => samples[(i >> 2) * 2 + (i % 4 === 3 ? 1 : 0)]!,
			),
		});
		for (const encoded of [
			await encode().toColourspace("cmyk").jpeg().toBuffer(),
			await encode().png({ palette: true }).toBuffer(),
			await encode().gif().toBuffer(),
			await encode().toColourspace("b-w").tiff({ bitdepth: 1 }).toBuffer(),
		])
			expect((await widget.detect(encoded)).warnings).toEqual([]);
	});
});

describe("BMP", () => {
	const bgr = (x: number, y: number) => [at(x, y, 2), at(x, y, 1), at(x, y, 0)];
	test.each([
		["from the bottom", false],
		["from the top", true],
	])("of 24 bits, %s", (_, fromTop) =>
		expectPixels(
			bmp({
				width,
				height: fromTop ? -height : height,
				bits: 24,
				rows: bmpRows(width, height, bgr, fromTop),
			}),
			colour,
		),
	);

	test("of 32 bits: the fourth byte is not alpha, unless a mask says so", async () => {
		const rows = bmpRows(width, height, (x, y) => [...bgr(x, y), 90]);
		const masks = [0xff0000, 0xff00, 0xff];
		await expectPixels(bmp({ ...size, bits: 32, rows }), colour);
		await expectPixels(
			bmp({ ...size, bits: 32, rows, compression: 3, masks }),
			colour,
		);
		await expectPixels(
			bmp({
				...size,
				bits: 32,
				rows,
				compression: 3,
				masks: [...masks, 0xff000000],
				headerBytes: 124,
			}),
			{ ...size, channels: 4, data: withBands(rgb, 3, () => 90) },
		);
	});

	test("of 32 bits with an alpha mask but without any alpha", () =>
		expectPixels(
			bmp({
				...size,
				bits: 32,
				rows: bmpRows(width, height, (x, y) => [...bgr(x, y), 0]),
				compression: 3,
				masks: [0xff0000, 0xff00, 0xff, 0xff000000],
				headerBytes: 108,
			}),
			colour,
		));

	test.each([1, 4, 8])("of %i bits with a palette", async (bits) => {
		const colours = 2 ** bits;
		const entry = (i: number) => [(i * 3) % 256, (i * 70) % 256, 255 - i, 0];
		const palette = Uint8Array.from(
			Array.from({ length: colours }, (_, i) => entry(i)).flat(),
		);
		const perByte = 8 / bits;
		const index = (x: number, y: number) =>
			x < width ? at(x, y, 1) >> (8 - bits) : 0;
		const rows = bmpRows(Math.ceil(width / perByte), height, (column, y) => {
			let byte = 0;
			for (let k = 0; k < perByte; k++)
				byte = (byte << bits) | index(column * perByte + k, y);
			return [byte];
		});
		const data = Uint8Array.from({ length: rgb.length }, (_, i) => {
			const pixel = Math.floor(i / 3);
			const colour = entry(index(pixel % width, Math.floor(pixel / width)));
			return colour[2 - (i % 3)]!;
		});
		await expectPixels(bmp({ ...size, bits, rows, palette }), {
			...colour,
			data,
		});
	});

	test("of 8 bits with run-length code", () => {
		const palette = Uint8Array.from(
			Array.from({ length: 256 }, (_, i) => [i, i, i, 0]).flat(),
		);
		const code: number[] = [];
		for (let y = height - 1; y >= 0; y--) {
			for (let x = 0; x < width - 3; x++) code.push(1, at(x, y, 1));
			const last = [3, 2, 1].map((k) => at(width - k, y, 1));
			code.push(0, 3, ...last, 0, 0, 0);
		}
		code.push(0, 1);
		return expectPixels(
			bmp({
				...size,
				bits: 8,
				rows: Uint8Array.from(code),
				palette,
				compression: 1,
			}),
			grey,
		);
	});

	const rows = bmpRows(width, height, bgr);
	test("that is damaged or not supported is refused", async () => {
		const good = { ...size, bits: 24, rows };
		await expectRefused("a.bmp", bmp({ ...good, bits: 7 }), /7 bits/);
		await expectRefused("b.bmp", bmp({ ...good, compression: 4 }), /JPEG/);
		await expectRefused("c.bmp", bmp({ ...good, headerBytes: 39 }), /39/);
		await expectRefused("d.bmp", bmp({ ...good, offset: 1e9 }), /start at/);
		await expectRefused("e.bmp", bmp(good).subarray(0, 900), /cut short/);
		await expectRefused("f.bmp", bmp(good).subarray(0, 40), /cut short/);
		await expectError(
			() => widget.detect(bmp({ ...good, width: 2 ** 20, height: 2 ** 20 })),
			"ERR_ALFA_IMAGE_SIZE",
			"1048576",
		);
		const one = Uint8Array.from([0, 0, 0, 0]);
		await expectRefused(
			"g.bmp",
			bmp({
				...size,
				bits: 8,
				palette: one,
				rows: bmpRows(width, height, () => [9]),
			}),
			/colour 9/,
			/palette/,
		);
	});

	test("of any damage never fails in another way", async () => {
		const bytes = bmp({ ...size, bits: 24, rows });
		for (let i = 0; i < 54; i++) {
			const damaged = Buffer.from(bytes);
			damaged[i]! ^= 0x85;
			await widget.detect(damaged).catch((error) => {
				expect(["ERR_ALFA_IMAGE", "ERR_ALFA_IMAGE_SIZE"]).toContain(error.code);
			});
		}
	});
});

describe("PBM, PGM and PPM", () => {
	const head = `${width} ${height}\n`;
	const words = (values: Iterable<number>) => Array.from(values).join(" ");

	test("binary and text, 8 and 16 bits", async () => {
		await expectPixels(netpbm(`P5\n# line\n${head}255\n`, greenOf), grey);
		await expectPixels(netpbm(`P6 ${head}255\n`, rgb), colour);
		await expectPixels(
			netpbm(`P5\n${head}65535\n`, bigEndian([...greenOf].map((v) => v * 257))),
			grey,
		);
		await expectPixels(
			netpbm(`P6\n${head}65535\n`, bigEndian([...rgb].map((v) => v * 257))),
			colour,
		);
		await expectPixels(
			netpbm(`P6\n${head}1020\n`, bigEndian([...rgb].map((v) => v * 4))),
			colour,
		);
		await expectPixels(netpbm(`P2\n${head}255\n${words(greenOf)}`), grey);
		await expectPixels(netpbm(`P3\n${head}255\n${words(rgb)}\n`), colour);
	});

	test("bits", async () => {
		const black = greenOf.map((value) => (value < 100 ? 0 : 255));
		const expected = { ...grey, data: black };
		const bits = Array.from(black, (value) => (value === 0 ? 1 : 0));
		await expectPixels(netpbm(`P1\n${head}${bits.join("")}`), expected);
		const stride = Math.ceil(width / 8);
		const packed = new Uint8Array(stride * height);
		for (const [i, bit] of bits.entries())
			packed[Math.floor(i / width) * stride + ((i % width) >> 3)]! |=
				bit << (7 - ((i % width) & 7));
		await expectPixels(netpbm(`P4\n${head}`, packed), expected);
	});

	test("that are damaged are refused", async () => {
		await expectRefused(
			"a.pgm",
			netpbm(`P5\n${head}255\n`, greenOf.subarray(1)),
			/cut short/,
		);
		await expectRefused(
			"b.pgm",
			netpbm(`P5\n${head}99\n`, greenOf),
			/maximum is 99/,
		);
		await expectRefused(
			"c.pgm",
			netpbm(`P5\n${head}70000\n`, greenOf),
			/70000/,
		);
		await expectRefused("d.pgm", netpbm(`P5\n${width}`), /height/);
		await expectRefused("e.ppm", netpbm(`P3\n${head}255\n1 2 three`), /values/);
		await expectError(
			() => widget.detect(netpbm("P5\n1000000 1000000\n255\n")),
			"ERR_ALFA_IMAGE_SIZE",
		);
	});
});
