// Whatever is handed over as an image, the answer is a result or an error that says what is wrong, and the engine goes on.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { Engine, type Category } from "../dist/index.js";
import { claimedPng, jpeg, png } from "./support/bad-images.js";
import { temporaryFolder } from "./support/folder.js";
import { tiny } from "./support/paths.js";
import { scene } from "./support/images.js";
import { expectRefusal } from "./support/refusal.js";

const good = {
	data: scene(48, 48, 2),
	width: 48,
	height: 48,
	channels: 3 as const,
};
let engine: Engine;
let widget: Category;
let wanted: number;
beforeAll(async () => {
	engine = await Engine.open({ model: tiny });
	widget = await engine.category("widget", {
		prompts: { normal: ["a clean widget"], abnormal: ["a broken widget"] },
	});
	wanted = (await widget.detect(good)).score;
});
afterAll(() => engine?.close());
afterEach(async () =>
	expect((await widget.detect(good)).score, "a good image right after").toBe(
		wanted,
	),
);

const refused = (image: unknown, code: string, ...says: (string | RegExp)[]) =>
	expectRefusal(() => widget.detect(image as never), code, ...says);

describe("files", () => {
	let folder: string;
	beforeAll(() => {
		folder = temporaryFolder();
	});
	const file = (name: string, bytes: Uint8Array | string) => {
		writeFileSync(join(folder, name), bytes);
		return join(folder, name);
	};

	test("missing", () =>
		refused(
			join(folder, "missing.png"),
			"ERR_ALFA_IMAGE",
			"missing.png",
			/does not exist/,
		));
	test("a folder", () => refused(folder, "ERR_ALFA_IMAGE", folder, /folder/));
	test("empty", () =>
		refused(file("empty.png", ""), "ERR_ALFA_IMAGE", "empty.png", /empty/));
	test("no image", () =>
		refused(
			file("notes.png", "just some words"),
			"ERR_ALFA_IMAGE",
			"notes.png",
			/not an image/,
			/PNG/,
		));
	test("a path with a NUL", () => refused("pic\0ture.png", "ERR_ALFA_IMAGE"));
	test("a path through a file", () =>
		refused(
			join(file("plain", "x"), "picture.png"),
			"ERR_ALFA_IMAGE",
			"picture.png",
		));
	test("a folder named like a picture", async () => {
		mkdirSync(join(folder, "folder.png"));
		await refused(
			join(folder, "folder.png"),
			"ERR_ALFA_IMAGE",
			"folder.png",
			/folder/,
		);
	});
	test("a PNG cut short", async () =>
		refused(
			file("short.png", (await png()).subarray(0, 3000)),
			"ERR_ALFA_IMAGE",
			"short.png",
			/cut short/,
		));
	test("a JPEG cut short", async () =>
		refused(
			file("short.jpg", (await jpeg()).subarray(0, 1500)),
			"ERR_ALFA_IMAGE",
			"short.jpg",
			/cut short/,
		));
});

describe("bytes", () => {
	test("none", () => refused(new Uint8Array(0), "ERR_ALFA_IMAGE", /empty/));
	test("random", () =>
		refused(scene(20, 20, 8), "ERR_ALFA_IMAGE", /not an image/));
	test("a PNG cut at every length", async () => {
		const whole = await png();
		for (
			let length = 1;
			length < whole.length;
			length = Math.ceil(length * 1.4)
		)
			await refused(whole.subarray(0, length), "ERR_ALFA_IMAGE", /encoded image/);
	});
	test("a JPEG cut at every length", async () => {
		const whole = await jpeg();
		for (
			let length = 1;
			length < whole.length - 2;
			length = Math.ceil(length * 1.4)
		)
			await refused(whole.subarray(0, length), "ERR_ALFA_IMAGE", /encoded image/);
	});
	test("a PNG with a flipped bit", async () => {
		const whole = Buffer.from(await png());
		whole[whole.length >> 1]! ^= 16;
		await refused(whole, "ERR_ALFA_IMAGE");
	});
	test("an SVG that asks for a file of this machine is no way to read it", async () => {
		const svg = Buffer.from(
			'<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="48" height="48"><image xlink:href="file:///etc/hostname" width="48" height="48"/></svg>',
		);
		await widget
			.detect(svg)
			.catch((error) => expect(error.code).toBe("ERR_ALFA_IMAGE"));
	});
	test("detached", async () => {
		const bytes = Uint8Array.from(await png());
		structuredClone(bytes.buffer, { transfer: [bytes.buffer] });
		await refused(bytes, "ERR_ALFA_IMAGE", /empty/);
	});
});

