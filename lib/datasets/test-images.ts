// Pairs the images of one kind with their masks.
import type { TestImage } from "./category-data.js";
import type { ImageFile } from "./folder.js";
import type { ReportProblem } from "./layout.js";

export function isGood(kind: string): boolean {
	return /^good$/i.test(kind);
}

/** The test images of one kind. The mask of an image has the image's name, or that name followed by `_mask`. */
export function testImages(
	kind: string,
	images: readonly ImageFile[],
	masks: readonly ImageFile[],
	report: ReportProblem,
): TestImage[] {
	const masksByStem = new Map<string, ImageFile>();
	for (const mask of masks) {
		if (!masksByStem.has(mask.stem)) masksByStem.set(mask.stem, mask);
	}
	const maskFor = ({ stem }: ImageFile) =>
		masksByStem.get(`${stem}_mask`) ?? masksByStem.get(stem);
	reportOrphans(kind, images, masks, maskFor, report);
	const anomalous = !isGood(kind);
	return images.map((image) => {
		const mask = anomalous ? maskFor(image) : undefined;
		return {
			id: image.id,
			file: image.file,
			kind: anomalous ? kind : "good",
			anomalous,
			...(mask && { mask: mask.file }),
		};
	});
}

function reportOrphans(
	kind: string,
	images: readonly ImageFile[],
	masks: readonly ImageFile[],
	maskFor: (image: ImageFile) => ImageFile | undefined,
	report: ReportProblem,
): void {
	const used = new Set(images.map(maskFor));
	const stems = new Set(images.map(({ stem }) => stem));
	for (const mask of masks) {
		if (used.has(mask)) continue;
		const isSecond =
			stems.has(mask.stem) || stems.has(mask.stem.replace(/_mask$/, ""));
		report(
			"orphan-mask",
			mask.id,
			isSecond
				? `${mask.id} is not used: its image has another mask`
				: `${mask.id} is not used: no image of kind ${kind} has this name`,
		);
	}
}
