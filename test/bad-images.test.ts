// Whatever is passed as an image: detect gives a result or an error that names the problem, and the engine goes on.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { type Category, Engine } from "../dist/index.js";
import { claimedPng, jpeg, png } from "./support/bad-images.js";
import { expectError } from "./support/errors.js";
import { temporaryFolder } from "./support/folder.js";
import { scene, sceneImage } from "./support/images.js";
import { tinyModel } from "./support/paths.js";

const goodImage = sceneImage(48, 48, 2);
let engine: Engine;
let widget: Category;
let goodScore: number;
beforeAll(async () => {
	engine = await Engine.open({ model: tinyModel });
	widget = await engine.category("widget", {
		prompts: { normal: ["a clean widget"], abnormal: ["a broken widget"] },
	});
	goodScore = (await widget.detect(goodImage)).score;
});
afterAll(() => engine?.close());

// After every bad image, a good one gives the same score as before.
afterEach(async () => {
	expect((await widget.detect(goodImage)).score).toBe(goodScore);
});

const expectRejected = (
	image: unknown,
	code: string,
	...messageParts: (string | RegExp)[]
) => expectError(() => widget.detect(image as never), code, ...messageParts);

describe("a file", () => {
	let folder: string;
	beforeAll(() => {
		folder = temporaryFolder();
	});
	function write(name: string, content: Uint8Array | string): string {
		const path = join(folder, name);
		writeFileSync(path, content);
		return path;
	}

	test("that does not exist", () =>
		expectRejected(
			join(folder, "missing.png"),
			"ERR_ALFA_IMAGE",
			"missing.png",
			/does not exist/,
		));

	test("that is a folder", async () => {
		const path = join(folder, "folder.png");
		mkdirSync(path);
		await expectRejected(path, "ERR_ALFA_IMAGE", path, /folder/);
	});

	test("that is empty", () =>
		expectRejected(
			write("empty.png", ""),
			"ERR_ALFA_IMAGE",
			"empty.png",
			/empty/,
		));

	test("that is not an image", () =>
		expectRejected(
			write("notes.png", "just some words"),
			"ERR_ALFA_IMAGE",
			"notes.png",
			/not an image/,
			/PNG/,
		));

	test("with a NUL character in its path", () =>
		expectRejected("pic\0ture.png", "ERR_ALFA_IMAGE"));

	test("below another file", () =>
		expectRejected(
			join(write("plain", "x"), "image.png"),
			"ERR_ALFA_IMAGE",
			"image.png",
		));

	test("that is cut short", async () => {
		const shortPng = write("short.png", (await png()).subarray(0, 3000));
		const shortJpeg = write("short.jpg", (await jpeg()).subarray(0, 1500));
		await expectRejected(shortPng, "ERR_ALFA_IMAGE", "short.png", /cut short/);
		await expectRejected(shortJpeg, "ERR_ALFA_IMAGE", "short.jpg", /cut short/);
	});
});

describe("encoded bytes", () => {
	test("that are empty", () =>
		expectRejected(new Uint8Array(0), "ERR_ALFA_IMAGE", /empty/));

	test("that are random", () =>
		expectRejected(scene(20, 20, 8), "ERR_ALFA_IMAGE", /not an image/));

	test.each([
		["PNG", png, 0],
		["JPEG", jpeg, 2], // a JPEG without its end marker can be decoded
	])("of a %s that is cut at any length", async (_, encode, endBytes) => {
		const bytes = await encode();
		for (
			let length = 1;
			length < bytes.length - endBytes;
			length = Math.ceil(length * 1.4)
		) {
			await expectRejected(
				bytes.subarray(0, length),
				"ERR_ALFA_IMAGE",
				/encoded image/,
			);
		}
	});

	test("of a PNG with a wrong bit", async () => {
		const bytes = Buffer.from(await png());
		bytes[bytes.length >> 1]! ^= 16;
		await expectRejected(bytes, "ERR_ALFA_IMAGE");
	});

	test("of an SVG that includes a file", async () => {
		const namespaces = `xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"`;
		const svg = `<svg ${namespaces} width="48" height="48">
			<image xlink:href="file:///etc/hostname" width="48" height="48"/>
		</svg>`;
		await expectRejected(Buffer.from(svg), "ERR_ALFA_IMAGE", "svg");
	});

	test("whose buffer was transferred", async () => {
		const bytes = Uint8Array.from(await png());
		structuredClone(bytes.buffer, { transfer: [bytes.buffer] });
		await expectRejected(bytes, "ERR_ALFA_IMAGE", /empty/);
	});
});

