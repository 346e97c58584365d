// The content of a dataset, independent of the folder layout that it was read from. Plain data, no file access.

/** One test image. */
export interface TestImage {
	/** Path below the dataset's root, with '/' as separator. Unique in the dataset. */
	readonly id: string;
	/** Absolute path. */
	readonly file: string;
	/** 'good', or the kind of defect. */
	readonly kind: string;
	readonly anomalous: boolean;
	/** Absolute path of the mask. undefined for a good image and for a defective image without a mask. */
	readonly mask?: string;
}

/** The images of one class. */
export interface CategoryData {
	readonly name: string;
	/** Normal images that can serve as references, sorted by id. Empty if the layout has none. */
	readonly train: readonly { readonly id: string; readonly file: string }[];
	/** Sorted by id. */
	readonly test: readonly TestImage[];
}

/**
 * Kinds of problems in a dataset:
 * - missing-mask: a defective image has no mask, so it counts for image metrics only. If no defective image of a
 *   category has a mask, there is one problem for the category.
 * - orphan-mask: a mask belongs to no image.
 * - empty-mask: the mask of a defective image marks no pixel. It is not used.
 * - unreadable-mask: the mask cannot be decoded, or compression has destroyed it. It is not used.
 * - lossy-mask: the mask is compressed with loss (JPEG). It has two values except for noise and is thresholded at half.
 * - mask-size: the mask and its image differ in size. The mask is resized if the aspect ratios agree, else not used.
 * - unreadable-image: the image cannot be decoded or scored. It is left out.
 * - damaged-image: the decoder warned about the image, and the engine accepts damaged images. It is used.
 * - failed-category: no image of the category can be scored with a system. The message has the reason.
 * - no-class-name: the name of a category has no letters, so prompts use a general word for its images.
 * - damaged-journal: a continued run has damaged lines in images.jsonl. The images of these lines were measured again.
 * - missing-image: the split file lists an image that does not exist.
 * - outside: the split file lists a path outside the dataset's root. The file is not opened.
 * - no-good: a category has no normal test images.
 * - no-defective: a category has no anomalous test images.
 * - no-train: a category has no normal training images. References are drawn from the good test images, and an image
 *   that is used as a reference does not count as a test image.
 * - no-split: a VisA dataset without its split file. All normal images are test images.
 * - ignored: files that are not images and folders that do not belong to the layout, one problem per parent folder.
 */
export const problemKinds = [
	"missing-mask",
	"orphan-mask",
	"empty-mask",
	"unreadable-mask",
	"lossy-mask",
	"mask-size",
	"unreadable-image",
	"damaged-image",
	"failed-category",
	"no-class-name",
	"damaged-journal",
	"missing-image",
	"outside",
	"no-good",
	"no-defective",
	"no-train",
	"no-split",
	"ignored",
] as const;
/** See the list at `problemKinds`. */
export type ProblemKind = (typeof problemKinds)[number];

/** A problem in the data. Each is reported once per file or category. */
export interface Problem {
	readonly kind: ProblemKind;
	/** Name of the category. Empty for a file or folder that belongs to no category. */
	readonly category: string;
	/**
	 * Path below the root with '/' as separator, or the category's name. It never contains the path of the root, so it is
	 * the same on every machine.
	 */
	readonly where: string;
	/** One sentence. File names are not escaped; they can contain control characters. */
	readonly message: string;
}
