// The words for a category in its prompts, if they are not the cleaned name of its folder.
import type { Problem } from "../datasets/category-data.js";
import type { Dataset } from "../datasets/dataset.js";
import { rangeError } from "../errors.js";
import { listed, nearest } from "../options/validate.js";

/** By the name of the category. */
export type DisplayNames = Readonly<Record<string, string>>;

/** Throws a RangeError if a name belongs to no category. */
export function checkDisplayNames(
	displayNames: DisplayNames | undefined,
	datasets: readonly Dataset[],
): void {
	const known = datasets.flatMap(({ categories }) =>
		categories.map(({ name }) => name),
	);
	for (const name of Object.keys(displayNames ?? {})) {
		if (known.includes(name)) continue;
		const near = nearest(name, known);
		const suggestion = near ? `did you mean '${near}'? ` : "";
		throw rangeError(
			`Expected categories as the keys of displayNames but received ${JSON.stringify(name)}; ` +
				`${suggestion}The categories are ${listed(known)}`,
		);
	}
}

/** undefined: the cleaned name of the category. A name without letters, such as "01", becomes "object 01". */
export function displayNameOf(
	category: string,
	displayNames: DisplayNames | undefined,
): string | undefined {
	if (displayNames && Object.hasOwn(displayNames, category))
		return displayNames[category]!;
	if (/\p{L}/u.test(category)) return undefined;
	return `object ${category.replace(/[^\p{N}.]+/gu, " ").trim()}`.trim();
}

/** A problem for a category whose name says nothing about its images. */
export function displayNameProblem(
	category: string,
	displayNames: DisplayNames | undefined,
): Problem | undefined {
	const name = displayNameOf(category, displayNames);
	if (name === undefined || Object.hasOwn(displayNames ?? {}, category))
		return undefined;
	return {
		kind: "no-class-name",
		category,
		where: category,
		message:
			`The name ${category} has no letters, so prompts call its images "${name}"; ` +
			"give displayNames to change it",
	};
}
