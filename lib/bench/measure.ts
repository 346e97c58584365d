// Speed of one model on this machine. What is measured is what a user's program does: raw pixels in, a result out.
import type { Category } from "../category.js";
import { Engine } from "../engine.js";
import type { RawImage } from "../images/pixels.js";
import { recipes, type RecipeName } from "../recipes.js";
import type { Timings } from "../detection.js";
import { longestGap } from "./event-loop.js";
import { spreadOf, type Spread } from "./numbers.js";

/** total = the others together; rest: JavaScript, N-API and the way between threads. */
export const steps = ["resize", "forward", "score", "rest", "total"] as const;
export type Step = (typeof steps)[number];

export const batches = [1, 2, 4, 8] as const;
const references = 4;

/** Milliseconds, but for throughput (images a second) and memory (MB = 10^6 bytes). */
export interface Speed {
	open: number;
	/** The category made: its prompts encoded, nothing taken from a cache; its references seen. */
	category: number;
	/** The first detection of the process. */
	first: number;
	/** One detection at a time, warm. */
	warm: Record<Step, Spread>;
	/** Images a second with so many asked for at once; the median. */
	throughput: Record<(typeof batches)[number], number>;
	eventLoopGap: number;
	memory: { rss: number; peak: number };
}

/** Noise: the speed does not depend on what a picture shows. */
export function noise(size: number, seed = 0): RawImage {
	const data = Uint8Array.from(
		{ length: size * size * 3 },
		(_, i) => Math.imul(i + seed * 7919, 2654435761) >>> 24,
	);
	return { data, width: size, height: size, channels: 3 };
}

export interface Setup {
	recipe?: RecipeName;
	scales?: number[];
}

/** A class as one would make it for this recipe: such as compare with references alone get four pictures. */
export function benchCategory(
	engine: Engine,
	{ recipe = "alfa", ...rest }: Setup,
): Promise<Category> {
	const { imageSize } = engine.info;
	const shown = recipes[recipe].map === "references" && {
		references: Array.from({ length: references }, (_, i) =>
			noise(imageSize, 1 + i),
		),
	};
	return engine.category("object", { recipe, ...rest, ...shown });
}

export interface Measuring extends Setup {
	model: string;
	/** Default 'auto'. */
	precision?: "auto" | "fp32" | "int8";
	/** Detections at batch 1; larger batches are seen a quarter as often, but thrice. */
	runs: number;
	onStage?: (stage: string) => void;
}

export async function measureSpeed({
	model,
	precision = "auto",
	runs,
	onStage,
	...setup
}: Measuring): Promise<{
	info: Engine["info"];
	settings: Category["settings"];
	speed: Speed;
}> {
	onStage?.("opening");
	const [engine, open] = await timed(() =>
		Engine.open({ model, precision, cache: false }),
	);
	await using _ = engine;
	onStage?.("encoding prompts");
	const [category, made] = await timed(() => benchCategory(engine, setup));
	const image = noise(engine.info.imageSize);
	onStage?.("first detections");
	const [, first] = await timed(() => category.detect(image));
	await category.detect(image);
	onStage?.(`${runs} detections, one at a time`);
	const warm = await latency(category, image, runs);
	const throughput = { 1: 1000 / warm.total.p50 } as Speed["throughput"];
	for (const batch of batches.slice(1)) {
		onStage?.(`${batch} at once`);
		throughput[batch] = await imagesASecond(
			category,
			image,
			batch,
			Math.max(3, Math.ceil(runs / 4)),
		);
	}
	onStage?.("the event loop");
	const eventLoopGap = await longestGap(async () => {
		for await (const { score } of category.detectMany(Array(4).fill(image)))
			void score;
	});
	const memory = {
		rss: process.memoryUsage.rss() / 1e6,
		peak: (process.resourceUsage().maxRSS * 1024) / 1e6,
	};
	return {
		info: engine.info,
		settings: category.settings,
		speed: {
			open,
			category: made,
			first,
			warm,
			throughput,
			eventLoopGap,
			memory,
		},
	};
}

async function timed<T>(work: () => Promise<T>): Promise<[T, number]> {
	const start = performance.now();
	return [await work(), performance.now() - start];
}

async function latency(
	category: Category,
	image: RawImage,
	runs: number,
): Promise<Record<Step, Spread>> {
	const seen: Timings[] = [];
	for (let i = 0; i < runs; i++)
		seen.push((await category.detect(image)).timings);
	const of = (pick: (timings: Timings) => number) => spreadOf(seen.map(pick));
	return {
		resize: of(({ resize }) => resize),
		forward: of(({ forward }) => forward),
		score: of(({ score }) => score),
		rest: of(
			({ total, resize, forward, score }) => total - resize - forward - score,
		),
		total: of(({ total }) => total),
	};
}

async function imagesASecond(
	category: Category,
	image: RawImage,
	batch: number,
	rounds: number,
): Promise<number> {
	const seconds: number[] = [];
	for (let i = -1; i < rounds; i++) {
		const [, ms] = await timed(() =>
			Promise.all(Array.from({ length: batch }, () => category.detect(image))),
		);
		if (i >= 0) seconds.push(ms / 1000); // the first round of a batch finds its memory not yet there
	}
	return batch / spreadOf(seconds).p50;
}

/**
 * MB (10^6 bytes) that `count` detections added to what the process holds, after as many to warm up: some 2,000 until V8's
 * room for garbage has settled. In a process of its own under --expose-gc, so that garbage does not count.
 */
export async function memoryGrowth(
	category: Category,
	image: RawImage,
	count: number,
): Promise<{ before: number; growth: number }> {
	const held = () => {
		(globalThis as { gc?: () => void }).gc?.();
		return process.memoryUsage.rss() / 1e6;
	};
	const detect = async (times: number) => {
		for (let i = 0; i < times; i++) await category.detect(image);
	};
	await detect(Math.max(8, count));
	const before = held();
	await detect(count);
	return { before, growth: held() - before };
}
