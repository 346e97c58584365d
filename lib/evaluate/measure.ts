// A category's figures from its journal: image scores against labels, maps against masks, one look at a time.
import { loadAddon, type NativeMetrics } from "../native/addon.js";
import { fromNative } from "../errors.js";
import { metrics, type Curve } from "../metrics.js";
import type { CategoryData, Problem, TestImage } from "../datasets/dataset.js";
import { mapOf } from "./detect-images.js";
import type { Entry, Journal, LookResult } from "./journal.js";
import { readMask } from "../datasets/masks.js";
import { thinned } from "./curves.js";
import {
	metricNames,
	type CurvePoints,
	type MetricName,
	type Readout,
	type VariantResult,
} from "./results.js";

export interface Rules {
	resolution: number | "image";
	maxFpr: number;
	proThresholds: "all" | 200;
}

/** A readable image with all that was found, and the pixels that are truly anomalous. */
export interface Judged {
	readonly image: TestImage;
	readonly entry: Entry;
	/** Where map and mask meet; undefined mask: its pixels do not count. */
	readonly mask?: {
		readonly width: number;
		readonly height: number;
		readonly pixels: Uint8Array;
	};
}

export type LookFigures = {
	readonly values: Readonly<Record<MetricName, number | null>>;
	readonly reasons: Partial<Record<MetricName, string>>;
} & Pick<VariantResult, "threshold" | "curves" | "images" | "pixelImages">;

/** The readable images of a category with their masks, and what was wrong with the rest. */
export async function judgedImages(
	dataset: string,
	data: CategoryData,
	journal: Journal,
	rules: Rules,
	fit: "squash" | "crop",
	signal: AbortSignal | undefined,
): Promise<{ judged: Judged[]; problems: Problem[] }> {
	const judged: Judged[] = [];
	const problems: Problem[] = [];
	const blank = new Map<number, Uint8Array>();
	for (const image of data.test) {
		signal?.throwIfAborted();
		const entry = await journal.get({
			dataset,
			category: data.name,
			image: image.id,
		});
		if (!entry) continue;
		if (entry.error !== undefined || !entry.size) {
			problems.push({
				kind: "unreadable-image",
				category: data.name,
				where: image.id,
				message: entry.error ?? "no pixels",
			});
			continue;
		}
		const size = { width: entry.size[0], height: entry.size[1] };
		const target = targetOf(size, rules.resolution, fit);
		if (!image.anomalous) {
			const count = target.width * target.height;
			if (!blank.has(count)) blank.set(count, new Uint8Array(count));
			judged.push({
				image,
				entry,
				mask: { ...target, pixels: blank.get(count)! },
			});
		} else if (image.mask === undefined) judged.push({ image, entry });
		else {
			const name = image.mask.slice(image.file.length - image.id.length); // below the root, as ids are: a report does not say where the data lay
			const { mask, problem } = await readMask(
				image.mask,
				size,
				target,
				fit,
				name,
			);
			if (problem)
				problems.push({ ...problem, category: data.name, where: image.id });
			judged.push({
				image,
				entry,
				...(mask && { mask: { ...target, pixels: mask } }),
			});
		}
	}
	return { judged, problems };
}

function targetOf(
	{ width, height }: { width: number; height: number },
	resolution: number | "image",
	fit: "squash" | "crop",
) {
	if (resolution !== "image") return { width: resolution, height: resolution };
	const side = Math.min(width, height);
	return fit === "crop" ? { width: side, height: side } : { width, height };
}

