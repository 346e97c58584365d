// What the metrics refuse, by name; and that nothing crashes, or waits, on the way.
import { describe, expect, test } from "vitest";
import { loadAddon } from "../dist/native/addon.js";
import { metrics, type PixelOptions } from "../dist/index.js";
import { script } from "./support/child.js";
import { builtPackage } from "./support/paths.js";
import { expectRefusal } from "./support/refusal.js";

const size = { width: 4, height: 2 };
const maps = Float32Array.from({ length: 16 }, (_, i) => i / 16);
const masks = Uint8Array.of(0, 1, 0, 0, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
const with_ = (at: number, value: number) =>
	maps.map((each, i) => (i === at ? value : each));

describe.each(["now", "later"] as const)("%s", (when) => {
	const { pixel, pro, image, f1Max, aupr, averagePrecision } =
		when === "now" ? metrics : metrics.async;

	test("scores that are not finite", async () => {
		for (const bad of [NaN, Infinity, -Infinity]) {
			await expectRefusal(
				() => pixel(with_(13, bad), masks, size),
				"ERR_ALFA_RANGE",
				"map 1",
				"pixel 5",
			);
			await expectRefusal(
				() => pro(with_(1, bad), masks, size),
				"ERR_ALFA_RANGE",
				"map 0",
				"pixel 1",
			);
			for (const measure of [image, f1Max, aupr, averagePrecision])
				await expectRefusal(
					() => measure(masks, with_(3, bad)),
					"ERR_ALFA_RANGE",
					"finite",
					"at 3",
				);
		}
	});
	test("one class only", async () => {
		await expectRefusal(
			() => pixel(maps, new Uint8Array(16), size),
			"ERR_ALFA_RANGE",
			"16 normal and 0 anomalous in 2 images",
		);
		await expectRefusal(
			() => pixel(maps, new Uint8Array(16).fill(1), size),
			"ERR_ALFA_RANGE",
			"0 normal and 16 anomalous",
		);
		await expectRefusal(
			() => pixel([], [], size),
			"ERR_ALFA_RANGE",
			"0 images",
		);
		await expectRefusal(
			() => image(new Uint8Array(16), maps),
			"ERR_ALFA_RANGE",
			"16 normal and 0 anomalous",
		);
	});
	test("200 steps of a constant map", async () => {
		await expectRefusal(
			() => pro(new Float32Array(16), masks, { ...size, thresholds: 200 }),
			"ERR_ALFA_RANGE",
			"200 steps",
		);
	});
	test("maps and masks of the wrong kind or size", async () => {
		await expectRefusal(
			() => pixel([1, 2] as never, masks, size),
			"ERR_ALFA_ARGUMENT",
			"maps[0]",
		);
		await expectRefusal(
			() => pixel(Float64Array.from(maps) as never, masks, size),
			"ERR_ALFA_ARGUMENT",
			"Float32Array",
			"maps",
		);
		await expectRefusal(
			() => pixel(maps, new Float32Array(16) as never, size),
			"ERR_ALFA_ARGUMENT",
			"masks",
		);
		await expectRefusal(
			() => pixel(maps, masks.subarray(8), size),
			"ERR_ALFA_RANGE",
			/1 masks and 2 maps/,
		);
		await expectRefusal(
			() => pixel(maps.subarray(1), masks, size),
			"ERR_ALFA_RANGE",
			"multiple of 8",
		);
		await expectRefusal(
			() => pixel([maps.subarray(8), maps.subarray(9)], masks, size),
			"ERR_ALFA_RANGE",
			"maps[1]",
			"7",
		);
		await expectRefusal(
			() => image(masks, maps.subarray(1)),
			"ERR_ALFA_RANGE",
			/15 scores and 16 labels/,
		);
	});
	test("options", async () => {
		for (const [options, says] of [
			[undefined, /options/],
			[{ width: 4 }, /height/],
			[{ ...size, maxFPR: 1 }, /maxFPR.*maxFpr/],
			[{ ...size, thresholds: [] }, /thresholds/],
			[{ ...size, curves: 1 }, /curves/],
		] as const)
			await expectRefusal(
				() => pixel(maps, masks, options as never),
				"ERR_ALFA_ARGUMENT",
				says,
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
			await expectRefusal(
				() => pixel(maps, masks, { ...size, ...wrong } as PixelOptions),
				"ERR_ALFA_RANGE",
				Object.keys(wrong)[0]!,
			);
		}
		await expectRefusal(
			() => image(masks, maps, { curve: true } as never),
			"ERR_ALFA_ARGUMENT",
			"curves",
		);
	});
	test("arrays that were transferred away", async () => {
		const gone = maps.slice(),
			none = masks.slice();
		structuredClone(gone, { transfer: [gone.buffer, none.buffer] });
		for (const call of [
			() => pixel(gone, masks, size),
			() => pixel([gone, gone], masks, size),
			() => pixel(gone, none, size),
			() => image(none, gone),
		]) {
			await expectRefusal(call, "ERR_ALFA_RANGE");
		}
	});
});

test("views with an offset are read where they lie, and nothing is written", () => {
	const buffer = new Float32Array(40).fill(NaN);
	buffer.set(maps, 11);
	const before = buffer.slice(),
		view = buffer.subarray(11, 27);
	expect(metrics.pixel(view, masks, size)).toEqual(
		metrics.pixel(maps, masks, size),
	);
	expect(buffer).toEqual(before);
});

test("arrays that are transferred away while they are read", async () => {
	const many = { width: 512, height: 512 };
	const list = Array.from({ length: 8 }, () =>
			new Float32Array(512 * 512).fill(0.5),
		),
		marks = list.map(() => new Uint8Array(512 * 512).fill(1, 0, 100));
	const promise = metrics.async.pixel(list, marks, many);
	structuredClone(list[7], { transfer: [list[7]!.buffer] });
	await expectRefusal(() => promise, "ERR_ALFA_RANGE", "maps[7]");
	const flat = new Float32Array(8 * 512 * 512);
	const whole = metrics.async.pixel(flat, marks, many);
	structuredClone(flat, { transfer: [flat.buffer] });
	await expectRefusal(() => whole, "ERR_ALFA_RANGE", "transferred");
});

test("the addon guards its own door", () => {
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

test("the process may end while pixels are measured", async () => {
	const start = `
    const { metrics } = await import(${JSON.stringify(builtPackage)})
    const maps = new Float32Array(16 << 20).map((_, i) => Math.imul(i, 2654435761)), masks = new Uint8Array(16 << 20).fill(1, 0, 1000)
    const promise = metrics.async.pixel(maps, masks, { width: 1024, height: 1024 })
    await new Promise((resolve) => setTimeout(resolve, 100))
  `;
	expect(await script(`${start} process.exit(0)`)).toMatchObject({
		code: 0,
		stderr: "",
		late: false,
	});
	expect(
		await script(`${start} console.log((await promise).auroc > 0)`),
	).toMatchObject({ code: 0, stdout: "true\n", stderr: "", late: false });
});
