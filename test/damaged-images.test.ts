// Image files of which a part is missing or wrong: refused by default, scored with a warning on request.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import sharp, { type Sharp } from "sharp";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Category, Engine, type ImageProblem } from "../dist/index.js";
import { chunk } from "./support/bad-images.js";
import { expectError } from "./support/errors.js";
import { temporaryFolder } from "./support/folder.js";
import { bmp, bmpRows, netpbm } from "./support/image-files.js";
import { noise, scene, smooth } from "./support/images.js";
import { tinyModel } from "./support/paths.js";

const options = {
	prompts: { normal: ["a clean widget"], abnormal: ["a broken widget"] },
};
let engine: Engine;
let strict: Category;
let accepting: Category;
beforeAll(async () => {
	engine = await Engine.open({ model: tinyModel });
	strict = await engine.category("widget", options);
	accepting = await engine.category("widget", {
		...options,
		damaged: "accept",
	});
});
afterAll(() => engine?.close());

const raw = { width: 160, height: 120, channels: 3 } as const;
const grain = noise(160, 120, 5);
const image = (): Sharp => sharp(grain, { raw });
const jpeg = () => image().jpeg({ quality: 90 }).toBuffer();
const endMarker = Buffer.from([0xff, 0xd9]);
const half = (bytes: Buffer) => bytes.subarray(0, bytes.length >> 1);
const zeros = (bytes: Buffer) =>
	Buffer.from(bytes).fill(0, bytes.length >> 1, (bytes.length >> 2) * 3);

const damagedFiles: Record<string, () => Promise<Buffer>> = {
	"half a JPEG": async () => half(await jpeg()),
	"half a JPEG with an end marker": async () =>
		Buffer.concat([half(await jpeg()), endMarker]),
	"a JPEG with zeros in its middle": async () => zeros(await jpeg()),
	"a JPEG without its end marker": async () => (await jpeg()).subarray(0, -2),
	"half a progressive JPEG with an end marker": async () =>
		Buffer.concat([
			half(await image().jpeg({ progressive: true }).toBuffer()),
			endMarker,
		]),
	"half a PNG": async () => half(await image().png().toBuffer()),
	"a PNG without its last chunk": async () =>
		(await image().png().toBuffer()).subarray(0, -12),
	"a PNG with zeros in its middle": async () =>
		zeros(await image().png().toBuffer()),
	"half a GIF": async () => half(await image().gif().toBuffer()),
	"a TIFF with zeros in its middle": async () =>
		zeros(await image().tiff({ compression: "lzw" }).toBuffer()),
	"half a BMP": async () =>
		half(
			bmp({
				width: 40,
				height: 40,
				bits: 24,
				rows: bmpRows(40, 40, (x, y) => [x, y, x + y]),
			}),
		),
	"half a PPM": async () =>
		netpbm("P6 160 120 255\n", grain.subarray(0, 20_000)),
};
const unusable: Record<string, () => Promise<Buffer>> = {
	"half a WebP": async () => half(await image().webp().toBuffer()),
	"half an AVIF": async () =>
		half(await image().avif({ effort: 0 }).toBuffer()),
};

describe("a damaged file", () => {
	test.each(Object.entries({ ...damagedFiles, ...unusable }))(
		"%s is refused, as an image and as a reference",
		async (_, make) => {
			const bytes = await make();
			await expectError(
				() => strict.detect(bytes),
				"ERR_ALFA_IMAGE",
				/damaged or cut short/,
			);
			await expectError(
				() => engine.category("widget", { references: [scenePixels, bytes] }),
				"ERR_ALFA_IMAGE",
				"Reference 1",
			);
		},
	);

	test.each(Object.entries(damagedFiles))(
		"%s is scored with a warning if the category accepts it",
		async (_, make) => {
			const bytes = await make();
			const result = await accepting.detect(bytes);
			expect(result.warnings.length).toBeGreaterThan(0);
			expect(result.score).toBeGreaterThan(0);
			expect((await result.toPng()).length).toBeGreaterThan(0);
			const few = await engine.category("widget", {
				references: [bytes],
				damaged: "accept",
			});
			expect(few.references?.images).toBe(1);
		},
	);

	test.each(Object.entries(unusable))(
		"%s has no pixels to accept",
		async (_, make) => {
			const bytes = await make();
			await expectError(() => accepting.detect(bytes), "ERR_ALFA_IMAGE");
		},
	);

	test("an engine can accept damage for all of its categories", async () => {
		await using opened = await Engine.open({
			model: tinyModel,
			damaged: "accept",
		});
		const bytes = await damagedFiles["half a JPEG"]!();
		const category = await opened.category("widget", options);
		expect((await category.detect(bytes)).warnings[0]).toMatch(/premature/);
		const refusing = await opened.category("widget", {
			...options,
			damaged: "refuse",
		});
		await expectError(() => refusing.detect(bytes), "ERR_ALFA_IMAGE");
	});
});

