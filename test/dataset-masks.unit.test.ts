// readMask: a pixel is anomalous if it is not zero at the bit depth of the file; masks are resized to the
// size of the map.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import sharp from "sharp";
import { beforeAll, describe, expect, test } from "vitest";
import { readMask, type Size } from "../dist/datasets/masks.js";
import { readDataset } from "../dist/index.js";
import { claimedPng } from "./support/bad-images.js";
import { temporaryFolder } from "./support/folder.js";
import { gammaProfile, png8, tiff8 } from "./support/mask-files.js";
import { sharedData } from "./support/paths.js";

let folder: string;
beforeAll(() => {
	folder = temporaryFolder();
});
let fileCount = 0;
const writeFile = (bytes: Uint8Array, name = `${fileCount++}.png`) => {
	writeFileSync(join(folder, name), bytes);
	return join(folder, name);
};
const square = { width: 8, height: 8 };
const marks = (mask: Uint8Array | undefined) =>
	[...mask!.entries()]
		.filter(([, value]) => value !== 0)
		.map(([at, value]) => {
			expect(value).toBe(1);
			return at;
		});
/** The indices of the marked pixels of an 8 x 8 mask. */
const marked = async (bytes: Uint8Array) => {
	const { mask, problem } = await readMask(
		writeFile(bytes),
		square,
		square,
		"squash",
	);
	expect(problem).toBeUndefined();
	return marks(mask);
};
const linear = { gAMA: [0, 1, 0x86, 0xa0] }; // gamma 1.0
const dark = { gAMA: [0, 0, 0x27, 0x10] }; // 0.1
const grey = (
	width: number,
	height: number,
	is: (x: number, y: number) => boolean,
) =>
	sharp(
		Uint8Array.from({ length: width * height }, (_, i) =>
			is(i % width, Math.floor(i / width)) ? 1 : 0,
		),
		{ raw: { width, height, channels: 1 } },
	)
		.toColourspace("b-w")
		.png()
		.toBuffer();

describe("a pixel that is not zero is anomalous", () => {
	test.each<[string, () => Uint8Array]>([
		["8 bits, class numbers 1 and 2", () => png8(8, "grey", [1, 2])],
		["with a gamma", () => png8(8, "grey", [1, 2], linear)],
		["with another gamma", () => png8(8, "grey", [1, 2], dark)],
		["1 bit", () => png8(1, "grey", [0b1100_0000])],
		["2 bits", () => png8(2, "grey", [0b01_10_00_00])],
		["4 bits", () => png8(4, "grey", [0x1f])],
		["16 bits, 1 and 256", () => png8(16, "grey", [0, 1, 1, 0])],
		["16 bits with a gamma", () => png8(16, "grey", [0, 1, 1, 0], linear)],
		[
			"a palette, dark blue and dark red",
			() => png8(8, "palette", [1, 2], { PLTE: [0, 0, 0, 0, 0, 1, 1, 0, 0] }),
		],
		[
			"a palette of 1 bit, in which black is not marked",
			() => png8(1, "palette", [0b1100_0000], { PLTE: [0, 0, 0, 0, 1, 0] }),
		],
		[
			"a palette with transparency",
			() =>
				png8(8, "palette", [1, 2], {
					PLTE: [0, 0, 0, 0, 0, 1, 1, 0, 0],
					tRNS: [255, 0, 0],
				}),
		],
		["RGB, one channel", () => png8(8, "rgb", [0, 0, 1, 0, 1, 0])],
		[
			"RGB of 16 bits, one channel",
			() => png8(16, "rgb", [0, 0, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0]),
		],
		[
			"RGBA, without regard to alpha",
			() => png8(8, "rgba", [1, 0, 0, 0, 0, 0, 1, 255, 0, 0, 0, 255]),
		],
		["grey and alpha", () => png8(8, "greyAlpha", [1, 0, 1, 255, 0, 255])],
		[
			"grey and alpha of 16 bits",
			() => png8(16, "greyAlpha", [0, 1, 0, 0, 0, 1, 255, 255, 0, 0, 255, 255]),
		],
		[
			"TIFF, 8 bits",
			() => tiff8(Uint8Array.of(1, 255, ...new Uint8Array(62)), 1),
		],
		[
			"TIFF, 16 bits",
			() => tiff8(Uint16Array.of(1, 65535, ...new Uint16Array(62)), 1),
		],
		[
			"TIFF, 32 bits",
			() => tiff8(Uint32Array.of(1, 70000, ...new Uint32Array(62)), 1),
		],
		[
			"TIFF, signed 32 bits",
			() => tiff8(Int32Array.of(1, -1, ...new Int32Array(62)), 2),
		],
		[
			"TIFF, floating point",
			() => tiff8(Float32Array.of(0.001, 1, ...new Float32Array(62)), 3),
		],
	])("%s", async (_, bytes) => expect(await marked(bytes())).toEqual([0, 1]));

	test("a colour profile has no effect", async () => {
		const bytes = png8(8, "rgb", [1, 1, 1, 2, 2, 2], gammaProfile());
		const managed = await sharp(bytes).raw().toBuffer();
		expect(
			[...managed.subarray(0, 3)],
			"the result of colour management",
		).toEqual([0, 0, 0]);
		expect(await marked(bytes)).toEqual([0, 1]);
		expect(
			await marked(
				png8(16, "rgb", [0, 1, 0, 1, 0, 1, 0, 2, 0, 2, 0, 2], gammaProfile()),
			),
		).toEqual([0, 1]);
	});
	test("EXIF orientation is applied", async () => {
		// Orientation 6 is a rotation by 90 degrees clockwise: the left column, read upwards, becomes the top row.
		const stored = await sharp(
			Uint8Array.from({ length: 80 }, (_, i) => (i === 0 ? 9 : 0)),
			{ raw: { width: 10, height: 8, channels: 1 } },
		)
			.withMetadata({ orientation: 6 })
			.tiff({ compression: "none" })
			.toBuffer();
		const shown = { width: 8, height: 10 };
		const { mask, problem } = await readMask(
			writeFile(stored, "turned.tif"),
			shown,
			shown,
			"squash",
		);
		expect(problem).toBeUndefined();
		expect(marks(mask)).toEqual([7]);
	});
});

