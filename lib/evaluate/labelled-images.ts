// The readable images of a category with their detections and masks: the input of the metrics.
import type {
	CategoryData,
	Problem,
	TestImage,
} from "../datasets/category-data.js";
import { readMask, type Size } from "../datasets/masks.js";
import type { Journal } from "./journal.js";
import type { JournalEntry } from "./journal-line.js";

export interface LabelledImage {
	readonly image: TestImage;
	readonly entry: JournalEntry;
	/** At the size to which the anomaly map is resized. undefined: the pixels of the image do not count. */
	readonly mask?: Mask;
}

export interface Mask extends Size {
	/** [height * width], 1 = anomalous. */
	readonly pixels: Uint8Array;
}

export interface LabelledImages {
	readonly images: LabelledImage[];
	/** Images and masks that could not be used. */
	readonly problems: Problem[];
}

export async function loadLabelledImages(
	dataset: string,
	data: CategoryData,
	journal: Journal,
	resolution: number | "image",
	fit: "squash" | "crop",
	signal: AbortSignal | undefined,
): Promise<LabelledImages> {
	const images: LabelledImage[] = [];
	const problems: Problem[] = [];
	const emptyMask = emptyMaskCache();
	for (const image of data.test) {
		signal?.throwIfAborted();
		const entry = await journal.get({
			dataset,
			category: data.name,
			image: image.id,
		});
		if (!entry) continue;
		if (entry.error !== undefined || !entry.size) {
			const message = entry.error ?? "no pixels";
			problems.push({
				kind: "unreadable-image",
				category: data.name,
				where: image.id,
				message,
			});
			continue;
		}
		if (entry.warnings) {
			problems.push({
				kind: "damaged-image",
				category: data.name,
				where: image.id,
				message: entry.warnings.join("; ").replaceAll(image.file, image.id),
			});
		}
		const size = { width: entry.size[0], height: entry.size[1] };
		const target = mapSize(size, resolution, fit);
		if (!image.anomalous) {
			images.push({
				image,
				entry,
				mask: { ...target, pixels: emptyMask(target) },
			});
			continue;
		}
		if (image.mask === undefined) {
			images.push({ image, entry });
			continue;
		}
		const { mask, problem } = await readMask(
			image.mask,
			size,
			target,
			fit,
			maskName(image, image.mask),
		);
		if (problem)
			problems.push({ ...problem, category: data.name, where: image.id });
		images.push({
			image,
			entry,
			...(mask && { mask: { ...target, pixels: mask } }),
		});
	}
	return { images, problems };
}

/** The path of the mask below the dataset's root, so that messages are the same on every machine. */
function maskName({ id, file }: TestImage, mask: string): string {
	return mask.slice(file.length - id.length);
}

/** The size at which map and mask are compared. */
function mapSize(
	{ width, height }: Size,
	resolution: number | "image",
	fit: "squash" | "crop",
): Size {
	if (resolution !== "image") return { width: resolution, height: resolution };
	const side = Math.min(width, height);
	return fit === "crop" ? { width: side, height: side } : { width, height };
}

/** Good images of the same number of pixels share one mask. */
function emptyMaskCache(): (size: Size) => Uint8Array {
	const masks = new Map<number, Uint8Array>();
	return ({ width, height }) => {
		const count = width * height;
		const mask = masks.get(count) ?? new Uint8Array(count);
		masks.set(count, mask);
		return mask;
	};
}
