// How badly each system ranks each image: the share of the other side's images of the same category that are
// on the wrong side of it. Images with the same share are compared by their distance to the threshold.
import type { ImageRow } from "../payload.js";
import { rows, thresholdOf } from "./data.js";

export interface Rank {
	/** Share of the other side's images on the wrong side of the image. A tie counts half, as in AUROC. */
	wrong: number;
	/** Number of the other side's images on the wrong side of the image. */
	passed: number;
	/** Number of the other side's images. */
	others: number;
	/** How far the score is on the wrong side of the threshold. Negative on the right side. */
	beyond: number;
}

const ranksBySystem = new Map<number, (Rank | null)[]>();

/** Per row. null for an image without a score. */
export function ranksOf(system: number): readonly (Rank | null)[] {
	const known = ranksBySystem.get(system);
	if (known) return known;
	const scores = sortedScores(system);
	const ranks = rows.map((row) => {
		const score = row.scores[system] ?? null;
		if (score === null) return null;
		const others =
			scores.get(sideOf(row, !row.anomalous)) ?? new Float64Array();
		return rankOf(row, score, others, thresholdOf(row, system));
	});
	ranksBySystem.set(system, ranks);
	return ranks;
}

/** The scores of good and of defective images of every category, ascending. */
function sortedScores(system: number): Map<string, Float64Array> {
	const scores = new Map<string, number[]>();
	for (const row of rows) {
		const score = row.scores[system] ?? null;
		if (score === null) continue;
		const side = sideOf(row, row.anomalous);
		const list = scores.get(side);
		if (list) list.push(score);
		else scores.set(side, [score]);
	}
	return new Map(
		[...scores].map(([side, list]) => [side, Float64Array.from(list).sort()]),
	);
}

function sideOf(row: ImageRow, anomalous: boolean): string {
	return `${row.dataset}/${row.category}/${anomalous}`;
}

/** `others`: the scores of the other side, ascending. */
function rankOf(
	{ anomalous }: ImageRow,
	score: number,
	others: Float64Array,
	threshold: number | null,
): Rank {
	const lower = countWhile(others, (other) => other < score);
	const notHigher = countWhile(others, (other) => other <= score);
	const ties = notHigher - lower;
	const passed = anomalous ? others.length - notHigher : lower;
	return {
		wrong: others.length === 0 ? 0 : (passed + ties / 2) / others.length,
		passed,
		others: others.length,
		beyond:
			threshold === null
				? -Infinity
				: (score - threshold) * (anomalous ? -1 : 1),
	};
}

/** How many values at the start of the array satisfy the condition, by binary search. */
function countWhile(
	values: Float64Array,
	condition: (value: number) => boolean,
): number {
	let low = 0;
	let high = values.length;
	while (low < high) {
		const middle = (low + high) >> 1;
		if (condition(values[middle]!)) low = middle + 1;
		else high = middle;
	}
	return low;
}

/** 'right': classified correctly. 'missed': a defective image below the threshold. 'alarm': a good image above it. */
export type Outcome = "right" | "missed" | "alarm";

/** null without a score or threshold. */
export function outcomeOf(row: ImageRow, system: number): Outcome | null {
	const score = row.scores[system] ?? null;
	const threshold = thresholdOf(row, system);
	if (score === null || threshold === null) return null;
	if (score >= threshold === row.anomalous) return "right";
	return row.anomalous ? "missed" : "alarm";
}
