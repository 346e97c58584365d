// Pairs the images of one kind with their masks.
import type { TestImage } from "./category-data.js";
import type { ImageFile } from "./folder.js";
import type { ReportProblem } from "./layout.js";
import type { IsNormal } from "./normal-folders.js";

/** What the images of a folder show. */
export interface Kind {
	/** 'good', or the kind of defect. */
	readonly name: string;
	readonly anomalous: boolean;
}

/** All normal images have the kind 'good', whatever their folder is called. */
export const normalKind: Kind = { name: "good", anomalous: false };

export function kindOf(folder: string, isNormal: IsNormal): Kind {
	return isNormal(folder) ? normalKind : { name: folder, anomalous: true };
}

/** The test images of one kind. The mask of an image has the image's name, or that name followed by `_mask`. */
export function testImages(
	{ name: kind, anomalous }: Kind,
	images: readonly ImageFile[],
	masks: readonly ImageFile[],
	report: ReportProblem,
): TestImage[] {
	const maskFor = maskFinder(masks);
	reportOrphans(kind, images, masks, report);
	return images.map((image) => {
		const mask = anomalous ? maskFor(image) : undefined;
		return {
			id: image.id,
			file: image.file,
			kind,
			anomalous,
			...(mask && { mask: mask.file }),
		};
	});
}

type MaskFinder = (image: ImageFile) => ImageFile | undefined;

function maskFinder(masks: readonly ImageFile[]): MaskFinder {
	const masksByStem = new Map<string, ImageFile>();
	for (const mask of masks) {
		if (!masksByStem.has(mask.stem)) masksByStem.set(mask.stem, mask);
	}
	return ({ stem }) => masksByStem.get(`${stem}_mask`) ?? masksByStem.get(stem);
}

/** Reports the masks that belong to none of the images. */
export function reportOrphans(
	kind: string,
	images: readonly ImageFile[],
	masks: readonly ImageFile[],
	report: ReportProblem,
): void {
	const used = new Set(images.map(maskFinder(masks)));
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
