// How the image scores of a category lie, defective upwards and good downwards, and where the threshold of the best F1
// cuts them. Back to back: bars that cover each other cannot be told apart.

interface Bins {
	centres: number[];
	good: (number | null)[];
	defective: (number | null)[];
	width: number;
}

function binsOf(
	good: readonly number[],
	defective: readonly number[],
): Bins | null {
	const all = [...good, ...defective].sort((a, b) => a - b);
	if (all.length === 0) return null;
	const low = all[0]!,
		high = all.at(-1)!;
	const count = Math.min(
		40,
		Math.max(8, Math.round(2 * Math.sqrt(all.length))),
	);
	const width = (high - low || 1e-6) / count;
	const counts = (scores: readonly number[], sign: number) => {
		const bins = new Array<number>(count).fill(0);
		for (const score of scores)
			bins[Math.min(count - 1, Math.floor((score - low) / width))]!++;
		return bins.map((each) => sign * each || null);
	};
	return {
		centres: Array.from({ length: count }, (_, i) => low + (i + 0.5) * width),
		good: counts(good, -1),
		defective: counts(defective, 1),
		width,
	};
}

function histogramChart(
	place: HTMLElement,
	{ centres, good, defective, width }: Bins,
	threshold: number | null,
): Plot {
	const bars = uPlot.paths.bars!({ size: [1, Infinity], gap: 1 });
	const series = (name: string) => ({
		stroke: () => colour(name),
		fill: () => `${colour(name)}99`,
		width: 1,
		fillTo: 0,
		paths: bars,
		points: { show: false },
	});
	const low = centres[0]! - width / 2,
		high = centres.at(-1)! + width / 2;
	const most = (counts: readonly (number | null)[]) =>
		Math.max(
			1,
			1.08 * Math.max(...counts.map((count) => Math.abs(count ?? 0))),
		);
	const [across, up] = axes("score", "images") as [object, object];
	return new uPlot(
		{
			...plotSize(place),
			legend: { show: false },
			cursor: { show: false },
			padding: [8, 10, 0, 0],
			scales: {
				x: {
					time: false,
					range:
						threshold === null
							? [low, high]
							: [
									Math.min(low, threshold - width / 2),
									Math.max(high, threshold + width / 2),
								],
				},
				y: { range: [-most(good), most(defective)] },
			},
			axes: [
				across,
				{
					...up,
					values: (_, splits) =>
						splits.map((split) =>
							Number.isInteger(split) ? String(Math.abs(split)) : "",
						),
				},
			],
			series: [{}, series("good"), series("bad")],
			hooks: {
				draw: [
					(chart) => {
						if (threshold !== null) thresholdLine(chart, threshold);
					},
				],
			},
		},
		[centres, good, defective],
		place,
	);
}

function thresholdLine(chart: Plot, threshold: number): void {
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

function histogramText(
	good: readonly number[],
	defective: readonly number[],
	threshold: number | null,
): Child[] {
	const key = (name: string, count: number) =>
		make("span", { class: `key ${name}` }, `${name} (${count})`);
	const rest =
		threshold === null
			? "no threshold"
			: `threshold ${threshold.toFixed(3)}: ${good.filter((score) => score >= threshold).length} false alarms, ${defective.filter((score) => score < threshold).length} missed`;
	return [
		key("defective", defective.length),
		key("good", good.length),
		make("span", {}, rest),
	];
}
