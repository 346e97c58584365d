// What the report says about the damaged lines of a run that was continued.
import type { Problem } from "../datasets/category-data.js";
import type { Dataset } from "../datasets/dataset.js";
import { type Journal, journalFile } from "./journal.js";

/**
 * By the name of the dataset: one problem per image that was measured again because its line was damaged. Lines whose
 * image is no longer readable make one problem of the first dataset.
 */
export function damageProblems(
	journal: Journal,
	datasets: readonly Dataset[],
): Map<string, Problem[]> {
	const lineByImage = new Map<string, number>();
	for (const { line, image } of journal.damagedLines)
		if (image !== undefined) lineByImage.set(image, line);
	const named = new Set<number>();
	const problems = new Map<string, Problem[]>();
	for (const { name, categories } of datasets) {
		const ofDataset: Problem[] = [];
		for (const { name: category, test } of categories)
			for (const { id } of test) {
				const line = lineByImage.get(id);
				const key = { dataset: name, category, image: id };
				if (line === undefined || !journal.isNew(key)) continue;
				named.add(line);
				const message = `Line ${line} of ${journalFile} was damaged, so ${id} was measured again`;
				ofDataset.push({
					kind: "damaged-journal",
					category,
					where: id,
					message,
				});
			}
		problems.set(name, ofDataset);
	}
	const others = journal.damagedLines
		.map(({ line }) => line)
		.filter((line) => !named.has(line));
	if (others.length > 0 && journal.hasNew)
		problems.get(datasets[0]!.name)!.push(problemOfLines(others));
	return problems;
}

function problemOfLines(lines: readonly number[]): Problem {
	const list = lines.slice(0, 10).join(", ");
	const more = lines.length > 10 ? ", …" : "";
	return {
		kind: "damaged-journal",
		category: "",
		where: journalFile,
		message: `${journalFile} has damaged lines (${list}${more}); every image without a valid line was measured again`,
	};
}
