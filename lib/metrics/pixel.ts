// Metrics of anomaly maps against masks, the pixels of a category pooled.
import {
	loadAddon,
	type Addon,
	type NativeMetrics,
	type NativePixelOptions,
	type PixelScoresHandle,
} from "../native/addon.js";
import {
	boolean,
	checkOptions,
	number,
	wrongType,
	wrongValue,
	type Check,
} from "../options/validate.js";
import { fromNative, rangeError } from "../errors.js";
import type { Curve, ImageMetrics, Scores } from "../metrics.js";
import { copyBytes } from "../images/pixels.js";

/** Row-major, all of one size: one array of images * height * width, or one array per image. */
export type Maps = Float32Array | readonly Float32Array[];
/** The same; any nonzero pixel is anomalous, a mask of zeros is a good image. */
export type Masks = Uint8Array | readonly Uint8Array[];

export interface PixelOptions {
	/** Of every map and mask, in pixels. */
	width: number;
	height: number;
	/** The false positive rate at which PRO's area ends, above 0 and at most 1. Default 0.3. */
	maxFpr?: number;
	/**
	 * Of PRO. 'all' (default): every distinct score, exact. 200: what the usual Python ports compute, to compare with
	 * their numbers: thresholds min + i (max - min) / 200 for i = 0 … 199, score > threshold called anomalous, points with
	 * a false positive rate under maxFpr kept and their rates stretched to [0, 1]. Not invariant under monotone transforms.
	 */
	thresholds?: "all" | 200;
	/** Whether to give curves too. Default false. */
	curves?: boolean;
	/** Threads that sort, 0 = all (default). The results do not depend on it. */
	threads?: number;
}

export interface PixelMetrics extends ImageMetrics {
	/**
	 * Per-region overlap: the area under (false positive rate over all normal pixels, mean share of each ground-truth
	 * region that is called anomalous) up to maxFpr, divided by maxFpr. Regions are 8-connected and weigh the same.
	 */
	pro: number;
	/** pro: false positive rate up to maxFpr and mean overlap, over every threshold. */
	curves?: { roc: Curve; pr: Curve; pro: Curve };
}

/**
 * All pixel metrics from one sort. Takes 4 bytes for every normal pixel and 8 for every anomalous one, beside the maps.
 * Throws a RangeError where there is no normal or no anomalous pixel, or a score is not finite.
 */
export function pixel(
	maps: Maps,
	masks: Masks,
	options: PixelOptions,
): PixelMetrics {
	const job = new Job(maps, masks, options);
	try {
		for (let i = 0; i < job.images; i++)
			job.addon.addPixels(job.scores, job.map(i), job.mask(i), options.width);
		return job.result(job.addon.pixelMetrics(job.scores, job.native));
	} catch (error) {
		throw fromNative(error);
	} finally {
		job.addon.freePixelScores(job.scores);
	}
}

export async function pixelAsync(
	maps: Maps,
	masks: Masks,
	options: PixelOptions,
): Promise<PixelMetrics> {
	const job = new Job(maps, masks, options);
	try {
		for (let i = 0; i < job.images; i++) {
			const [map, mask] = await Promise.all([
				copyOf(job.map(i), `map ${i}`),
				copyOf(job.mask(i), `mask ${i}`),
			]);
			await job.addon.addPixels(job.scores, map, mask, job.width, true);
		}
		return job.result(
			await job.addon.pixelMetrics(job.scores, job.native, true),
		);
	} catch (error) {
		throw fromNative(error);
	} finally {
		await job.addon.freePixelScores(job.scores, true);
	}
}

/** A copy that is made in slices, with turns of the event loop between. */
export async function copyOf<T extends Uint8Array | Scores>(
	array: T,
	name: string,
): Promise<T> {
	const Same = array.constructor as new (from: number | ArrayBufferLike) => T;
	if (array.byteLength === 0) return new Same(0); // transferred away, perhaps: then there is no view of it
	const bytes = await copyBytes(
		new Uint8Array(array.buffer, array.byteOffset, array.byteLength),
		name,
	);
	return new Same(bytes.buffer);
}

