// From a folder to a dataset: finds its layout, reads it, keeps the categories asked for.
import { resolve } from "node:path";
import {
	arrayOf,
	checkOptions,
	listed,
	nearest,
	oneOf,
	text,
	wrongType,
} from "../options/validate.js";
import { AlfaError, rangeError } from "../errors.js";
import {
	layoutNames,
	type CategoryData,
	type Dataset,
	type LayoutName,
	type Problem,
} from "./dataset.js";
import { openFolder, type Folder } from "./folder.js";
import type { Layout } from "./layout.js";
import { folder } from "./layout-folder.js";
import { mvtec } from "./layout-mvtec.js";
import { visa } from "./layout-visa.js";

export interface DatasetOptions {
	/** Default: the first of visa, mvtec and folder that fits. */
	layout?: LayoutName;
	/** The categories to keep, by name. Default: all. */
	classes?: readonly string[];
}

const layouts: Record<LayoutName, Layout> = { visa, mvtec, folder }; // in the order in which they are tried

const published: Record<string, string> = {
	"MVTec AD":
		"bottle cable capsule carpet grid hazelnut leather metal_nut pill screw tile toothbrush transistor wood zipper",
	VisA: "candle capsules cashew chewinggum fryum macaroni1 macaroni2 pcb1 pcb2 pcb3 pcb4 pipe_fryum",
};

/** Rejects with ERR_ALFA_DATASET where the folder cannot be read or no layout fits, a RangeError where a class is not in it. */
export async function readDataset(
	path: string,
	options: DatasetOptions = {},
): Promise<Dataset> {
	if (typeof path !== "string" || path === "")
		throw wrongType("the path of a folder", "root", path);
	checkOptions(options, "options", {
		layout: oneOf(layoutNames),
		classes: arrayOf(text, { min: 1, what: "an array of category names" }),
	});
	const root = await openFolder(resolve(path));
	const layout = await layoutOf(root, options.layout);
	const found = await layouts[layout].read(root);
	if (found.categories.every(({ test }) => test.length === 0))
		throw new AlfaError(
			"ERR_ALFA_DATASET",
			`${root.path} has the layout ${layout}, but no image to test in it`,
		);
	const categories = kept(found.categories, options.classes, root);
	const names = new Set(["", ...categories.map(({ name }) => name)]);
	return {
		name: nameOf(root, categories),
		root: root.path,
		layout,
		categories,
		problems: found.problems
			.filter(({ category }) => names.has(category))
			.sort(inOrder),
	};
}

async function layoutOf(
	root: Folder,
	wanted: LayoutName | undefined,
): Promise<LayoutName> {
	const tried = wanted ? [wanted] : (Object.keys(layouts) as LayoutName[]);
	for (const name of tried)
		if (await layouts[name].recognises(root)) return name;
	const needs = tried
		.map((name) => `${name} needs ${layouts[name].needs}`)
		.join("; ");
	throw new AlfaError(
		"ERR_ALFA_DATASET",
		`${root.path} ${wanted ? `has not the layout ${wanted}` : "has none of the known layouts"}: ${needs}`,
	);
}

function kept(
	all: readonly CategoryData[],
	classes: readonly string[] | undefined,
	root: Folder,
): readonly CategoryData[] {
	if (!classes) return all;
	const names = all.map(({ name }) => name);
	for (const wanted of classes)
		if (!names.includes(wanted)) {
			const near = nearest(wanted, names);
			throw rangeError(
				`Expected categories of ${root.path} for classes but received ${JSON.stringify(wanted)}; ` +
					`${near ? `did you mean '${near}'? ` : ""}There ${names.length === 1 ? "is" : "are"} ${listed(names)}`,
			);
		}
	return all.filter(({ name }) => classes.includes(name));
}

function nameOf(root: Folder, categories: readonly CategoryData[]): string {
	const held = categories.map(({ name }) => name).join(" ");
	return (
		Object.keys(published).find((name) => published[name] === held) ?? root.name
	);
}

function inOrder(a: Problem, b: Problem): number {
	const compare = (x: string, y: string) => (x < y ? -1 : Number(x > y));
	return (
		compare(a.category, b.category) ||
		compare(a.where, b.where) ||
		compare(a.kind, b.kind)
	);
}
