/** A test image with its results, as the report page shows it. */
export interface PageImage {
	category: string;
	dataset: string;
	/** Path below the dataset's root. */
	id: string;
	/** 'good', or the kind of defect. */
	kind: string;
	anomalous: boolean;
	/** WebP, about 160 px for the longer side. */
	thumbnail?: Uint8Array;
	/** PNG, white = anomalous. */
	mask?: Uint8Array;
	/** By the id of the variant. Detections of the first seed. */
	variants: Record<string, PageResult>;
}

export interface PageResult {
	score: number;
	/** Numbers of normal and abnormal prompts that were kept. */
	kept?: [number, number];
	/** Numbers of normal and abnormal prompts. */
	of?: [number, number];
	ambiguous?: boolean;
	/** At most 3, highest similarity first. */
	reasons: { text: string; similarity: number }[];
	/** [height * width], 0 to 255 over the range of this variant's maps in this category. */
	map?: { width: number; height: number; values: Uint8Array };
}