describe("resizing takes the nearest pixel", () => {
	/** The definition in integers: target pixel i takes source pixel floor((2i + 1) source / (2 target)). */
	const sourceIndex = (i: number, source: number, target: number) =>
		Number(((2n * BigInt(i) + 1n) * BigInt(source)) / (2n * BigInt(target)));
	const speckled = (x: number, y: number) => (x * 7 + y * 13 + x * y) % 5 === 0;

	test.each<[Size, Size]>([
		[
			{ width: 30, height: 20 },
			{ width: 8, height: 8 },
		],
		[
			{ width: 17, height: 31 },
			{ width: 31, height: 17 },
		],
		[
			{ width: 9, height: 9 },
			{ width: 3, height: 27 },
		],
		[
			{ width: 12, height: 8 },
			{ width: 4, height: 4 },
		],
		[
			{ width: 20, height: 20 },
			{ width: 20, height: 20 },
		],
	])("%o to %o", async (from, to) => {
		const name = writeFile(await grey(from.width, from.height, speckled));
		for (const fit of ["squash", "crop"] as const) {
			const side = Math.min(from.width, from.height),
				crop = fit === "crop";
			const left = crop ? Math.floor((from.width - side) / 2) : 0,
				top = crop ? Math.floor((from.height - side) / 2) : 0;
			const wanted = Uint8Array.from({ length: to.width * to.height }, (_, i) =>
				Number(
					speckled(
						left +
							sourceIndex(i % to.width, crop ? side : from.width, to.width),
						top +
							sourceIndex(
								Math.floor(i / to.width),
								crop ? side : from.height,
								to.height,
							),
					),
				),
			);
			expect(await readMask(name, from, to, fit)).toEqual({ mask: wanted });
		}
	});
	test("a mark between the target pixels or outside the square disappears without a problem", async () => {
		const name = writeFile(await grey(16, 8, (x, y) => x === 0 && y === 0));
		expect(
			await readMask(
				name,
				{ width: 16, height: 8 },
				{ width: 4, height: 4 },
				"squash",
			),
		).toEqual({ mask: new Uint8Array(16) });
		expect(
			await readMask(
				name,
				{ width: 16, height: 8 },
				{ width: 8, height: 8 },
				"crop",
			),
		).toEqual({ mask: new Uint8Array(64) });
	});
});

