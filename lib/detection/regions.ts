import type { NativeRegion } from "../native/addon.js";
import { type Reason, rankReasons } from "./reasons.js";

/** A connected part of the anomaly map above the pixel threshold. */
export interface Region {
	/** Bounding box, in the map's pixels. */
	readonly box: {
		readonly left: number;
		readonly top: number;
		readonly width: number;
		readonly height: number;
	};
	/** Number of map pixels in the region. */
	readonly area: number;
	/** The region's highest map value. */
	readonly peak: number;
	/** Where the highest value is, in the map's pixels. */
	readonly peakAt: { readonly x: number; readonly y: number };
	/** The descriptor most similar to the window that covers the region best; undefined without descriptors. */
	readonly reason: string | undefined;
	/** All descriptors with their cosine similarity to that window, the highest first. */
	readonly reasons: readonly Reason[];
}

export function toRegion(
	region: NativeRegion,
	descriptors: readonly string[],
): Region {
	const { left, top, width, height, area, peak, peakX, peakY, similarity } =
		region;
	const reasons = rankReasons(descriptors, similarity);
	return {
		box: { left, top, width, height },
		area,
		peak,
		peakAt: { x: peakX, y: peakY },
		reason: reasons[0]?.text,
		reasons,
	};
}
