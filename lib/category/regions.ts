// The connected parts of a map that lie above the pixel threshold, each with what it looks most like.
import type { NativeRegion } from "../native/addon.js";
import { byHighest, type Reason } from "./reasons.js";

export interface Region {
	/** Bounding box, in the map's pixels. */
	readonly box: {
		readonly left: number;
		readonly top: number;
		readonly width: number;
		readonly height: number;
	};
	/** Pixels above the threshold. */
	readonly area: number;
	/** The region's highest value, and where it lies in the map. */
	readonly peak: number;
	readonly peakAt: { readonly x: number; readonly y: number };
	/** The descriptor nearest to the window that covers the region best; undefined without descriptors. */
	readonly reason: string | undefined;
	/** All descriptors by similarity (cosine) to that window, highest first. */
	readonly reasons: readonly Reason[];
}

export function toRegion(
	{
		left,
		top,
		width,
		height,
		area,
		peak,
		peakX,
		peakY,
		similarity,
	}: NativeRegion,
	descriptors: readonly string[],
): Region {
	const reasons = byHighest(descriptors, similarity);
	return {
		box: { left, top, width, height },
		area,
		peak,
		peakAt: { x: peakX, y: peakY },
		reason: reasons[0]?.text,
		reasons,
	};
}
