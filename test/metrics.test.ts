// The metrics equal scikit-learn's, and PRO equals its definition. They depend only on the order of the scores.
import { describe, expect, test } from "vitest";
import { metrics, type PixelMetrics } from "../dist/index.js";
import { decodeArray, readJson, type StoredArray } from "./support/expected.js";
import { fixture } from "./support/paths.js";

interface MetricValues {
	auroc: number;
	averagePrecision: number;
	aupr: number;
	f1: number;
	threshold: number;
}
interface PixelCase extends MetricValues {
	maps: string;
	masks: string;
	pro: Record<string, number>;
	pro200?: number;
}
interface ImageCase extends MetricValues {
	labels: StoredArray;
	scores: StoredArray;
}
const stored: {
	width: number;
	height: number;
	maps: Record<string, StoredArray>;
	masks: Record<string, StoredArray>;
	pixel: PixelCase[];
	image: ImageCase[];
} = readJson(fixture("metrics.json"));

const { width, height } = stored;
const mapsOf = (name: string) =>
	decodeArray(stored.maps[name]!) as Float32Array;
const masksOf = (name: string) =>
	decodeArray(stored.masks[name]!) as Uint8Array;
const images = <T extends Float32Array | Uint8Array>(flat: T) =>
	Array.from(
		{ length: flat.length / (width * height) },
		(_, i) => flat.subarray(i * width * height, (i + 1) * width * height) as T,
	);

function expectMetrics(found: MetricValues, wanted: MetricValues): void {
	for (const name of [
		"auroc",
		"averagePrecision",
		"aupr",
		"f1",
		"threshold",
	] as const)
		expect(found[name], name).toBeCloseTo(wanted[name], 13);
}

describe.each(
	stored.pixel.map(
		(each) => [`${each.maps} maps, ${each.masks}`, each] as const,
	),
)("%s", (_, wanted) => {
	const maps = mapsOf(wanted.maps),
		masks = masksOf(wanted.masks);
	test("AUROC, AP, AUPR, F1-max", () =>
		expectMetrics(metrics.pixel(maps, masks, { width, height }), wanted));
	test.each(Object.entries(wanted.pro))("PRO to %s", (limit, value) => {
		expect(
			metrics.pro(maps, masks, { width, height, maxFpr: Number(limit) }),
		).toBeCloseTo(value, 13);
	});
	test.runIf(wanted.pro200 !== undefined)("PRO with 200 thresholds", () => {
		expect(
			metrics.pro(maps, masks, { width, height, thresholds: 200 }),
		).toBeCloseTo(wanted.pro200!, 13);
	});
	test("single metrics, arrays per image and async calls give the same values", async () => {
		const all = metrics.pixel(maps, masks, { width, height });
		expect(
			metrics.pixel(images(maps), images(masks), { width, height }),
		).toEqual(all);
		expect(
			metrics.pixel(images(maps), masks, {
				width,
				height,
				maxFpr: undefined,
			} as never),
		).toEqual(all);
		expect(
			await metrics.async.pixel(images(maps), images(masks), { width, height }),
		).toEqual(all);
		expect(await metrics.async.pixel(maps, masks, { width, height })).toEqual(
			all,
		);
		expect(await metrics.async.pro(maps, masks, { width, height })).toBe(
			all.pro,
		);
	});
});

test.each(stored.image.map((each) => [each] as const))(
	"image metrics",
	async (wanted) => {
		const labels = decodeArray(wanted.labels) as Uint8Array,
			scores = decodeArray(wanted.scores) as Float64Array;
		const all = metrics.image(labels, scores);
		expectMetrics(all, wanted);
		const { auroc, averagePrecision, aupr, f1, threshold } = all;
		expect([
			metrics.auroc(labels, scores),
			metrics.averagePrecision(labels, scores),
			metrics.aupr(labels, scores),
			metrics.f1Max(labels, scores),
		]).toEqual([auroc, averagePrecision, aupr, { f1, threshold }]);
		const { async } = metrics;
		expect(
			await Promise.all([
				async.auroc(labels, scores),
				async.averagePrecision(labels, scores),
				async.aupr(labels, scores),
				async.f1Max(labels, scores),
				async.image(labels, scores),
			]),
		).toEqual([auroc, averagePrecision, aupr, { f1, threshold }, all]);
	},
);

