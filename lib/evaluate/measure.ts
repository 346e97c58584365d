// Computes the metrics of one configuration in one category.
import { fromNative } from "../errors.js";
import { type Curve, metrics } from "../metrics.js";
import { loadAddon, type NativeMetrics } from "../native/addon.js";
import {
	type CurvePoints,
	type MetricName,
	metricNames,
	type ScoreSource,
	type VariantResult,
} from "../report/evaluation/results.js";
import type { LabelledImage, Mask } from "./labelled-images.js";
import { simplifyCurve } from "./simplify-curve.js";
import {
	decodeMap,
	type StoredDetection,
	type StoredMap,
} from "./stored-detection.js";

export interface MetricOptions {
	resolution: number | "image";
	maxFpr: number;
	proThresholds: "all" | 200;
}

/** The metrics of one seed. */
export interface SeedMetrics
	extends Pick<
		VariantResult,
		"threshold" | "curves" | "images" | "pixelImages"
	> {
	readonly values: Readonly<Record<MetricName, number | null>>;
	/** Why a value is null. */
	readonly reasons: Partial<Record<MetricName, string>>;
}

type ScoredImage = LabelledImage & { readonly detection: StoredDetection };
type MappedImage = { readonly mask: Mask; readonly map: StoredMap };
type Curves = { -readonly [K in keyof VariantResult["curves"]]: CurvePoints };

const imageMetricNames: readonly MetricName[] = [
	"imageAuroc",
	"imageAp",
	"imageAupr",
	"imageF1",
];
const pixelMetricNames: readonly MetricName[] = [
	"pixelAuroc",
	"pixelAp",
	"pixelF1",
	"pro",
];

/** Images with an id in `excluded` were used as references and do not count. */
export async function measure(
	images: readonly LabelledImage[],
	configuration: string,
	excluded: ReadonlySet<string>,
	source: ScoreSource,
	alignCorners: boolean,
	options: MetricOptions,
): Promise<SeedMetrics> {
	const scored = images.flatMap((image): ScoredImage[] => {
		const detection = image.entry.looks?.[configuration];
		return detection && !excluded.has(image.image.id)
			? [{ ...image, detection }]
			: [];
	});
	const imagePart = await measureImages(scored, source);
	const pixelPart = await measurePixels(scored, source, alignCorners, options);
	const noValues = Object.fromEntries(
		metricNames.map((name) => [name, null]),
	) as Record<MetricName, null>;
	return {
		values: { ...noValues, ...imagePart.values, ...pixelPart.values },
		reasons: { ...imagePart.reasons, ...pixelPart.reasons },
		threshold: imagePart.threshold,
		curves: { ...imagePart.curves, ...pixelPart.curves },
		images: scored.length,
		pixelImages: pixelPart.count,
	};
}

interface Part {
	values: Partial<Record<MetricName, number>>;
	reasons: Partial<Record<MetricName, string>>;
	curves: Curves;
}

function notMeasured(names: readonly MetricName[], reason: string): Part {
	return {
		values: {},
		reasons: Object.fromEntries(names.map((name) => [name, reason])),
		curves: {},
	};
}

async function measureImages(
	scored: readonly ScoredImage[],
	source: ScoreSource,
): Promise<Part & { threshold: number | null }> {
	const labels = Uint8Array.from(scored, ({ image }) =>
		Number(image.anomalous),
	);
	const reason = whyNoImageMetrics(labels);
	if (reason)
		return { ...notMeasured(imageMetricNames, reason), threshold: null };
	const scores = Float64Array.from(scored, ({ detection }) =>
		scoreOf(detection, source),
	);
	const result = await metrics.async.image(labels, scores, { curves: true });
	return {
		values: {
			imageAuroc: result.auroc,
			imageAp: result.averagePrecision,
			imageAupr: result.aupr,
			imageF1: result.f1,
		},
		reasons: {},
		curves: {
			roc: toPoints(result.curves!.roc),
			pr: toPoints(result.curves!.pr),
		},
		threshold: result.threshold,
	};
}

function scoreOf(
	{ score, global, local, normal }: StoredDetection,
	source: ScoreSource,
): number {
	switch (source) {
		case "score":
			return score;
		case "global":
			return global ?? NaN;
		case "local":
			return local ?? NaN;
		case "one-class":
			return normal === undefined ? NaN : (1 - normal) / 2;
	}
}

function whyNoImageMetrics(labels: Uint8Array): string | undefined {
	if (labels.length === 0) return "no readable test images";
	if (!labels.includes(1)) return "no defective images";
	return labels.includes(0) ? undefined : "no good images";
}

async function measurePixels(
	scored: readonly ScoredImage[],
	source: ScoreSource,
	alignCorners: boolean,
	options: MetricOptions,
): Promise<Part & { count: number }> {
	const mapped = scored.flatMap(
		({ mask, detection: { map } }): MappedImage[] =>
			mask && map ? [{ mask, map }] : [],
	);
	const reason = whyNoPixelMetrics(scored, mapped, source);
	if (reason) return { ...notMeasured(pixelMetricNames, reason), count: 0 };
	const result = await pixelMetrics(mapped, alignCorners, options);
	return {
		values: {
			pixelAuroc: result.auroc,
			pixelAp: result.averagePrecision,
			pixelF1: result.f1,
			pro: result.pro,
		},
		reasons: {},
		curves: {
			pixelRoc: toPoints(result.roc),
			pixelPr: toPoints(result.pr),
			pro: toPoints(result.proCurve),
		},
		count: mapped.length,
	};
}

function whyNoPixelMetrics(
	scored: readonly ScoredImage[],
	mapped: readonly MappedImage[],
	source: ScoreSource,
): string | undefined {
	if (source === "global" || source === "one-class")
		return "this image score has no map";
	if (scored.length === 0) return "no readable test images";
	if (!scored.some(({ detection }) => detection.map)) return "no map";
	const defective = scored.filter(({ image }) => image.anomalous);
	if (!defective.some(({ mask, detection }) => mask && detection.map)) {
		return defective.length > 0 ? "no usable masks" : "no defective images";
	}
	if (!mapped.some(({ mask }) => mask.pixels.includes(1)))
		return "no anomalous pixels at this resolution";
	return mapped.some(({ mask }) => mask.pixels.includes(0))
		? undefined
		: "no normal pixels";
}

async function pixelMetrics(
	mapped: readonly MappedImage[],
	alignCorners: boolean,
	{ maxFpr, proThresholds }: MetricOptions,
): Promise<NativeMetrics> {
	const addon = loadAddon();
	try {
		const pixelCount = mapped.reduce(
			(sum, { mask }) => sum + mask.pixels.length,
			0,
		);
		const scores = addon.createPixelScores(pixelCount);
		try {
			for (const { mask, map } of mapped) {
				await addon.addMap(scores, decodeMap(map), mask.pixels, {
					mapWidth: map.width,
					mapHeight: map.height,
					width: mask.width,
					height: mask.height,
					alignCorners,
				});
			}
			const steps = proThresholds === 200 ? 200 : 0;
			return await addon.pixelMetrics(
				scores,
				{ maxFpr, steps, threads: 0, curves: true },
				true,
			);
		} finally {
			await addon.freePixelScores(scores, true);
		}
	} catch (error) {
		throw fromNative(error);
	}
}

function toPoints({ x, y }: Curve): CurvePoints {
	return simplifyCurve(x, y);
}
