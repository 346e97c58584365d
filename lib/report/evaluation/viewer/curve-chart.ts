// Curves on one uPlot, each with points of its own: ROC and precision-recall rise straight up, which one shared x column
// cannot express (uPlot's mode 2).

interface Line {
	system: number;
	x: readonly number[];
	y: readonly number[];
}

const chartHeight = 250;

function axes(x: string, y: string): NonNullable<PlotOptions["axes"]> {
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

/** Room for a chart that follows its panel's width. */
function plotSize(place: HTMLElement): { width: number; height: number } {
	return { width: Math.max(200, place.clientWidth), height: chartHeight };
}

function straight(
	chart: Plot,
	series: number,
): { stroke: Path2D; fill: null; clip: null; flags: number } {
	const { x, y } = {
		x: chart.data[series]![0] as unknown as number[],
		y: chart.data[series]![1] as unknown as number[],
	};
	const stroke = new Path2D();
	x.forEach((value, i) =>
		stroke.lineTo(
			chart.valToPos(value, "x", true),
			chart.valToPos(y[i]!, "y", true),
		),
	);
	return { stroke, fill: null, clip: null, flags: 0 };
}

function curveChart(
	place: HTMLElement,
	lines: readonly Line[],
	labels: { x: string; y: string },
	xMax: number,
	onPoint: (x: number | null) => void,
): Plot {
	const options = {
		...plotSize(place),
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
		axes: axes(labels.x, labels.y),
		series: [
			{},
			...lines.map(({ system }) => ({
				stroke: () => systemColour(system),
				dash: systemDash(system),
				width: 1.75,
				paths: straight,
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
	// Its types know mode 1 alone.
	return new uPlot(
		options as unknown as PlotOptions,
		[null, ...lines.map(({ x, y }) => [x, y])] as never,
		place,
	);
}

/** By x, rising: precision and recall may come from either end. */
function rising({ x, y }: CurvePoints): CurvePoints {
	return x.length > 1 && x[0]! > x.at(-1)!
		? { x: [...x].reverse(), y: [...y].reverse() }
		: { x, y };
}

/** Between its neighbours; where a curve rises straight up, the top. */
function valueAt({ x, y }: Line, at: number): number | null {
	let after = x.length;
	for (let low = 0; low < after; ) {
		const middle = (low + after) >> 1;
		if (x[middle]! <= at) low = middle + 1;
		else after = middle;
	}
	if (after === 0) return null;
	const before = after - 1;
	if (after === x.length) return x[before]! < at - 1e-9 ? null : y[before]!;
	return (
		y[before]! +
		((y[after]! - y[before]!) * (at - x[before]!)) / (x[after]! - x[before]!)
	);
}
