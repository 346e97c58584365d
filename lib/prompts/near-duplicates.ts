import { argumentError } from "../errors.js";

/** For each row, whether no earlier row that stays is closer than the bound. */
export function farApart(
	rows: Float32Array,
	count: number,
	bound: number,
): boolean[] {
	const width = rows.length / count;
	if (!Number.isInteger(width) || width === 0)
		throw argumentError(
			`Expected ${count} rows of one length from embed but received ${rows.length} numbers`,
		);
	const stays: number[] = [];
	return Array.from({ length: count }, (_, i) => {
		const apart = stays.every((j) => {
			let dot = 0;
			for (let k = 0; k < width; k++)
				dot += rows[i * width + k]! * rows[j * width + k]!;
			return dot <= bound;
		});
		if (apart) stays.push(i);
		return apart;
	});
}
