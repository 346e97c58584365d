// Runs the detections of one category for all configurations and stores them in the journal, image by image.
import type { Category } from "../category.js";
import type { CategoryData, TestImage } from "../datasets/category-data.js";
import type { Engine } from "../engine.js";
import type { PromptInput } from "../prompts/prompt-set.js";
import { ordered } from "../util/ordered.js";
import type { Journal, JournalEntry } from "./journal.js";
import { type Configuration, categoryOptionsFor } from "./plan.js";
import { type ReadResult, readImage } from "./read-image.js";
import type { ReferenceSampler } from "./reference-sampler.js";
import { toStoredDetection } from "./stored-detection.js";

/** The category whose images are detected. */
export interface DetectionTask {
	/** The name of the dataset. */
	readonly dataset: string;
	readonly data: CategoryData;
	readonly sampler: ReferenceSampler;
	/** The user's prompts for this category. */
	readonly prompts: PromptInput | undefined;
}

export interface DetectionHooks {
	readonly signal: AbortSignal | undefined;
	/** Called after each image. `known`: its detections were already in the journal. */
	readonly onImage: (known: boolean) => void;
	/** Called after each category that the engine has prepared. */
	readonly onCategoryReady: () => void;
}

/** Images that are decoded ahead of the detection. */
const decodedAhead = 4;

/** Skips configurations for which the category does not have enough reference images. */
export async function detectImages(
	engine: Engine,
	task: DetectionTask,
	configurations: readonly Configuration[],
	journal: Journal,
	hooks: DetectionHooks,
): Promise<void> {
	const single: Configuration[] = [];
	const mutual: Configuration[] = [];
	for (const configuration of configurations) {
		const { shots, seed } = configuration;
		if (shots > 0 && !(await task.sampler.draw(shots, seed))) continue;
		if (configuration.mutual) mutual.push(configuration);
		else single.push(configuration);
	}
	if (single.length > 0)
		await detectOneByOne(engine, task, single, journal, hooks);
	for (const configuration of mutual)
		await detectTogether(engine, task, configuration, journal, hooks);
}

/** For configurations that judge each image by itself. All share one forward per image. */
async function detectOneByOne(
	engine: Engine,
	task: DetectionTask,
	configurations: readonly Configuration[],
	journal: Journal,
	{ signal, onImage, onCategoryReady }: DetectionHooks,
): Promise<void> {
	const { dataset, data } = task;
	const ids = configurations.map(({ id }) => id);
	const pending = data.test.filter(
		({ id }) => !journal.has({ dataset, category: data.name, image: id }, ids),
	);
	for (let i = pending.length; i < data.test.length; i++) onImage(true);
	if (pending.length === 0) return;
	const categories: Category[] = [];
	for (const configuration of configurations) {
		categories.push(await prepareCategory(engine, task, configuration, signal));
		onCategoryReady();
	}
	// One forward at a time, so that the result of an image does not depend on the other images of a batch.
	for await (const { testImage, image, error } of decodeInOrder(
		pending,
		signal,
	)) {
		const key = { dataset, category: data.name, image: testImage.id };
		if (image) {
			const results = await engine.detect(
				image,
				categories,
				signal && { signal },
			);
			const detections = results.map(
				(result, i) => [ids[i]!, toStoredDetection(result)] as const,
			);
			await journal.add({
				...key,
				size: [image.width, image.height],
				looks: Object.fromEntries(detections),
			});
		} else {
			await journal.add({ ...key, error });
		}
		onImage(false);
	}
}

/** For a configuration whose images judge each other. */
async function detectTogether(
	engine: Engine,
	task: DetectionTask,
	configuration: Configuration,
	journal: Journal,
	{ signal, onImage, onCategoryReady }: DetectionHooks,
): Promise<void> {
	const { dataset, data } = task;
	const keyOf = ({ id }: TestImage) => ({
		dataset,
		category: data.name,
		image: id,
	});
	if (
		data.test.every((image) => journal.has(keyOf(image), [configuration.id]))
	) {
		for (const _ of data.test) onImage(true);
		return;
	}
	const category = await prepareCategory(engine, task, configuration, signal);
	onCategoryReady();

	const decoded: Pick<
		JournalEntry,
		"dataset" | "category" | "image" | "size"
	>[] = [];
	const failed: JournalEntry[] = [];
	async function* decodedImages() {
		for await (const { testImage, image, error } of decodeInOrder(
			data.test,
			signal,
		)) {
			if (image) {
				decoded.push({
					...keyOf(testImage),
					size: [image.width, image.height],
				});
				yield image;
			} else {
				failed.push({ ...keyOf(testImage), error });
			}
		}
	}
	// A run that was stopped may have stored the detections of some of the images.
	const store = async (entry: JournalEntry) => {
		if (!journal.has(entry, [configuration.id])) await journal.add(entry);
		onImage(false);
	};
	const detections = category.detectMany(decodedImages(), signal && { signal });
	let index = 0;
	for await (const result of detections) {
		const looks = { [configuration.id]: toStoredDetection(result) };
		await store({ ...decoded[index++]!, looks });
	}
	for (const entry of failed) await store(entry);
}

async function prepareCategory(
	engine: Engine,
	{ data, sampler, prompts }: DetectionTask,
	configuration: Configuration,
	signal: AbortSignal | undefined,
): Promise<Category> {
	const { shots, seed, resolution } = configuration;
	const draw = shots > 0 ? await sampler.draw(shots, seed) : undefined;
	return engine.category(data.name, {
		...categoryOptionsFor(configuration, data.name, prompts),
		resolution,
		...(draw && { references: draw.files }),
		...(signal && { signal }),
	});
}

/** Decodes ahead and keeps the order. An image that cannot be decoded comes with its error. */
function decodeInOrder(
	images: readonly TestImage[],
	signal: AbortSignal | undefined,
): AsyncGenerator<ReadResult & { testImage: TestImage }, void, undefined> {
	return ordered(images, decodedAhead, signal, async (testImage, _, stop) => ({
		testImage,
		...(await readImage(testImage, stop)),
	}));
}