describe("sizes", () => {
	const grey = (width: number, height: number) => ({
		data: new Uint8Array(width * height),
		width,
		height,
		channels: 1 as const,
	});

	test("less than 8 pixels on a side are rejected", async () => {
		await expectRejected(
			grey(1, 1),
			"ERR_ALFA_IMAGE_SIZE",
			"1 x 1",
			"at least 8",
		);
		await expectRejected(
			claimedPng(1, 1, 1),
			"ERR_ALFA_IMAGE_SIZE",
			"1 x 1",
			"at least 8",
		);
		await expectRejected(grey(100, 7), "ERR_ALFA_IMAGE_SIZE", "100 x 7");
	});

	test("8 x 8 and 2000 x 8 pixels are accepted", async () => {
		expect((await widget.detect(grey(8, 8))).score).toBeGreaterThanOrEqual(0);
		expect((await widget.detect(grey(2000, 8))).map).toHaveLength(48 * 48);
	});

	test("20,000 x 20,000 pixels are rejected from the header alone", async () => {
		const image = claimedPng(20_000, 20_000, 2);
		await expectRejected(
			image,
			"ERR_ALFA_IMAGE_SIZE",
			"20000 x 20000",
			"2^28",
			/reduce/,
		);
	});

	test("20,000 x 20,000 raw pixels are rejected before their number is checked", () =>
		expectRejected(
			{ ...grey(8, 8), width: 20_000, height: 20_000 },
			"ERR_ALFA_IMAGE_SIZE",
			"20000 x 20000",
		));

	test("the largest size that a PNG can claim is rejected", async () => {
		// libvips may already refuse to read such a header.
		await expect(
			widget.detect(claimedPng(0x7fffffff, 0x7fffffff, 1)),
		).rejects.toMatchObject({
			code: expect.stringMatching(/^ERR_ALFA_IMAGE(_SIZE)?$/),
		});
	});

	test("a valid size with too little data is rejected", () =>
		expectRejected(claimedPng(4000, 4000, 2), "ERR_ALFA_IMAGE", /cut short/));
});

describe("raw pixels", () => {
	const raw = (change: object) => ({
		data: new Uint8Array(300),
		width: 10,
		height: 10,
		channels: 3,
		...change,
	});

	test.each([2, 0, 5, 3.5, -1, NaN])("with %s channels", (channels) =>
		expectRejected(raw({ channels }), "ERR_ALFA_RANGE", /channels/),
	);

	test.each([299, 301, 0])("with %s bytes instead of 300", (length) =>
		expectRejected(
			raw({ data: new Uint8Array(length) }),
			"ERR_ALFA_RANGE",
			"300",
			`${length}`,
			"10 x 10 x 3",
		),
	);

	test.each([0, -10, 10.5, NaN, Infinity])("with a width of %s", (width) =>
		expectRejected(raw({ width }), "ERR_ALFA_RANGE", /width/),
	);

	test.each(["10", null, undefined, 10n])(
		"with a height of another type: %s",
		(height) => expectRejected(raw({ height }), "ERR_ALFA_ARGUMENT", /height/),
	);

	test("with data of another type, or without data", async () => {
		const others = [
			new Float32Array(300),
			Array(300).fill(0),
			new ArrayBuffer(300),
			"x".repeat(300),
			undefined,
		];
		for (const data of others) {
			await expectRejected(
				raw({ data }),
				"ERR_ALFA_ARGUMENT",
				/data/,
				"Uint8Array",
			);
		}
		await expectRejected(
			{ width: 10, height: 10, channels: 3 },
			"ERR_ALFA_ARGUMENT",
			/data/,
		);
	});

	test("whose buffer was transferred", async () => {
		const image = raw({});
		structuredClone(image.data.buffer, { transfer: [image.data.buffer] });
		await expectRejected(image, "ERR_ALFA_RANGE", "300");
	});
});

describe("URLs", () => {
	test.each([
		"http://example.com/a.png",
		"https://example.com/a.png",
		"data:image/png;base64,AAAA",
	])("%s is not fetched", (url) =>
		expectRejected(url, "ERR_ALFA_IMAGE", /URL/, /fetch/),
	);

	test("a URL object with another protocol than file: is not fetched", () =>
		expectRejected(
			new URL("https://example.com/a.png"),
			"ERR_ALFA_IMAGE",
			/URL/,
		));

	test.each(["file://elsewhere/a.png", "file:///a%2Fb.png"])(
		"%s does not name a local file",
		(url) => expectRejected(url, "ERR_ALFA_IMAGE", url),
	);
});

test.each([
	undefined,
	null,
	7,
	true,
	[],
	{},
	Symbol("x"),
	() => {},
	new ArrayBuffer(8),
	new Float32Array(8),
	"",
])("a value that is not an image: %s", (value) =>
	expectRejected(value, "ERR_ALFA_ARGUMENT", "image", /path/),
);
