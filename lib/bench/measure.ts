// Measures the speed of a model on this machine. It measures what a user's program does: raw pixels in, a result out.
import type { Category } from "../category.js";
import type { Timings } from "../detection.js";
import { Engine } from "../engine.js";
import type { RawImage } from "../images/pixels.js";
import { type RecipeName, recipes } from "../recipes.js";
import { longestGap } from "./event-loop.js";
import { type Percentiles, percentiles } from "./percentiles.js";

/**
 * The stages of one detection. `rest` is the time in JavaScript, in Node-API and between threads. `total` is the sum of
 * the others.
 */
export const stages = ["resize", "forward", "score", "rest", "total"] as const;
export type Stage = (typeof stages)[number];

export const batchSizes = [1, 2, 4, 8] as const;

/** Times in milliseconds. */
export interface Speed {
	/** Opening the engine. */
	open: number;
	/** Preparing the category without a cache: encoding prompts and, if the recipe needs them, references. */
	category: number;
	/** The first detection of the process. */
	first: number;
	/** Later detections, one at a time. */
	warm: Record<Stage, Percentiles>;
	/** Images per second for a number of concurrent detections (median). */
	throughput: Record<(typeof batchSizes)[number], number>;
	/** The longest time for which the event loop was blocked. */
	eventLoopGap: number;
	/** Resident memory in MB (10^6 bytes). */
	memory: { rss: number; peak: number };
}

/** An image of random pixels. The content of an image does not change the speed. */
export function randomImage(size: number, seed = 0): RawImage {
	const data = Uint8Array.from(
		{ length: size * size * 3 },
		(_, i) => Math.imul(i + seed * 7919, 2654435761) >>> 24,
	);
	return { data, width: size, height: size, channels: 3 };
}

export interface BenchCategoryOptions {
	/** Default 'alfa'. */
	recipe?: RecipeName;
	/** Window sizes in patches. Default: those of the recipe. */
	scales?: number[];
}

const referenceCount = 4;

/** A category for this recipe. A recipe that needs references gets four random images. */
export function benchCategory(
	engine: Engine,
	{ recipe = "alfa", ...options }: BenchCategoryOptions,
): Promise<Category> {
	const needsReferences = recipes[recipe].map === "references";
	const references = Array.from({ length: referenceCount }, (_, i) =>
		randomImage(engine.info.imageSize, 1 + i),
	);
	return engine.category("object", {
		recipe,
		...options,
		...(needsReferences && { references }),
	});
}

export interface MeasureSpeedOptions extends BenchCategoryOptions {
	model: string;
	/** Default 'auto'. */
	precision?: "auto" | "fp32" | "int8";
	/** The number of detections, one at a time. Each larger batch runs a quarter as often, but at least 3 times. */
	runs: number;
	/** Called with a description when a part of the measurement starts. */
	onStage?: (description: string) => void;
}

export async function measureSpeed({
	model,
	precision = "auto",
	runs,
	onStage,
	...categoryOptions
}: MeasureSpeedOptions): Promise<{
	info: Engine["info"];
	settings: Category["settings"];
	speed: Speed;
}> {
	onStage?.("opening the engine");
	const opened = await timed(() =>
		Engine.open({ model, precision, cache: false }),
	);
	await using engine = opened.result;
	onStage?.("encoding prompts");
	const prepared = await timed(() => benchCategory(engine, categoryOptions));
	const category = prepared.result;
	const image = randomImage(engine.info.imageSize);
	onStage?.("first detections");
	const first = await timed(() => category.detect(image));
	await category.detect(image);
	onStage?.(`${runs} detections, one at a time`);
	const warm = await measureLatency(category, image, runs);
	const throughput = { 1: 1000 / warm.total.p50 } as Speed["throughput"];
	for (const size of batchSizes.slice(1)) {
		onStage?.(`${size} concurrent detections`);
		throughput[size] = await measureThroughput(
			category,
			image,
			size,
			Math.max(3, Math.ceil(runs / 4)),
		);
	}
	onStage?.("event loop");
	const eventLoopGap = await longestGap(async () => {
		for await (const { score } of category.detectMany(Array(4).fill(image)))
			void score;
	});
	return {
		info: engine.info,
		settings: category.settings,
		speed: {
			open: opened.ms,
			category: prepared.ms,
			first: first.ms,
			warm,
			throughput,
			eventLoopGap,
			memory: {
				rss: process.memoryUsage.rss() / 1e6,
				peak: (process.resourceUsage().maxRSS * 1024) / 1e6,
			},
		},
	};
}

async function timed<T>(
	work: () => Promise<T>,
): Promise<{ result: T; ms: number }> {
	const start = performance.now();
	const result = await work();
	return { result, ms: performance.now() - start };
}

async function measureLatency(
	category: Category,
	image: RawImage,
	runs: number,
): Promise<Record<Stage, Percentiles>> {
	const timings: Timings[] = [];
	for (let i = 0; i < runs; i++) {
		const result = await category.detect(image);
		timings.push(result.timings);
	}
	const summarise = (select: (timings: Timings) => number) =>
		percentiles(timings.map(select));
	return {
		resize: summarise(({ resize }) => resize),
		forward: summarise(({ forward }) => forward),
		score: summarise(({ score }) => score),
		rest: summarise(
			({ total, resize, forward, score }) => total - resize - forward - score,
		),
		total: summarise(({ total }) => total),
	};
}

/** Images per second. */
async function measureThroughput(
	category: Category,
	image: RawImage,
	batchSize: number,
	rounds: number,
): Promise<number> {
	const detectBatch = () =>
		Promise.all(
			Array.from({ length: batchSize }, () => category.detect(image)),
		);
	// The first round of a batch size allocates its memory and does not count.
	await detectBatch();
	const seconds: number[] = [];
	for (let i = 0; i < rounds; i++) {
		const { ms } = await timed(detectBatch);
		seconds.push(ms / 1000);
	}
	return batchSize / percentiles(seconds).p50;
}

/**
 * By how many MB (10^6 bytes) the resident memory grows over `count` detections. The same number of
 * detections runs before for warm-up; about 2,000 are needed until the size of V8's heap settles. Run this in
 * its own process with --expose-gc, so that garbage does not count.
 */
export async function memoryGrowth(
	category: Category,
	image: RawImage,
	count: number,
): Promise<{ before: number; growth: number }> {
	const residentMemory = () => {
		(globalThis as { gc?: () => void }).gc?.();
		return process.memoryUsage.rss() / 1e6;
	};
	const detect = async (times: number) => {
		for (let i = 0; i < times; i++) await category.detect(image);
	};
	await detect(Math.max(8, count));
	const before = residentMemory();
	await detect(count);
	return { before, growth: residentMemory() - before };
}