/** All figures of one look; `spent` images were its references and do not count. */
export async function measure(
	judged: readonly Judged[],
	look: string,
	spent: ReadonlySet<string>,
	readout: Readout,
	alignCorners: boolean,
	rules: Rules,
): Promise<LookFigures> {
	const seen = judged.flatMap((each) => {
		const result = each.entry.looks?.[look];
		return result && !spent.has(each.image.id) ? [{ ...each, result }] : [];
	});
	const values = Object.fromEntries(
		metricNames.map((name) => [name, null]),
	) as Record<MetricName, number | null>;
	const reasons: Partial<Record<MetricName, string>> = {};
	const missing = (names: MetricName[], reason: string) => {
		for (const name of names) reasons[name] = reason;
	};
	let threshold: number | null = null;
	const curves: {
		-readonly [K in keyof VariantResult["curves"]]: CurvePoints;
	} = {};

	const labels = Uint8Array.from(seen, ({ image }) => Number(image.anomalous));
	const scores = Float64Array.from(seen, ({ result }) => read(result, readout));
	const noImages = onlyOne(labels, "image");
	if (noImages)
		missing(["imageAuroc", "imageAp", "imageAupr", "imageF1"], noImages);
	else {
		const found = await metrics.async.image(labels, scores, { curves: true });
		Object.assign(values, {
			imageAuroc: found.auroc,
			imageAp: found.averagePrecision,
			imageAupr: found.aupr,
			imageF1: found.f1,
		});
		threshold = found.threshold;
		Object.assign(curves, {
			roc: points(found.curves!.roc),
			pr: points(found.curves!.pr),
		});
	}

	const mapped =
		readout === "score" || readout === "local"
			? seen.filter(({ mask, result }) => mask && result.map)
			: [];
	const noPixels = whyNoPixels(seen, mapped, readout);
	if (noPixels) missing(["pixelAuroc", "pixelAp", "pixelF1", "pro"], noPixels);
	else {
		const found = await pixels(mapped as Mapped[], alignCorners, rules);
		Object.assign(values, {
			pixelAuroc: found.auroc,
			pixelAp: found.averagePrecision,
			pixelF1: found.f1,
			pro: found.pro,
		});
		Object.assign(curves, {
			pixelRoc: points(found.roc),
			pixelPr: points(found.pr),
			pro: points(found.proCurve),
		});
	}
	return {
		values,
		reasons,
		threshold,
		curves,
		images: seen.length,
		pixelImages: noPixels ? 0 : mapped.length,
	};
}

function read(
	{ score, global, local, normal }: LookResult,
	readout: Readout,
): number {
	const value =
		readout === "score"
			? score
			: readout === "global"
				? global
				: readout === "local"
					? local
					: normal === undefined
						? undefined
						: (1 - normal) / 2;
	return value ?? NaN;
}

function onlyOne(labels: Uint8Array, what: string): string | undefined {
	if (labels.length === 0) return "no readable test images";
	if (!labels.includes(1)) return `no defective ${what}s`;
	return labels.includes(0) ? undefined : `no good ${what}s`;
}

function whyNoPixels(
	seen: readonly (Judged & { result: LookResult })[],
	mapped: typeof seen,
	readout: Readout,
): string | undefined {
	if (readout === "global" || readout === "one-class")
		return "a score of the whole image has no map";
	if (seen.length === 0) return "no readable test images";
	if (!seen.some(({ result }) => result.map)) return "no map";
	if (!mapped.some(({ image }) => image.anomalous))
		return seen.some(({ image }) => image.anomalous)
			? "no usable masks"
			: "no defective images";
	if (!mapped.some(({ mask }) => mask!.pixels.includes(1)))
		return "no anomalous pixels at this resolution";
	return mapped.some(({ mask }) => mask!.pixels.includes(0))
		? undefined
		: "no normal pixels";
}

interface Mapped {
	mask: NonNullable<Judged["mask"]>;
	result: LookResult & { map: NonNullable<LookResult["map"]> };
}

async function pixels(
	mapped: readonly Mapped[],
	alignCorners: boolean,
	{ maxFpr, proThresholds }: Rules,
): Promise<NativeMetrics> {
	const addon = loadAddon();
	try {
		const scores = addon.createPixelScores(
			mapped.reduce((sum, { mask }) => sum + mask.pixels.length, 0),
		);
		try {
			for (const {
				mask: { width, height, pixels },
				result: { map },
			} of mapped) {
				await addon.addMap(scores, mapOf(map), pixels, {
					mapWidth: map.width,
					mapHeight: map.height,
					width,
					height,
					alignCorners,
				});
			}
			return await addon.pixelMetrics(
				scores,
				{
					maxFpr,
					steps: proThresholds === 200 ? 200 : 0,
					threads: 0,
					curves: true,
				},
				true,
			);
		} finally {
			await addon.freePixelScores(scores, true);
		}
	} catch (error) {
		throw fromNative(error);
	}
}

const points = ({ x, y }: Curve): CurvePoints => thinned(x, y);
