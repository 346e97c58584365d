// A dataset that a user passes: a result of readDataset, or an object of the same shape.
import {
	arrayOf,
	boolean,
	type Check,
	isPlain,
	oneOf,
	text,
	wrongType,
} from "../options/validate.js";
import { readObject } from "../util/read-once.js";
import { problemKinds } from "./category-data.js";
import type { Dataset } from "./dataset.js";
import { layoutNames } from "./layouts.js";

/** A copy with the keys of the shape; other keys are left out. */
function record(
	required: Record<string, Check>,
	optional: Record<string, Check> = {},
): Check {
	const keys = [...Object.keys(required), ...Object.keys(optional)];
	return (value, name) => {
		if (!isPlain(value)) throw wrongType("an object", name, value);
		const read = readObject(value, name, keys);
		const copy: Record<string, unknown> = {};
		for (const [key, check] of Object.entries(required))
			copy[key] = check(read[key], `${name}.${key}`);
		for (const [key, check] of Object.entries(optional))
			if (read[key] !== undefined)
				copy[key] = check(read[key], `${name}.${key}`);
		return copy;
	};
}

const anyText: Check<string> = (value, name) => {
	if (typeof value !== "string") throw wrongType("a string", name, value);
	return value;
};

const image = { id: text, file: text };
const category = record({
	name: text,
	train: arrayOf(record(image)),
	test: arrayOf(
		record({ ...image, kind: text, anomalous: boolean }, { mask: text }),
	),
});
const problem = record({
	kind: oneOf(problemKinds),
	category: anyText,
	where: anyText,
	message: anyText,
});
const dataset = record({
	name: text,
	root: text,
	layout: oneOf(layoutNames),
	categories: arrayOf(category, { min: 1, what: "an array of categories" }),
	problems: arrayOf(problem),
});

/** A copy. Throws a TypeError or RangeError for anything else. */
export function checkDataset(value: unknown, name: string): Dataset {
	if (isPlain(value)) return dataset(value, name) as Dataset;
	throw wrongType(
		"the path of a folder, a result of readDataset, or an array of them",
		name,
		value,
	);
}