const scenePixels = {
	data: scene(64, 48, 2),
	width: 64,
	height: 48,
	channels: 3 as const,
};

describe("files with harmless oddities are read without a warning", () => {
	const segment = (marker: number, data: Buffer) => {
		const head = Buffer.from([0xff, marker, 0, 0]);
		head.writeUInt16BE(data.length + 2, 2);
		return Buffer.concat([head, data]);
	};
	const afterStart = async (bytes: Buffer) => {
		const file = await jpeg();
		return Buffer.concat([file.subarray(0, 2), bytes, file.subarray(2)]);
	};
	const files: Record<string, () => Promise<Buffer>> = {
		"bytes after the end of a JPEG": async () =>
			Buffer.concat([await jpeg(), Buffer.alloc(50, 7)]),
		"a flat JPEG, whose data are zeros": () =>
			sharp({
				create: { width: 1600, height: 1200, channels: 3, background: "#777" },
			})
				.jpeg({ optimiseCoding: true })
				.toBuffer(),
		"a smooth JPEG": () =>
			sharp(smooth(800, 600), { raw: { ...raw, width: 800, height: 600 } })
				.jpeg({ optimiseCoding: true })
				.toBuffer(),
		"fill bytes before a marker": () => afterStart(Buffer.from([255, 255])),
		"a meaningless EXIF segment": () =>
			afterStart(
				segment(
					0xe1,
					Buffer.concat([Buffer.from("Exif\0\0"), Buffer.alloc(40, 0xaa)]),
				),
			),
		"a damaged ICC profile": () =>
			afterStart(
				segment(
					0xe2,
					Buffer.concat([
						Buffer.from("ICC_PROFILE\0\x01\x01"),
						Buffer.alloc(99, 3),
					]),
				),
			),
		"bytes after the end of a PNG": async () =>
			Buffer.concat([await image().png().toBuffer(), Buffer.alloc(50, 7)]),
		"an unknown chunk in a PNG": async () => {
			const file = await image().png().toBuffer();
			const unknown = chunk("zzZz", Buffer.from("x"));
			return Buffer.concat([file.subarray(0, 33), unknown, file.subarray(33)]);
		},
	};
	test.each(Object.entries(files))("%s", async (_, make) => {
		const result = await strict.detect(await make());
		expect(result.warnings).toEqual([]);
	});
});

describe("detectMany with onError 'skip'", () => {
	const folder = temporaryFolder();
	const missing = join(folder, "missing.png");
	const broken = join(folder, "broken.png");
	writeFileSync(broken, "no image");
	const images = [scenePixels, missing, broken, scenePixels];

	test.each(["alfa", "musc"] as const)("recipe %s", async (recipe) => {
		const category = await engine.category("widget", { recipe });
		const problems: ImageProblem[] = [];
		const progress: number[] = [];
		const results = [];
		for await (const result of category.detectMany(images, {
			onError: "skip",
			onProblem: (problem) => problems.push(problem),
			onProgress: ({ done }) => progress.push(done),
		}))
			results.push(result);
		expect(results).toHaveLength(2);
		expect(progress).toEqual([1, 2, 3, 4]);
		expect(problems).toMatchObject([
			{ index: 1, image: missing, error: { code: "ERR_ALFA_IMAGE" } },
			{ index: 2, image: broken, error: { code: "ERR_ALFA_IMAGE" } },
		]);
		expect(problems[0]!.error.message).toContain("Image 1");
	});

	test("the default is to throw, with the index and the name", async () => {
		const run = async () => {
			for await (const _ of strict.detectMany(images));
		};
		await expectError(run, "ERR_ALFA_IMAGE", "Image 1", "missing.png");
		await expectError(
			() => strict.calibrate(images),
			"ERR_ALFA_IMAGE",
			"Image 1",
			"missing.png",
		);
	});

	test("an error of the source and an abort still throw", async () => {
		const failing = function* () {
			yield scenePixels;
			throw new Error("the source failed");
		};
		const skip = { onError: "skip" as const };
		const run = async () => {
			for await (const _ of strict.detectMany(failing(), skip));
		};
		await expect(run()).rejects.toThrow("the source failed");
		const reason = new Error("enough");
		const aborted = async () => {
			const controller = new AbortController();
			const signal = controller.signal;
			for await (const _ of strict.detectMany(images, { ...skip, signal }))
				controller.abort(reason);
		};
		await expect(aborted()).rejects.toBe(reason);
	});
});
