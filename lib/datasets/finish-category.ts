// The last step of reading a category: sorts its images and reports what is missing.
import type { CategoryData } from "./category-data.js";
import type { ReportProblem } from "./layout.js";

export function finishCategory(
	{ name, train, test }: CategoryData,
	report: ReportProblem,
): CategoryData {
	if (train.length === 0) {
		report(
			"no-train",
			name,
			`${name} has no normal training images: references are drawn from the good test images, which then ` +
				"do not count as test images",
		);
	}
	const defective = test.filter((image) => image.anomalous);
	if (defective.length === test.length) {
		report(
			"no-good",
			name,
			`${name} has no normal test images: its images cannot be ranked`,
		);
	}
	if (defective.length === 0) {
		report(
			"no-defective",
			name,
			`${name} has no anomalous test images: its images cannot be ranked`,
		);
	}
	const withoutMask = defective.filter((image) => image.mask === undefined);
	if (withoutMask.length > 1 && withoutMask.length === defective.length) {
		report(
			"missing-mask",
			name,
			`${name} has no masks: only image metrics can be computed`,
		);
	} else {
		for (const { id } of withoutMask) {
			report(
				"missing-mask",
				id,
				`${id} has no mask: it counts for image metrics only`,
			);
		}
	}
	return {
		name,
		train: train.toSorted(compareIds),
		test: test.toSorted(compareIds),
	};
}

/** By UTF-16 code units, so that the order does not depend on the locale. */
function compareIds(a: { id: string }, b: { id: string }): number {
	if (a.id === b.id) return 0;
	return a.id < b.id ? -1 : 1;
}