describe("only the order of the scores counts", () => {
	const large = { width: 160, height: 120 };
	const size = large.width * large.height;
	const noise = (i: number) => (Math.imul(i + 1, 2654435761) >>> 8) / 2 ** 24;
	const masks = Uint8Array.from({ length: 12 * size }, (_, i) => {
		const image = Math.floor(i / size),
			x = i % large.width,
			y = Math.floor(i / large.width) % large.height;
		return image < 8 && (x - 20 * image) ** 2 + (y - 60) ** 2 < 150 + 30 * image
			? 1
			: 0;
	});
	const maps = Float32Array.from(masks, (mask, i) =>
		Math.fround(
			Math.round((noise(i) + noise(7 * i) + 0.3 * mask) * 4096) / 4096,
		),
	);
	const all = metrics.pixel(maps, masks, large);
	const expectSameExcept = (
		found: PixelMetrics,
		changes: Partial<PixelMetrics>,
	) => expect(found).toEqual({ ...all, ...changes });

	test("an increasing function of the scores changes only the threshold", () => {
		for (const f of [
			(v: number) => v * 1024 - 7,
			(v: number) => 2 ** (20 * v - 30),
		]) {
			const found = metrics.pixel(maps.map(f), masks, large);
			expectSameExcept(found, { threshold: Math.fround(f(all.threshold)) });
		}
	});
	test("PRO with 200 thresholds does change", () => {
		const original = metrics.pro(maps, masks, { ...large, thresholds: 200 });
		const transformed = metrics.pro(
			maps.map((v) => 2 ** (20 * v - 30)),
			masks,
			{ ...large, thresholds: 200 },
		);
		expect(original).toBeCloseTo(all.pro, 1);
		expect(Math.abs(transformed - original)).toBeGreaterThan(0.1);
	});
	test("the order of images and pixels does not matter, except to PRO's regions", () => {
		const order = [5, 11, 0, 3, 9, 1, 2, 10, 4, 8, 6, 7];
		const split = <T extends Float32Array | Uint8Array>(flat: T) =>
			order.map((i) => flat.slice(i * size, (i + 1) * size) as T);
		const found = metrics.pixel(split(maps), split(masks), large);
		expectSameExcept(found, { pro: found.pro });
		expect(found.pro).toBeCloseTo(all.pro, 13);
		expect(
			metrics.image(masks.toReversed(), maps.toReversed()).averagePrecision,
		).toBe(all.averagePrecision);
	});
	test("the number of threads does not matter", () => {
		for (const threads of [1, 2, 3, 16])
			expect(metrics.pixel(maps, masks, { ...large, threads })).toEqual(all);
	});
	test("any value other than 0 in a mask is anomalous", () => {
		expect(
			metrics.pixel(
				maps,
				masks.map((mask, i) => mask && 1 + (i % 255)),
				large,
			),
		).toEqual(all);
	});
	test("image metrics of single pixels equal pixel metrics", () => {
		const { pro, ...rest } = all;
		expect(metrics.image(masks, maps)).toEqual(rest);
		expect(metrics.image(masks, Float64Array.from(maps))).toEqual(rest);
	});

	test("curves have few points, both ends and the right area", () => {
		const { curves, ...rest } = metrics.pixel(maps, masks, {
			...large,
			curves: true,
			maxFpr: 0.2,
		});
		expect(rest).toEqual({ ...all, pro: rest.pro });
		const area = ({ x, y }: { x: Float64Array; y: Float64Array }) =>
			x.reduce(
				(sum, at, i) =>
					i === 0 ? 0 : sum + ((at - x[i - 1]!) * (y[i]! + y[i - 1]!)) / 2,
				0,
			);
		for (const { x, y } of Object.values(curves!)) {
			expect(x.length).toBe(y.length);
			expect(x.length).toBeGreaterThan(100);
			expect(x.length).toBeLessThanOrEqual(1000);
			expect(x).toEqual(x.toSorted());
		}
		const ends = ({ x, y }: { x: Float64Array; y: Float64Array }) => [
			x[0],
			y[0],
			x.at(-1),
			y.at(-1),
		];
		expect(ends(curves!.roc)).toEqual([0, 0, 1, 1]);
		expect(ends(curves!.pr)).toEqual([0, 1, 1, expect.any(Number)]);
		expect(ends(curves!.pro)).toEqual([0, 0, 0.2, expect.any(Number)]);
		expect(area(curves!.roc)).toBeCloseTo(all.auroc, 4);
		expect(area(curves!.pro) / 0.2).toBeCloseTo(rest.pro, 3);
		expect(area(curves!.pr)).toBeCloseTo(all.aupr, 2);
		expect(metrics.image(masks, maps, { curves: true }).curves).toEqual({
			roc: curves!.roc,
			pr: curves!.pr,
		});
	});
});

describe("cases that published code gets wrong", () => {
	test("a constant score: average precision is the fraction of anomalous labels, trapezoids give more", () => {
		const labels = Uint8Array.from({ length: 100 }, (_, i) => Number(i < 5));
		const found = metrics.image(labels, new Float32Array(100).fill(0.5));
		expect(found).toMatchObject({
			auroc: 0.5,
			averagePrecision: 0.05,
			threshold: 0.5,
		});
		expect(found.aupr).toBeCloseTo(0.525, 13);
	});
	test("pixels beyond 2^24 count", () => {
		const wide = { width: 4096, height: 4100 };
		const masks = new Uint8Array(wide.width * wide.height);
		masks[5] = 1;
		const maps = new Float32Array(masks.length);
		maps[5] = -1; // below all others
		const found = metrics.pixel(maps, masks, wide);
		expect(found).toMatchObject({
			auroc: 0,
			averagePrecision: 1 / masks.length,
			pro: 0,
		});
	});
});
