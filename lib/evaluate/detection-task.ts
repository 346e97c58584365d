// What the detections of one category share: its data, its preparation in the engine, and its decoded images.
import type { Category } from "../category.js";
import type { CategoryData, TestImage } from "../datasets/category-data.js";
import type { Engine } from "../engine.js";
import type { ImageReading } from "../options/reading.js";
import type { PromptInput } from "../prompts/prompt-set.js";
import { ordered } from "../util/ordered.js";
import type { JournalEntry } from "./journal-line.js";
import { type Configuration, categoryOptionsFor } from "./plan.js";
import { type ReadResult, readImage } from "./read-image.js";
import type { ReferenceSampler } from "./reference-sampler.js";

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

export interface DetectionHooks {
	readonly signal: AbortSignal | undefined;
	/** Called after each image. `known`: its detections were already in the journal. */
	readonly onImage: (known: boolean) => void;
	/** Called after each category that the engine has prepared. */
	readonly onCategoryReady: () => void;
}

/** Images that are decoded ahead of the detection. */
const decodedAhead = 4;
export async function prepareCategory(
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

export function warningsOf(
	warnings: readonly string[] = [],
): Pick<JournalEntry, "warnings"> {
	return warnings.length > 0 ? { warnings } : {};
}

/** Decodes ahead and keeps the order. An image that cannot be decoded comes with its error. */
export function decodeInOrder(
	images: readonly TestImage[],
	reading: ImageReading,
	signal: AbortSignal | undefined,
): AsyncGenerator<ReadResult & { testImage: TestImage }, void, undefined> {
	return ordered(images, decodedAhead, signal, async (testImage, _, stop) => ({
		testImage,
		...(await readImage(testImage, reading, stop)),
	}));
}
