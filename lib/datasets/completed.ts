// A category once its files are found: sorted, and what it lacks reported.
import type { CategoryData } from "./dataset.js";
import type { Report } from "./layout.js";

export function completed(
	{ name, train, test }: CategoryData,
	report: Report,
): CategoryData {
	const defective = test.filter((image) => image.anomalous);
	const bare = defective.filter((image) => image.mask === undefined);
	if (train.length === 0)
		report(
			"no-train",
			name,
			`${name} has no normal images to draw references from; good test images are taken, which then do not count`,
		);
	if (defective.length === test.length)
		report(
			"no-good",
			name,
			`${name} has no normal test images: nothing in it can be ranked`,
		);
	if (defective.length === 0)
		report(
			"no-defective",
			name,
			`${name} has no anomalous test images: nothing in it can be ranked`,
		);
	if (bare.length > 1 && bare.length === defective.length)
		report(
			"missing-mask",
			name,
			`${name} has no masks: only image figures can be measured`,
		);
	else
		for (const { id } of bare)
			report(
				"missing-mask",
				id,
				`${id} has no mask and counts for image figures alone`,
			);
	return { name, train: train.toSorted(byId), test: test.toSorted(byId) };
}

const byId = (a: { id: string }, b: { id: string }) =>
	a.id < b.id ? -1 : Number(a.id > b.id);
