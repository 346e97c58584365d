// The problems in the data, grouped by kind.
import {
	type Problem,
	type ProblemKind,
	problemKinds,
} from "../../datasets/category-data.js";
import { escapeHtml } from "../../util/escape.js";
import { groupBy } from "./group-by.js";
import type { Evaluation } from "./results.js";

const kindTitles: Readonly<Record<ProblemKind, string>> = {
	"missing-mask": "Defective images without a mask",
	"orphan-mask": "Masks without an image",
	"empty-mask": "Masks that mark no pixel",
	"unreadable-mask": "Masks that cannot be read",
	"mask-size": "Masks whose size differs from their image",
	"lossy-mask": "Masks that are compressed with loss",
	"unreadable-image": "Images that cannot be read or scored",
	"damaged-image": "Images that are damaged and were accepted",
	"failed-category": "Categories that could not be scored",
	"no-class-name": "Categories whose name has no letters",
	"damaged-journal": "Damaged lines in the results of a run that was continued",
	"missing-image": "Images that the split lists but that do not exist",
	outside: "Images that the split lists outside the dataset",
	"no-good": "Categories without good test images",
	"no-defective": "Categories without defective test images",
	"no-train": "Categories without normal training images",
	"no-split": "Datasets without a split file",
	ignored: "Files and folders that were ignored",
};

type PageProblem = Problem & { readonly dataset: string };

export function problemsSection({ datasets }: Evaluation): string {
	const all = datasets.flatMap(({ name, problems }): PageProblem[] =>
		problems.map((problem) => ({ ...problem, dataset: name })),
	);
	const byKind = groupBy(all, (problem) => problem.kind);
	const lists = problemKinds.flatMap((kind) => {
		const problems = byKind.get(kind);
		return problems ? [problemList(kind, problems, datasets.length > 1)] : [];
	});
	const content =
		lists.length > 0
			? `<div class="stack">${lists.join("\n")}</div>`
			: '<p class="caption">None.</p>';
	return `<section id="problems" aria-labelledby="problems-title"><h2 id="problems-title">Problems in the data</h2>
${content}
</section>`;
}

function problemList(
	kind: ProblemKind,
	problems: readonly PageProblem[],
	namesDataset: boolean,
): string {
	const items = problems.map((problem) => problemItem(problem, namesDataset));
	const title = `<summary><b>${problems.length}</b> ${kindTitles[kind]}</summary>`;
	return `<details>${title}<ul class="problems">${items.join("")}</ul></details>`;
}

function problemItem(
	{ where, category, dataset, message }: PageProblem,
	namesDataset: boolean,
): string {
	const small = (name: string) =>
		` <small><bdi>${escapeHtml(name)}</bdi></small>`;
	const categoryName = where.startsWith(category) ? "" : small(category);
	const datasetName = namesDataset ? small(dataset) : "";
	const name = `<bdi class="name">${escapeHtml(where)}</bdi>`;
	return `<li><span>${name}${categoryName}${datasetName}</span><p>${escapeHtml(message)}</p></li>`;
}
