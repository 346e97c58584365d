// What was wrong with the data, by kind.
import { escapeHtml } from "../../util/escape.js";
import { problemKinds, type ProblemKind } from "../../datasets/dataset.js";
import type { Evaluation } from "../../evaluate/results.js";
import { groupBy } from "./group.js";

const kindText: Readonly<Record<ProblemKind, string>> = {
	"missing-mask": "Defective images without a mask",
	"orphan-mask": "Masks without an image",
	"empty-mask": "Masks that mark nothing",
	"unreadable-mask": "Masks that cannot be read",
	"mask-size": "Masks of another size than their image",
	"unreadable-image": "Images that cannot be read",
	"missing-image": "Images in the split that are not there",
	outside: "Images in the split that lie outside the dataset",
	"no-good": "Categories without good test images",
	"no-defective": "Categories without defective test images",
	"no-train": "Categories without images to draw references from",
	"no-split": "Categories without a split",
	ignored: "Files and folders that were ignored",
};

export function problems({ datasets }: Evaluation): string {
	const all = datasets.flatMap(({ name, problems }) =>
		problems.map((problem) => ({ ...problem, dataset: name })),
	);
	const kinds = groupBy(all, (problem) => problem.kind);
	const lists = problemKinds.flatMap((kind) => {
		const found = kinds.get(kind);
		return found
			? [
					`<details><summary><b>${found.length}</b> ${kindText[kind]}</summary><ul class="problems">${found
						.map(
							(problem) =>
								`<li><span><bdi class="name">${escapeHtml(problem.where)}</bdi>${problem.where.startsWith(problem.category) ? "" : ` <small><bdi>${escapeHtml(problem.category)}</bdi></small>`}${datasets.length > 1 ? ` <small><bdi>${escapeHtml(problem.dataset)}</bdi></small>` : ""}</span><p>${escapeHtml(problem.message)}</p></li>`,
						)
						.join("")}</ul></details>`,
				]
			: [];
	});
	return `<section id="problems" aria-labelledby="problems-title"><h2 id="problems-title">Problems in the data</h2>
${lists.length > 0 ? `<div class="stack">${lists.join("\n")}</div>` : '<p class="caption">None were found.</p>'}
</section>`;
}
