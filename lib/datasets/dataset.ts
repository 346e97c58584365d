// A dataset as evaluation sees it, whatever folders it came from. Nothing here touches a file.

export const layoutNames = ["mvtec", "visa", "folder"] as const;
export type LayoutName = (typeof layoutNames)[number];

/** One test image. */
export interface TestImage {
	/** Its path below the dataset's root, with '/': the name it goes by everywhere. */
	readonly id: string;
	readonly file: string;
	/** 'good', or the kind of defect. */
	readonly kind: string;
	readonly anomalous: boolean;
	/** Where its mask lies; undefined for good images, and for defective ones without a mask. */
	readonly mask?: string;
}

export interface CategoryData {
	readonly name: string;
	/** Normal images for few-shot: paths below the root, sorted. Empty where the layout has none. */
	readonly train: readonly { readonly id: string; readonly file: string }[];
	/** Sorted by id. */
	readonly test: readonly TestImage[];
}

export const problemKinds = [
	"missing-mask", // a defective image without a mask: it counts for image figures alone; one problem where none of a category has one
	"orphan-mask", // a mask without an image
	"empty-mask", // the mask of a defective image marks nothing: as if it were missing
	"unreadable-mask", // as if it were missing
	"mask-size", // the mask has another size than its image; scaled where the shape agrees, else as if it were missing
	"unreadable-image", // left out of everything
	"missing-image", // listed in the dataset's split, not there
	"outside", // listed in the split with a path that leaves the root: not opened
	"no-good", // no normal test images in a category
	"no-defective", // no anomalous ones
	"no-train", // no normal images for few-shot: references are drawn from the good test images, which then do not count
	"no-split", // VisA without its split file: all normal images are test images
	"ignored", // files that are no pictures, folders that fit nowhere: one problem per folder they lie in
] as const;
export type ProblemKind = (typeof problemKinds)[number];

/** What was wrong with the data, once per file or category. */
export interface Problem {
	readonly kind: ProblemKind;
	/** Empty where it is none's: a file beside the categories. */
	readonly category: string;
	/** Path below the root with '/', or the category's name; never the root's own path, so that it is the same wherever the dataset lies. */
	readonly where: string;
	/** One sentence for people; names of files stand in it as they are, line breaks and all. */
	readonly message: string;
}

export interface Dataset {
	/** 'MVTec AD' or 'VisA' where it holds exactly that dataset's categories, else the root folder's name. */
	readonly name: string;
	/** Absolute. */
	readonly root: string;
	readonly layout: LayoutName;
	/** Sorted by name; at least one. */
	readonly categories: readonly CategoryData[];
	/** Sorted by category, then by where. */
	readonly problems: readonly Problem[];
}