const thresholds: Check = (value, name) => {
	if (value === "all" || value === 200) return;
	throw (
		typeof value === "number" || typeof value === "string"
			? wrongValue
			: wrongType
	)("'all' or 200", name, value);
};
const side = number({ integer: true, min: 1, max: 2 ** 20 });
const shape = {
	width: side,
	height: side,
	maxFpr: number({ above: 0, max: 1 }),
	thresholds,
	curves: boolean,
	threads: number({ integer: true, min: 0, max: 1024 }),
};

/** What both ways share: the checked arguments, and the addon's scores, which somebody must free. */
class Job {
	readonly images: number;
	readonly width: number;
	readonly native: NativePixelOptions;
	readonly addon: Addon = loadAddon();
	readonly scores: PixelScoresHandle;
	readonly map: (i: number) => Float32Array;
	readonly mask: (i: number) => Uint8Array;

	constructor(maps: Maps, masks: Masks, options: PixelOptions) {
		checkOptions(options, "options", shape);
		side(options.width, "width");
		side(options.height, "height");
		this.width = options.width;
		const pixels = options.width * options.height;
		if (pixels > 2 ** 28)
			throw rangeError(
				`Expected at most 2^28 pixels a map but received ${options.width} x ${options.height}`,
			);
		const [map, images] = perImage(maps, "maps", Float32Array, pixels);
		const [mask, masked] = perImage(masks, "masks", Uint8Array, pixels);
		if (images !== masked)
			throw rangeError(
				`Expected as many masks as maps but received ${masked} and ${images}`,
			);
		this.map = map;
		this.mask = mask;
		this.images = images;
		const {
			maxFpr = 0.3,
			thresholds = "all",
			threads = 0,
			curves = false,
		} = options;
		this.native = {
			maxFpr,
			steps: thresholds === 200 ? 200 : 0,
			threads,
			curves,
		};
		try {
			this.scores = this.addon.createPixelScores(images * pixels);
		} catch (error) {
			throw fromNative(error);
		}
	}

	result({
		auroc,
		averagePrecision,
		aupr,
		f1,
		threshold,
		pro,
		roc,
		pr,
		proCurve,
	}: NativeMetrics): PixelMetrics {
		return {
			auroc,
			averagePrecision,
			aupr,
			f1,
			threshold,
			pro,
			...(this.native.curves && { curves: { roc, pr, pro: proCurve } }),
		};
	}
}

/** The way to one image's part of `given`, which may have been transferred away when it is asked for; and the number of images. */
function perImage<T extends Float32Array | Uint8Array>(
	given: T | readonly T[],
	name: string,
	type: new (n: number) => T,
	pixels: number,
): [(i: number) => T, number] {
	const expected = `a ${type.name} or an array of them`;
	const sized = (array: T, i: number) => {
		if (array.length !== pixels)
			throw rangeError(
				`Expected ${pixels} pixels (width * height) for ${name}[${i}] but received ${array.length}`,
			);
		return array;
	};
	if (given instanceof type) {
		if (given.length % pixels !== 0) {
			throw rangeError(
				`Expected a multiple of ${pixels} (width * height) as length of ${name} but received ${given.length}`,
			);
		}
		const images = given.length / pixels;
		return [
			(i) => {
				if (given.length !== images * pixels)
					throw rangeError(
						`The bytes of ${name} were transferred or resized while they were read`,
					);
				return given.subarray(i * pixels, (i + 1) * pixels) as T;
			},
			images,
		];
	}
	if (!Array.isArray(given)) throw wrongType(expected, name, given);
	const list = [...(given as readonly T[])];
	list.forEach((each, i) => {
		if (!(each instanceof type))
			throw wrongType(`a ${type.name}`, `${name}[${i}]`, each);
		sized(each, i);
	});
	return [(i) => sized(list[i]!, i), list.length];
}
