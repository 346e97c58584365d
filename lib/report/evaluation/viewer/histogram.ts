// The histogram of a category's image scores: defective images upwards, good images downwards, and the threshold of the
// best F1. The two sides point in opposite directions because overlapping bars are hard to read.

import { chartAxes, type Plot, plotSize } from "./curve-chart.js";
import { type Child, createElement } from "./dom.js";
import { colour } from "./theme.js";

export interface Bins {
	centres: number[];
	/** Negative counts, null for an empty bin. */
	good: (number | null)[];
	/** Counts, null for an empty bin. */
	defective: (number | null)[];
	width: number;
}

export function makeBins(
	good: readonly number[],
	defective: readonly number[],
): Bins | null {
	const all = [...good, ...defective].sort((a, b) => a - b);
	if (all.length === 0) return null;
	const low = all[0]!;
	const high = all.at(-1)!;
	const count = Math.min(
		40,
		Math.max(8, Math.round(2 * Math.sqrt(all.length))),
	);
	const width = (high - low || 1e-6) / count;
	const countScores = (scores: readonly number[], sign: number) => {
		const counts = new Array<number>(count).fill(0);
		for (const score of scores) {
			const bin = Math.min(count - 1, Math.floor((score - low) / width));
			counts[bin]! += 1;
		}
		return counts.map((value) => sign * value || null);
	};
	return {
		centres: Array.from({ length: count }, (_, i) => low + (i + 0.5) * width),
		good: countScores(good, -1),
		defective: countScores(defective, 1),
		width,
	};
}

export function drawHistogram(
	panel: HTMLElement,
	{ centres, good, defective, width }: Bins,
	threshold: number | null,
): Plot {
	const bars = uPlot.paths.bars!({ size: [1, Infinity], gap: 1 });
	const series = (colourName: string) => ({
		stroke: () => colour(colourName),
		fill: () => `${colour(colourName)}99`,
		width: 1,
		fillTo: 0,
		paths: bars,
		points: { show: false },
	});
	// The x axis covers all bins and the threshold.
	const half = width / 2;
	const low = Math.min(centres[0]!, threshold ?? Infinity) - half;
	const high = Math.max(centres.at(-1)!, threshold ?? -Infinity) + half;
	const [scoreAxis, countAxis] = chartAxes("score", "images") as [
		object,
		object,
	];
	const countLabel = (count: number) =>
		Number.isInteger(count) ? String(Math.abs(count)) : "";
	const options = {
		...plotSize(panel),
		legend: { show: false },
		cursor: { show: false },
		padding: [8, 10, 0, 0] as [number, number, number, number],
		scales: {
			x: { time: false, range: [low, high] as [number, number] },
			y: { range: [-tallest(good), tallest(defective)] as [number, number] },
		},
		axes: [
			scoreAxis,
			{
				...countAxis,
				values: (_: Plot, counts: number[]) => counts.map(countLabel),
			},
		],
		series: [{}, series("good"), series("bad")],
		hooks: {
			draw: [
				(chart: Plot) => {
					if (threshold !== null) drawThreshold(chart, threshold);
				},
			],
		},
	};
	return new uPlot(options, [centres, good, defective], panel);
}

/** The height of the highest bar, with a margin. */
function tallest(counts: readonly (number | null)[]): number {
	return Math.max(
		1,
		1.08 * Math.max(...counts.map((count) => Math.abs(count ?? 0))),
	);
}

function drawThreshold(chart: Plot, threshold: number): void {
	const { ctx, bbox } = chart;
	const x = Math.round(chart.valToPos(threshold, "x", true)) + 0.5;
	ctx.save();
	ctx.strokeStyle = colour("ink");
	ctx.lineWidth = 1.5 * devicePixelRatio;
	ctx.setLineDash([5 * devicePixelRatio, 3 * devicePixelRatio]);
	ctx.beginPath();
	ctx.moveTo(x, bbox.top);
	ctx.lineTo(x, bbox.top + bbox.height);
	ctx.stroke();
	ctx.restore();
}

export function histogramLegend(
	good: readonly number[],
	defective: readonly number[],
	threshold: number | null,
): Child[] {
	const key = (name: string, count: number) =>
		createElement("span", { class: `key ${name}` }, `${name} (${count})`);
	return [
		key("defective", defective.length),
		key("good", good.length),
		createElement("span", {}, thresholdText(good, defective, threshold)),
	];
}

function thresholdText(
	good: readonly number[],
	defective: readonly number[],
	threshold: number | null,
): string {
	if (threshold === null) return "no threshold";
	const falseAlarms = good.filter((score) => score >= threshold).length;
	const missed = defective.filter((score) => score < threshold).length;
	return `threshold ${threshold.toFixed(3)}: ${falseAlarms} false alarms, ${missed} missed`;
}
