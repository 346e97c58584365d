// Reads a dataset: finds the layout of a folder, reads it, and selects the requested categories.
import { resolve } from "node:path";
import { AlfaError, rangeError } from "../errors.js";
import {
	arrayOf,
	checkOptions,
	listed,
	nearest,
	oneOf,
	text,
	wrongType,
} from "../options/validate.js";
import type { CategoryData, Problem } from "./category-data.js";
import { type Folder, openFolder } from "./folder.js";
import type { Layout } from "./layout.js";
import { type LayoutName, layoutNames, layouts } from "./layouts.js";
import {
	type IsNormal,
	normalFoldersCheck,
	normalFolderTest,
} from "./normal-folders.js";

export interface Dataset {
	/** 'MVTec AD' or 'VisA' if the dataset has exactly their categories, else the name of the root folder. */
	readonly name: string;
	/** Absolute path. */
	readonly root: string;
	readonly layout: LayoutName;
	/** Sorted by name. At least one. */
	readonly categories: readonly CategoryData[];
	/** Sorted by category, then by `where`. */
	readonly problems: readonly Problem[];
}

export interface DatasetOptions {
	/** Default: the first of visa, mvtec and folder that matches. */
	layout?: LayoutName;
	/** Names of the categories to read. Default: all. */
	classes?: readonly string[];
	/**
	 * Names of folders with normal images, in any letter case. All other folders are kinds of defects. The layout of VisA
	 * has its own names. Default ['good', 'ok', 'normal'].
	 */
	normalFolders?: readonly string[];
}

const publishedDatasets: Record<string, string> = {
	"MVTec AD":
		"bottle cable capsule carpet grid hazelnut leather metal_nut pill screw tile toothbrush transistor wood zipper",
	VisA: "candle capsules cashew chewinggum fryum macaroni1 macaroni2 pcb1 pcb2 pcb3 pcb4 pipe_fryum",
};

/**
 * Reads a dataset. Rejects with ERR_ALFA_DATASET if the folder cannot be read or has no known layout, and with a
 * RangeError if the dataset does not have a class of `options.classes`.
 */
export async function readDataset(
	path: string,
	options: DatasetOptions = {},
): Promise<Dataset> {
	if (typeof path !== "string" || path === "")
		throw wrongType("the path of a folder", "root", path);
	const checked = checkOptions(options, "options", {
		layout: oneOf(layoutNames),
		classes: arrayOf(text, { min: 1, what: "an array of category names" }),
		normalFolders: normalFoldersCheck,
	});
	const isNormal = normalFolderTest(checked.normalFolders);
	const root = await openFolder(resolve(path));
	const layout = await findLayout(root, checked.layout, isNormal);
	const content = await layout.read(root, isNormal);
	if (content.categories.every(({ test }) => test.length === 0)) {
		throw new AlfaError(
			"ERR_ALFA_DATASET",
			`${root.path} has the layout ${layout.name} but contains no test image`,
		);
	}
	const categories = selectCategories(
		content.categories,
		checked.classes,
		root,
	);
	const names = new Set(["", ...categories.map(({ name }) => name)]);
	return {
		name: datasetName(root, categories),
		root: root.path,
		layout: layout.name,
		categories,
		problems: content.problems
			.filter(({ category }) => names.has(category))
			.sort(compareProblems),
	};
}

async function findLayout(
	root: Folder,
	requested: LayoutName | undefined,
	isNormal: IsNormal,
): Promise<Layout & { readonly name: LayoutName }> {
	const candidates = layouts.filter(
		({ name }) => requested === undefined || name === requested,
	);
	for (const layout of candidates) {
		if (await layout.matches(root, isNormal)) return layout;
	}
	const needs = candidates
		.map((layout) => `${layout.name} needs ${layout.needs}`)
		.join("; ");
	const problem = requested
		? `does not have the layout ${requested}`
		: "has none of the known layouts";
	throw new AlfaError("ERR_ALFA_DATASET", `${root.path} ${problem}: ${needs}`);
}

function selectCategories(
	all: readonly CategoryData[],
	classes: readonly string[] | undefined,
	root: Folder,
): readonly CategoryData[] {
	if (!classes) return all;
	const names = all.map(({ name }) => name);
	const unknown = classes.find((name) => !names.includes(name));
	if (unknown !== undefined) {
		const near = nearest(unknown, names);
		const suggestion = near ? `did you mean '${near}'? ` : "";
		throw rangeError(
			`Expected categories of ${root.path} for classes but received ${JSON.stringify(unknown)}; ` +
				`${suggestion}The dataset has ${listed(names)}`,
		);
	}
	return all.filter(({ name }) => classes.includes(name));
}

function datasetName(
	root: Folder,
	categories: readonly CategoryData[],
): string {
	const names = categories.map(({ name }) => name).join(" ");
	const published = Object.keys(publishedDatasets).find(
		(name) => publishedDatasets[name] === names,
	);
	return published ?? root.name;
}

function compareProblems(a: Problem, b: Problem): number {
	const compare = (x: string, y: string) => (x < y ? -1 : Number(x > y));
	return (
		compare(a.category, b.category) ||
		compare(a.where, b.where) ||
		compare(a.kind, b.kind)
	);
}
