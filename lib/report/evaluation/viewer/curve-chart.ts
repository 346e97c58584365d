// Draws curves with uPlot. Each curve has its own x values: ROC and precision-recall curves have vertical
// segments, which a shared x column cannot express. uPlot calls this mode 2.
import type { CurvePoints } from "../results.js";
import { colour, systemColour, systemDash } from "./theme.js";

export type Plot = import("uplot");
type PlotOptions = import("uplot").Options;

export interface Line {
	system: number;
	x: readonly number[];
	y: readonly number[];
}

const chartHeight = 250;

export function chartAxes(
	x: string,
	y: string,
): NonNullable<PlotOptions["axes"]> {
	const axis = {
		stroke: () => colour("soft"),
		grid: { stroke: () => colour("line"), width: 1 },
		ticks: { show: false },
		font: "12px system-ui, sans-serif",
		labelFont: "12px system-ui, sans-serif",
		labelSize: 18,
		labelGap: 0,
	};
	return [
		{ ...axis, label: x, size: 26 },
		{ ...axis, label: y, size: 40 },
	];
}

/** A chart is as wide as its panel. */
export function plotSize(panel: HTMLElement): {
	width: number;
	height: number;
} {
	return { width: Math.max(200, panel.clientWidth), height: chartHeight };
}

/** Straight lines between the points. uPlot's own path builders do not support mode 2 with vertical segments. */
function straightPath(chart: Plot, series: number) {
	const [x, y] = chart.data[series] as unknown as [number[], number[]];
	const stroke = new Path2D();
	x.forEach((value, i) => {
		stroke.lineTo(
			chart.valToPos(value, "x", true),
			chart.valToPos(y[i]!, "y", true),
		);
	});
	return { stroke, fill: null, clip: null, flags: 0 };
}

/** `onPoint` gets the x value under the pointer, or null if the pointer is outside. */
export function drawCurveChart(
	panel: HTMLElement,
	lines: readonly Line[],
	labels: { x: string; y: string },
	xMax: number,
	onPoint: (x: number | null) => void,
): Plot {
	const options = {
		...plotSize(panel),
		mode: 2,
		legend: { show: false },
		padding: [8, 10, 0, 0],
		cursor: {
			drag: { x: false, y: false },
			points: { show: false },
			dataIdx: () => null,
		},
		scales: {
			x: { time: false, auto: false, range: [0, xMax] },
			y: { auto: false, range: [0, 1.005] },
		},
		axes: chartAxes(labels.x, labels.y),
		series: [
			{},
			...lines.map(({ system }) => ({
				stroke: () => systemColour(system),
				dash: systemDash(system),
				width: 1.75,
				paths: straightPath,
				points: { show: false },
			})),
		],
		hooks: {
			setCursor: [
				(chart: Plot) => {
					const left = chart.cursor.left ?? -1;
					onPoint(
						left < 0
							? null
							: Math.min(xMax, Math.max(0, chart.posToVal(left, "x"))),
					);
				},
			],
		},
	};
	const data = [null, ...lines.map(({ x, y }) => [x, y])];
	// uPlot's types describe only mode 1.
	return new uPlot(options as unknown as PlotOptions, data as never, panel);
}

/** The curve with rising x. Precision-recall curves can start at either end. */
export function withRisingX({ x, y }: CurvePoints): CurvePoints {
	const isFalling = x.length > 1 && x[0]! > x.at(-1)!;
	return isFalling ? { x: [...x].reverse(), y: [...y].reverse() } : { x, y };
}

/** Interpolates between the two neighbours. On a vertical segment, its last value. null outside the curve. */
export function valueAt({ x, y }: Line, position: number): number | null {
	const next = firstGreater(x, position);
	if (next === 0) return null;
	const previous = next - 1;
	if (next === x.length)
		return x[previous]! < position - 1e-9 ? null : y[previous]!;
	const share = (position - x[previous]!) / (x[next]! - x[previous]!);
	return y[previous]! + (y[next]! - y[previous]!) * share;
}

/** The index of the first value greater than `limit`, by binary search. */
function firstGreater(values: readonly number[], limit: number): number {
	let low = 0;
	let high = values.length;
	while (low < high) {
		const middle = (low + high) >> 1;
		if (values[middle]! <= limit) low = middle + 1;
		else high = middle;
	}
	return low;
}
