// Runs the detections of one category for all configurations and stores them in the journal, image by image.
import { setTimeout } from "node:timers/promises";
import type { Category } from "../category.js";
import type { TestImage } from "../datasets/category-data.js";
import type { Detection } from "../detection.js";
import type { Engine } from "../engine.js";
import { codeOf } from "../errors.js";
import type { RawImage } from "../images/pixels.js";
import { detectTogether } from "./detect-together.js";
import {
	type DetectionHooks,
	type DetectionTask,
	decodeInOrder,
	prepareCategory,
	warningsOf,
} from "./detection-task.js";
import { messageOf, throwIfFatal } from "./item-error.js";
import type { Journal } from "./journal.js";
import type { JournalEntry } from "./journal-line.js";
import type { Configuration } from "./plan.js";
import { toStoredDetection } from "./stored-detection.js";

/** By the id of the configuration: why no image of the category can be scored with it. */
export type FailedConfigurations = ReadonlyMap<string, Error>;

/** Milliseconds before the next attempt if the queue of the engine is full. */
const queueWait = 50;

/**
 * Skips configurations for which the category does not have enough reference images. An error of an image is stored in
 * the journal. An error that concerns all images of the category is returned.
 */
export async function detectImages(
	engine: Engine,
	task: DetectionTask,
	configurations: readonly Configuration[],
	journal: Journal,
	hooks: DetectionHooks,
): Promise<FailedConfigurations> {
	const failed = new Map<string, Error>();
	const single: Configuration[] = [];
	const mutual: Configuration[] = [];
	for (const configuration of configurations) {
		const { shots, seed } = configuration;
		if (shots > 0 && !(await task.sampler.draw(shots, seed))) continue;
		if (configuration.mutual) mutual.push(configuration);
		else single.push(configuration);
	}
	if (single.length > 0)
		await detectOneByOne(engine, task, single, journal, failed, hooks);
	for (const configuration of mutual) {
		try {
			await detectTogether(engine, task, configuration, journal, hooks);
		} catch (error) {
			throwIfFatal(error, hooks.signal);
			failed.set(configuration.id, error as Error);
		}
	}
	return failed;
}

/** For configurations that judge each image by itself. All share one forward per image. */
async function detectOneByOne(
	engine: Engine,
	task: DetectionTask,
	configurations: readonly Configuration[],
	journal: Journal,
	failed: Map<string, Error>,
	{ signal, onImage, onCategoryReady }: DetectionHooks,
): Promise<void> {
	const { dataset, data } = task;
	const pending = data.test.filter(
		({ id }) =>
			!journal.has(
				{ dataset, category: data.name, image: id },
				configurations.map((configuration) => configuration.id),
			),
	);
	for (let i = pending.length; i < data.test.length; i++) onImage(true);
	if (pending.length === 0) return;
	const ids: string[] = [];
	const categories: Category[] = [];
	for (const configuration of configurations) {
		try {
			categories.push(
				await prepareCategory(engine, task, configuration, signal),
			);
			ids.push(configuration.id);
			onCategoryReady();
		} catch (error) {
			throwIfFatal(error, signal);
			failed.set(configuration.id, error as Error);
		}
	}
	if (categories.length === 0) {
		for (const _ of pending) onImage(true);
		return;
	}
	// One forward at a time, so that the result of an image does not depend on the other images of a batch.
	for await (const { testImage, image, warnings, error } of decodeInOrder(
		pending,
		engine.info.images,
		signal,
	)) {
		const scored = image
			? await score(engine, testImage, image, categories, ids, signal)
			: { error };
		const key = { dataset, category: data.name, image: testImage.id };
		await journal.add({ ...key, ...scored, ...warningsOf(warnings) });
		onImage(false);
	}
}

/** The result of one image for all categories, or why it has none. */
async function score(
	engine: Engine,
	testImage: TestImage,
	image: RawImage,
	categories: readonly Category[],
	ids: readonly string[],
	signal: AbortSignal | undefined,
): Promise<Pick<JournalEntry, "size" | "looks" | "error">> {
	try {
		const results = await detectWhenFree(engine, image, categories, signal);
		const detections = results.map(
			(result, i) => [ids[i]!, toStoredDetection(result)] as const,
		);
		return {
			size: [image.width, image.height],
			looks: Object.fromEntries(detections),
		};
	} catch (error) {
		throwIfFatal(error, signal);
		return { error: messageOf(error, testImage) };
	}
}

/** Waits while other calls of the program fill the queue of the engine. */
async function detectWhenFree(
	engine: Engine,
	image: RawImage,
	categories: readonly Category[],
	signal: AbortSignal | undefined,
): Promise<Detection[]> {
	const options = signal && { signal };
	while (true) {
		try {
			return await engine.detect(image, categories, options);
		} catch (error) {
			if (codeOf(error) !== "ERR_ALFA_QUEUE_FULL") throw error;
			await setTimeout(queueWait, undefined, options);
		}
	}
}
