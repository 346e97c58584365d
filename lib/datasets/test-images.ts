// Which image is of which kind, and which mask is whose.
import type { TestImage } from "./dataset.js";
import type { Picture } from "./folder.js";
import type { Report } from "./layout.js";

export const isGood = (kind: string) => /^good$/i.test(kind);

/** The images of one kind with their masks, which are named like the image or `<image>_mask`. */
export function testImages(
	kind: string,
	images: readonly Picture[],
	masks: readonly Picture[],
	report: Report,
): TestImage[] {
	const byStem = new Map<string, Picture>();
	for (const mask of masks)
		if (!byStem.has(mask.stem)) byStem.set(mask.stem, mask);
	const maskOf = ({ stem }: Picture) =>
		byStem.get(`${stem}_mask`) ?? byStem.get(stem);
	const taken = new Set(images.map(maskOf));
	const stems = new Set(images.map(({ stem }) => stem));
	for (const mask of masks)
		if (!taken.has(mask)) {
			const second =
				stems.has(mask.stem) || stems.has(mask.stem.replace(/_mask$/, ""));
			report(
				"orphan-mask",
				mask.id,
				second
					? `${mask.id} is left out: its image has another mask`
					: `${mask.id} is the mask of no image: none of kind ${kind} is named like it`,
			);
		}
	const anomalous = !isGood(kind);
	return images.map((image) => {
		const mask = anomalous ? maskOf(image) : undefined;
		return {
			id: image.id,
			file: image.file,
			kind: anomalous ? kind : "good",
			anomalous,
			...(mask && { mask: mask.file }),
		};
	});
}