describe("sizes", () => {
	test("1 x 1, raw", () =>
		refused(
			{ data: new Uint8Array(3), width: 1, height: 1, channels: 3 },
			"ERR_ALFA_IMAGE_SIZE",
			"1 x 1",
			"at least 8",
		));
	test("1 x 1, PNG", async () =>
		refused(claimedPng(1, 1, 1), "ERR_ALFA_IMAGE_SIZE", "1 x 1", "at least 8"));
	test("thinner than 8", () =>
		refused(
			{
				data: new Uint8Array(700 * 3),
				width: 100,
				height: 7,
				channels: 1 as const,
			},
			"ERR_ALFA_IMAGE_SIZE",
			"100 x 7",
		));
	test("8 x 8 is enough", async () =>
		expect(
			(
				await widget.detect({
					data: new Uint8Array(64),
					width: 8,
					height: 8,
					channels: 1,
				})
			).score,
		).toBeGreaterThanOrEqual(0));
	test("20,000 x 20,000 is refused by its header", async () =>
		refused(
			claimedPng(20_000, 20_000, 2),
			"ERR_ALFA_IMAGE_SIZE",
			"20000 x 20000",
			"2^28",
			/reduce/,
		));
	test("the largest size that PNG can claim", async () =>
		refused(claimedPng(0x7fffffff, 0x7fffffff, 1), "ERR_ALFA_IMAGE_SIZE").catch(
			() => refused(claimedPng(0x7fffffff, 0x7fffffff, 1), "ERR_ALFA_IMAGE"),
		));
	test("a large size without its data", async () =>
		refused(claimedPng(4000, 4000, 2), "ERR_ALFA_IMAGE", /cut short/));
	test("raw, claimed", () =>
		refused(
			{ data: new Uint8Array(300), width: 20_000, height: 20_000, channels: 3 },
			"ERR_ALFA_IMAGE_SIZE",
			"20000 x 20000",
		));
	test("a strip of 2000 x 8", async () =>
		expect(
			(
				await widget.detect({
					data: new Uint8Array(16000),
					width: 2000,
					height: 8,
					channels: 1,
				})
			).map,
		).toHaveLength(48 * 48));
});

describe("raw pixels", () => {
	const raw = (change: object) => ({
		data: new Uint8Array(300),
		width: 10,
		height: 10,
		channels: 3,
		...change,
	});

	test.each([2, 0, 5, 3.5, -1, NaN])("%s channels", (channels) =>
		refused(raw({ channels }), "ERR_ALFA_RANGE", /channels/),
	);
	test.each([299, 301, 0])("%s bytes instead of 300", (length) =>
		refused(
			raw({ data: new Uint8Array(length) }),
			"ERR_ALFA_RANGE",
			"300",
			`${length}`,
			"10 x 10 x 3",
		),
	);
	test.each([0, -10, 10.5, NaN, Infinity])("a width of %s", (width) =>
		refused(raw({ width }), "ERR_ALFA_RANGE", /width/),
	);
	test.each(["10", null, undefined, 10n])(
		"a height of another type: %s",
		(height) => refused(raw({ height }), "ERR_ALFA_ARGUMENT", /height/),
	);
	test("floats, arrays, ArrayBuffers", async () => {
		for (const data of [
			new Float32Array(300),
			Array(300).fill(0),
			new ArrayBuffer(300),
			"x".repeat(300),
			undefined,
		])
			await refused(raw({ data }), "ERR_ALFA_ARGUMENT", /data/, "Uint8Array");
	});
	test("detached", async () => {
		const image = raw({});
		structuredClone(image.data.buffer, { transfer: [image.data.buffer] });
		await refused(image, "ERR_ALFA_RANGE", "300");
	});
	test("missing data is named", () =>
		refused(
			{ width: 10, height: 10, channels: 3 },
			"ERR_ALFA_ARGUMENT",
			/data/,
		));
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
])("no image at all: %s", (image) =>
	refused(image, "ERR_ALFA_ARGUMENT", "image", /path/),
);

test.each([
	"http://example.com/a.png",
	"https://example.com/a.png",
	"data:image/png;base64,AAAA",
])("%s is not fetched", (url) =>
	refused(url, "ERR_ALFA_IMAGE", /URL/, /fetch/),
);
test("a URL object of another protocol", () =>
	refused(new URL("https://example.com/a.png"), "ERR_ALFA_IMAGE", /URL/));
test.each(["file://elsewhere/a.png", "file:///a%2Fb.png"])(
	"a file URL that names no file here: %s",
	(url) => refused(url, "ERR_ALFA_IMAGE", url),
);
