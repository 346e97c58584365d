// Runs the detections of one category for a configuration whose images judge each other.
import type { TestImage } from "../datasets/category-data.js";
import type { Engine } from "../engine.js";
import {
	type DetectionHooks,
	type DetectionTask,
	decodeInOrder,
	prepareCategory,
	warningsOf,
} from "./detection-task.js";
import { messageOf } from "./item-error.js";
import type { Journal } from "./journal.js";
import type { JournalEntry } from "./journal-line.js";
import type { Configuration } from "./plan.js";
import { toStoredDetection } from "./stored-detection.js";

/** An image that fails does not count; the others judge each other without it. */
export async function detectTogether(
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
