// Wrong arguments of the metrics give named errors and never a crash or a hang.
import { describe, expect, test } from "vitest";
import { metrics, type PixelOptions } from "../dist/index.js";
import { loadAddon } from "../dist/native/addon.js";
import { runScript } from "./support/child.js";
import { expectError } from "./support/errors.js";
import { builtPackage } from "./support/paths.js";

const size = { width: 4, height: 2 };
const maps = Float32Array.from({ length: 16 }, (_, i) => i / 16);
const masks = Uint8Array.of(0, 1, 0, 0, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
/** The maps with one other value. */
const mapsWith = (index: number, value: number) =>
	maps.map((each, i) => (i === index ? value : each));

describe.each(["metrics", "metrics.async"] as const)("%s", (name) => {
	const { pixel, pro, image, f1Max, aupr, averagePrecision } =
		name === "metrics" ? metrics : metrics.async;

	test("scores that are not finite", async () => {
		for (const bad of [NaN, Infinity, -Infinity]) {
			await expectError(
				() => pixel(mapsWith(13, bad), masks, size),
				"ERR_ALFA_RANGE",
				"map 1",
				"pixel 5",
			);
			await expectError(
				() => pro(mapsWith(1, bad), masks, size),
				"ERR_ALFA_RANGE",
				"map 0",
				"pixel 1",
			);
			for (const measure of [image, f1Max, aupr, averagePrecision])
				await expectError(
					() => measure(masks, mapsWith(3, bad)),
					"ERR_ALFA_RANGE",
					"finite",
					"index 3",
				);
		}
	});
	test("only normal or only anomalous labels", async () => {
		await expectError(
			() => pixel(maps, new Uint8Array(16), size),
			"ERR_ALFA_RANGE",
			"16 normal and 0 anomalous in 2 images",
		);
		await expectError(
			() => pixel(maps, new Uint8Array(16).fill(1), size),
			"ERR_ALFA_RANGE",
			"0 normal and 16 anomalous",
		);
		await expectError(() => pixel([], [], size), "ERR_ALFA_RANGE", "0 images");
		await expectError(
			() => image(new Uint8Array(16), maps),
			"ERR_ALFA_RANGE",
			"16 normal and 0 anomalous",
		);
	});
	test("a constant map with 200 thresholds", async () => {
		await expectError(
			() => pro(new Float32Array(16), masks, { ...size, thresholds: 200 }),
			"ERR_ALFA_RANGE",
			"200 thresholds",
		);
	});
	test("maps and masks of a wrong type or size", async () => {
		await expectError(
			() => pixel([1, 2] as never, masks, size),
			"ERR_ALFA_ARGUMENT",
			"maps[0]",
		);
		await expectError(
			() => pixel(Float64Array.from(maps) as never, masks, size),
			"ERR_ALFA_ARGUMENT",
			"Float32Array",
			"maps",
		);
		await expectError(
			() => pixel(maps, new Float32Array(16) as never, size),
			"ERR_ALFA_ARGUMENT",
			"masks",
		);
		await expectError(
			() => pixel(maps, masks.subarray(8), size),
			"ERR_ALFA_RANGE",
			/1 masks and 2 maps/,
		);
		await expectError(
			() => pixel(maps.subarray(1), masks, size),
			"ERR_ALFA_RANGE",
			"multiple of 8",
		);
		await expectError(
			() => pixel([maps.subarray(8), maps.subarray(9)], masks, size),
			"ERR_ALFA_RANGE",
			"maps[1]",
			"7",
		);
		await expectError(
			() => image(masks, maps.subarray(1)),
			"ERR_ALFA_RANGE",
			/15 scores and 16 labels/,
		);
	});
	test("options", async () => {
		for (const [options, part] of [
			[undefined, /options/],
			[{ width: 4 }, /height/],
			[{ ...size, maxFPR: 1 }, /maxFPR.*maxFpr/],
			[{ ...size, thresholds: [] }, /thresholds/],
			[{ ...size, curves: 1 }, /curves/],
		] as const)
			await expectError(
				() => pixel(maps, masks, options as never),
				"ERR_ALFA_ARGUMENT",
				part,
			);
		for (const wrong of [
			{ width: 0 },
			{ width: 2.5 },
			{ maxFpr: 0 },
			{ maxFpr: 1.5 },
			{ maxFpr: NaN },
			{ thresholds: 100 },
			{ thresholds: "some" },
			{ threads: -1 },
		]) {
			await expectError(
				() => pixel(maps, masks, { ...size, ...wrong } as PixelOptions),
				"ERR_ALFA_RANGE",
				Object.keys(wrong)[0]!,
			);
		}
		await expectError(
			() => image(masks, maps, { curve: true } as never),
			"ERR_ALFA_ARGUMENT",
			"curves",
		);
	});
	test("transferred arrays", async () => {
		const lostMaps = maps.slice();
		const lostMasks = masks.slice();
		structuredClone(lostMaps, {
			transfer: [lostMaps.buffer, lostMasks.buffer],
		});
		for (const call of [
			() => pixel(lostMaps, masks, size),
			() => pixel([lostMaps, lostMaps], masks, size),
			() => pixel(lostMaps, lostMasks, size),
			() => image(lostMasks, lostMaps),
		]) {
			await expectError(call, "ERR_ALFA_RANGE");
		}
	});
});

test("views into a larger buffer are read at their offset and not written", () => {
	const buffer = new Float32Array(40).fill(NaN);
	buffer.set(maps, 11);
	const before = buffer.slice(),
		view = buffer.subarray(11, 27);
	expect(metrics.pixel(view, masks, size)).toEqual(
		metrics.pixel(maps, masks, size),
	);
	expect(buffer).toEqual(before);
});

test("arrays that are transferred while they are read", async () => {
	const many = { width: 512, height: 512 };
	const list = Array.from({ length: 8 }, () =>
			new Float32Array(512 * 512).fill(0.5),
		),
		maskList = list.map(() => new Uint8Array(512 * 512).fill(1, 0, 100));
	const promise = metrics.async.pixel(list, maskList, many);
	structuredClone(list[7], { transfer: [list[7]!.buffer] });
	await expectError(() => promise, "ERR_ALFA_RANGE", "maps[7]");
	const flat = new Float32Array(8 * 512 * 512);
	const flatPromise = metrics.async.pixel(flat, maskList, many);
	structuredClone(flat, { transfer: [flat.buffer] });
	await expectError(() => flatPromise, "ERR_ALFA_RANGE", "transferred");
});

test("the addon checks its arguments itself", () => {
	const addon = loadAddon(),
		scores = addon.createPixelScores(16);
	expect(() => addon.addPixels(scores, maps, masks, 5)).toThrow(/rows/);
	expect(() => addon.addPixels(scores, maps, masks.subarray(1), 4)).toThrow(
		/size/,
	);
	expect(() => addon.addPixels({} as never, maps, masks, 4)).toThrow(/handle/);
	addon.addPixels(scores, maps, masks, 4);
	expect(() => addon.addPixels(scores, maps, masks, 4)).toThrow(/16 pixels/);
	const options = { maxFpr: 0.3, steps: 0, threads: 0, curves: false };
	expect(addon.pixelMetrics(scores, options)).toEqual(
		addon.pixelMetrics(scores, options),
	);
	expect(() => addon.pixelMetrics(scores, { ...options, maxFpr: 2 })).toThrow(
		/maxFpr/,
	);
	addon.freePixelScores(scores);
	addon.freePixelScores(scores);
	expect(() => addon.pixelMetrics(scores, options)).toThrow(/freed/);
	expect(() => addon.addPixels(scores, maps, masks, 4)).toThrow(/freed/);
	expect(() => addon.createPixelScores(-1)).toThrow(/pixels/);
});

test("the process may exit while pixel metrics run", async () => {
	const start = `
    const { metrics } = await import(${JSON.stringify(builtPackage)})
    const maps = new Float32Array(16 << 20).map((_, i) => Math.imul(i, 2654435761))
    const masks = new Uint8Array(16 << 20).fill(1, 0, 1000)
    const promise = metrics.async.pixel(maps, masks, { width: 1024, height: 1024 })
    await new Promise((resolve) => setTimeout(resolve, 100))
  `;
	expect(await runScript(`${start} process.exit(0)`)).toMatchObject({
		code: 0,
		stderr: "",
		timedOut: false,
	});
	expect(
		await runScript(`${start} console.log((await promise).auroc > 0)`),
	).toMatchObject({ code: 0, stdout: "true\n", stderr: "", timedOut: false });
});
