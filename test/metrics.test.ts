// The metrics are scikit-learn's numbers, and PRO its definition's; they depend on nothing but the order of the scores.
import { describe, expect, test } from "vitest";
import { metrics, type PixelMetrics } from "../dist/index.js";
import { numbers, readJson, type StoredArray } from "./support/expected.js";
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
const mapsOf = (name: string) => numbers(stored.maps[name]!) as Float32Array;
const masksOf = (name: string) => numbers(stored.masks[name]!) as Uint8Array;
const images = <T extends Float32Array | Uint8Array>(flat: T) =>
	Array.from(
		{ length: flat.length / (width * height) },
		(_, i) => flat.subarray(i * width * height, (i + 1) * width * height) as T,
	);

function expectFigures(found: MetricValues, wanted: MetricValues): void {
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
		expectFigures(metrics.pixel(maps, masks, { width, height }), wanted));
	test.each(Object.entries(wanted.pro))("PRO to %s", (limit, value) => {
		expect(
			metrics.pro(maps, masks, { width, height, maxFpr: Number(limit) }),
		).toBeCloseTo(value, 13);
	});
	test.runIf(wanted.pro200 !== undefined)("PRO in 200 steps", () => {
		expect(
			metrics.pro(maps, masks, { width, height, thresholds: 200 }),
		).toBeCloseTo(wanted.pro200!, 13);
	});
	test("the same one by one, as lists and later", async () => {
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
	"images",
	async (wanted) => {
		const labels = numbers(wanted.labels) as Uint8Array,
			scores = numbers(wanted.scores) as Float64Array;
		const all = metrics.image(labels, scores);
		expectFigures(all, wanted);
		const { auroc, averagePrecision, aupr, f1, threshold } = all;
		expect([
			metrics.auroc(labels, scores),
			metrics.averagePrecision(labels, scores),
			metrics.aupr(labels, scores),
			metrics.f1Max(labels, scores),
		]).toEqual([auroc, averagePrecision, aupr, { f1, threshold }]);
		const { async: later } = metrics;
		expect(
			await Promise.all([
				later.auroc(labels, scores),
				later.averagePrecision(labels, scores),
				later.aupr(labels, scores),
				later.f1Max(labels, scores),
				later.image(labels, scores),
			]),
		).toEqual([auroc, averagePrecision, aupr, { f1, threshold }, all]);
	},
);

describe("the order of the scores is all that counts", () => {
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
	const but = (found: PixelMetrics, given: Partial<PixelMetrics>) =>
		expect(found).toEqual({ ...all, ...given });

	test("a rising function of them", () => {
		for (const f of [
			(v: number) => v * 1024 - 7,
			(v: number) => 2 ** (20 * v - 30),
		]) {
			const found = metrics.pixel(maps.map(f), masks, large);
			but(found, { threshold: Math.fround(f(all.threshold)) });
		}
	});
	test("the 200 steps are another matter", () => {
		const plain = metrics.pro(maps, masks, { ...large, thresholds: 200 });
		const bent = metrics.pro(
			maps.map((v) => 2 ** (20 * v - 30)),
			masks,
			{ ...large, thresholds: 200 },
		);
		expect(plain).toBeCloseTo(all.pro, 1);
		expect(Math.abs(bent - plain)).toBeGreaterThan(0.1);
	});
	test("the order of the images, and of pixels where PRO is not asked", () => {
		const order = [5, 11, 0, 3, 9, 1, 2, 10, 4, 8, 6, 7];
		const split = <T extends Float32Array | Uint8Array>(flat: T) =>
			order.map((i) => flat.slice(i * size, (i + 1) * size) as T);
		const found = metrics.pixel(split(maps), split(masks), large);
		but(found, { pro: found.pro });
		expect(found.pro).toBeCloseTo(all.pro, 13);
		expect(
			metrics.image(masks.toReversed(), maps.toReversed()).averagePrecision,
		).toBe(all.averagePrecision);
	});
	test("the number of threads", () => {
		for (const threads of [1, 2, 3, 16])
			expect(metrics.pixel(maps, masks, { ...large, threads })).toEqual(all);
	});
	test("what a mask says beyond zero or not", () => {
		expect(
			metrics.pixel(
				maps,
				masks.map((mask, i) => mask && 1 + (i % 255)),
				large,
			),
		).toEqual(all);
	});
	test("pixels are ranked like anything else", () => {
		const { pro, ...rest } = all;
		expect(metrics.image(masks, maps)).toEqual(rest);
		expect(metrics.image(masks, Float64Array.from(maps))).toEqual(rest);
	});

	test("curves are thin, run from end to end, and hold the area", () => {
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

describe("what published code gets wrong", () => {
	test("a constant detector: AP is the share of anomalous, the trapezoid flatters it", () => {
		const labels = Uint8Array.from({ length: 100 }, (_, i) => Number(i < 5));
		const found = metrics.image(labels, new Float32Array(100).fill(0.5));
		expect(found).toMatchObject({
			auroc: 0.5,
			averagePrecision: 0.05,
			threshold: 0.5,
		});
		expect(found.aupr).toBeCloseTo(0.525, 13);
	});
	test("pixels past 2^24 count", () => {
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