describe("a mask whose size differs from its image", () => {
	test("is resized and reported if the aspect ratio is the same", async () => {
		const name = writeFile(await grey(16, 8, (x) => x < 4));
		const { mask, problem } = await readMask(
			name,
			{ width: 32, height: 16 },
			{ width: 8, height: 4 },
			"squash",
			"dent/0.png",
		);
		expect(problem).toEqual({
			kind: "mask-size",
			message: expect.stringMatching(
				/^dent\/0\.png is 16 x 8 pixels, its image is 32 x 16: .*resized/,
			),
		});
		expect(marks(mask)).toEqual([0, 1, 8, 9, 16, 17, 24, 25]);
		const cropped = await readMask(
			writeFile(await grey(16, 8, (x) => x === 4)),
			{ width: 32, height: 16 },
			{ width: 8, height: 8 },
			"crop",
		);
		expect(cropped.problem?.kind).toBe("mask-size");
		expect(marks(cropped.mask)).toEqual([0, 8, 16, 24, 32, 40, 48, 56]);
	});
	test.each([
		[100, 100, true],
		[101, 100, true],
		[100, 101, true],
		[102, 100, false],
		[100, 102, false],
		[100, 50, false],
	])("%i x %i for 200 x 200: usable is %s", async (width, height, useful) => {
		const { mask, problem } = await readMask(
			writeFile(await grey(width, height, () => true)),
			{ width: 200, height: 200 },
			square,
			"squash",
		);
		expect(problem?.kind).toBe("mask-size");
		expect(mask !== undefined).toBe(useful);
		if (useful) expect(marks(mask)).toHaveLength(64);
		else expect(problem!.message).toMatch(/not used/);
	});
});

describe("a mask that cannot be used", () => {
	const expectProblem = async (
		path: string,
		kind: string,
		...messageParts: (string | RegExp)[]
	) => {
		const { mask, problem } = await readMask(
			path,
			square,
			square,
			"squash",
			"dent/0.png",
		);
		expect([mask, problem?.kind]).toEqual([undefined, kind]);
		for (const part of ["dent/0.png", ...messageParts])
			expect(problem!.message).toMatch(part);
		expect(problem!.message).not.toContain(folder);
	};
	test("is reported if it is empty", async () => {
		await expectProblem(
			writeFile(png8(8, "grey", [])),
			"empty-mask",
			/marks no pixel/,
		);
		await expectProblem(
			writeFile(png8(8, "rgba", [0, 0, 0, 255, 0, 0, 0, 9])),
			"empty-mask",
		);
		await expectProblem(writeFile(png8(16, "rgb", [])), "empty-mask");
	});
	test("is reported if it is missing, a folder, not an image, or truncated", async () => {
		await expectProblem(join(folder, "gone.png"), "unreadable-mask", /ENOENT/);
		mkdirSync(join(folder, "folder.png"));
		await expectProblem(
			join(folder, "folder.png"),
			"unreadable-mask",
			/not a regular file/,
		);
		await expectProblem(
			writeFile(new Uint8Array(0)),
			"unreadable-mask",
			/empty/,
		);
		await expectProblem(
			writeFile(Buffer.from("just some words")),
			"unreadable-mask",
			/not an image/,
		);
		await expectProblem(
			writeFile(
				Buffer.from(
					'<svg xmlns="http://www.w3.org/2000/svg" width="8" height="8"/>',
				),
			),
			"unreadable-mask",
			/svg/,
		);
		const whole = await grey(64, 64, (x, y) => (x * 37 + y * y * 11) % 7 < 2);
		await expectProblem(
			writeFile(whole.subarray(0, whole.length / 2)),
			"unreadable-mask",
			/cut short/,
		);
	});
	test("is reported if it is too large or too small", async () => {
		await expectProblem(
			writeFile(claimedPng(1 << 17, 1 << 17, 1)),
			"unreadable-mask",
			/2\^28/,
		);
		await expectProblem(
			writeFile(await grey(4, 4, () => true)),
			"unreadable-mask",
			/4 x 4/,
		);
	});
	test("is reported if black is not zero in its colour space", async () => {
		await expectProblem(
			writeFile(
				await sharp({ create: { ...square, channels: 3, background: "black" } })
					.toColourspace("cmyk")
					.jpeg()
					.toBuffer(),
			),
			"unreadable-mask",
			/cmyk/,
			/grey or RGB/,
		);
	});
});

test.for(["leather", "hazelnut"])(
	"every mask of %s marks a pixel",
	async (name, { skip }) => {
		const { categories } = await readDataset(sharedData(name, skip));
		for (const { file: image, mask } of categories[0]!.test) {
			if (!mask) continue;
			const size = await sharp(image).metadata();
			const found = await readMask(
				mask,
				size,
				{ width: 256, height: 256 },
				"squash",
			);
			expect(found.problem).toBeUndefined();
			expect(found.mask).toContain(1);
		}
	},
);
