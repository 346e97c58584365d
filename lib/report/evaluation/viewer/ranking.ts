// How wrongly an image is ranked, per system: the share of the other side's images, of its own category, on the wrong side
// of it. Among equals, the further beyond the threshold the worse.

interface Rank {
	wrong: number;
	passed: number;
	others: number;
	beyond: number;
}

const ranksBySystem = new Map<number, (Rank | null)[]>();

function ranksOf(system: number): readonly (Rank | null)[] {
	const known = ranksBySystem.get(system);
	if (known) return known;
	const sides = new Map<string, Float64Array>();
	const collected = new Map<string, number[]>();
	for (const row of rows) {
		const score = row.scores[system];
		if (score != null)
			(
				collected.get(sideOf(row, row.anomalous)) ??
				collected
					.set(sideOf(row, row.anomalous), [])
					.get(sideOf(row, row.anomalous))!
			).push(score);
	}
	for (const [side, scores] of collected)
		sides.set(side, Float64Array.from(scores).sort());
	const ranks = rows.map((row) => {
		const score = row.scores[system];
		return score == null
			? null
			: rankOf(
					row,
					score,
					sides.get(sideOf(row, !row.anomalous)) ?? new Float64Array(),
					thresholdOf(row, system),
				);
	});
	ranksBySystem.set(system, ranks);
	return ranks;
}

function sideOf(row: ImageRow, anomalous: boolean): string {
	return `${row.dataset}/${row.category}/${anomalous}`;
}

/** `others`: rising. A tie is half wrong, as in AUROC. */
function rankOf(
	{ anomalous }: ImageRow,
	score: number,
	others: Float64Array,
	threshold: number | null,
): Rank {
	const below = firstFrom(others, (other) => other >= score);
	const upTo = firstFrom(others, (other) => other > score);
	const ties = upTo - below;
	const passed = anomalous ? others.length - upTo : below;
	const beyond =
		threshold === null
			? -Infinity
			: anomalous
				? threshold - score
				: score - threshold;
	return {
		wrong: others.length === 0 ? 0 : (passed + ties / 2) / others.length,
		passed,
		others: others.length,
		beyond,
	};
}

function firstFrom(
	values: Float64Array,
	holds: (value: number) => boolean,
): number {
	let low = 0,
		high = values.length;
	while (low < high) {
		const middle = (low + high) >> 1;
		if (holds(values[middle]!)) high = middle;
		else low = middle + 1;
	}
	return low;
}

type Verdict = "right" | "missed" | "alarm" | null;

function verdictOf(row: ImageRow, system: number): Verdict {
	const score = row.scores[system] ?? null,
		threshold = thresholdOf(row, system);
	if (score === null || threshold === null) return null;
	const called = score >= threshold;
	return called === row.anomalous
		? "right"
		: row.anomalous
			? "missed"
			: "alarm";
}
