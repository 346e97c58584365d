// Runs the detections of one category for all configurations and stores them in the journal, image by image.
import type { Category } from "../category.js";
import type { CategoryData, TestImage } from "../datasets/category-data.js";
import type { Engine } from "../engine.js";
import type { RawImage } from "../images/pixels.js";
import type { ImageReading } from "../options/reading.js";
import type { PromptInput } from "../prompts/prompt-set.js";
import { ordered } from "../util/ordered.js";
import { messageOf, throwIfFatal } from "./item-error.js";
import type { Journal } from "./journal.js";
import type { JournalEntry } from "./journal-line.js";
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
	/** The words for this category in prompts. undefined: its cleaned name. */
	readonly displayName: string | undefined;
}

/** By the id of the configuration: why no image of the category can be scored with it. */
export type FailedConfigurations = ReadonlyMap<string, Error>;

export interface DetectionHooks {
	readonly signal: AbortSignal | undefined;
	/** Called after each image. `known`: its detections were already in the journal. */
	readonly onImage: (known: boolean) => void;
	/** Called after each category that the engine has prepared. */
	readonly onCategoryReady: () => void;
}

/** Images that are decoded ahead of the detection. */
const decodedAhead = 4;

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
		const results = await engine.detect(
			image,
			categories,
			signal && { signal },
		);
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

	const decoded: (Omit<JournalEntry, "looks"> & { testImage: TestImage })[] =
		[];
	const failed: JournalEntry[] = [];
	async function* decodedImages() {
		for await (const { testImage, image, warnings, error } of decodeInOrder(
			data.test,
			engine.info.images,
			signal,
		)) {
			if (image) {
				decoded.push({
					...keyOf(testImage),
					size: [image.width, image.height],
					...warningsOf(warnings),
					testImage,
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
	const skipped = new Set<number>();
	const detections = category.detectMany(decodedImages(), {
		...(signal && { signal }),
		onError: "skip",
		onProblem: ({ index, error }) => {
			const { testImage } = decoded[index]!;
			skipped.add(index);
			failed.push({
				...keyOf(testImage),
				error: messageOf(error, testImage),
			});
		},
	});
	let index = 0;
	for await (const result of detections) {
		while (skipped.has(index)) index++;
		const { testImage, ...entry } = decoded[index++]!;
		const looks = { [configuration.id]: toStoredDetection(result) };
		await store({ ...entry, looks });
	}
	for (const entry of failed) await store(entry);
}

async function prepareCategory(
	engine: Engine,
	{ data, sampler, prompts, displayName }: DetectionTask,
	configuration: Configuration,
	signal: AbortSignal | undefined,
): Promise<Category> {
	const { shots, seed, resolution } = configuration;
	const draw = shots > 0 ? await sampler.draw(shots, seed) : undefined;
	return engine.category(data.name, {
		...categoryOptionsFor(configuration, data.name, prompts, displayName),
		resolution,
		...(draw && { references: draw.files }),
		...(signal && { signal }),
	});
}

function warningsOf(
	warnings: readonly string[] = [],
): Pick<JournalEntry, "warnings"> {
	return warnings.length > 0 ? { warnings } : {};
}

/** Decodes ahead and keeps the order. An image that cannot be decoded comes with its error. */
function decodeInOrder(
	images: readonly TestImage[],
	reading: ImageReading,
	signal: AbortSignal | undefined,
): AsyncGenerator<ReadResult & { testImage: TestImage }, void, undefined> {
	return ordered(images, decodedAhead, signal, async (testImage, _, stop) => ({
		testImage,
		...(await readImage(testImage, reading, stop)),
	}));
}
