// Values of command-line options that are more than text.
import { InvalidArgumentError, Option } from "commander";
import type { CategoryOptions } from "../category/options.js";
import type { TileOptions } from "../options/settings.js";
import { type PromptListName, promptLists } from "../prompts/lists.js";
import { readPromptSet } from "../prompts/prompt-file.js";
import type { PromptSet } from "../prompts/prompt-set.js";
import { recipeNames, recipes } from "../recipes.js";
import { picturesIn } from "./folders.js";

function numbers(text: string): number[] {
	const values = text
		.split(",")
		.map((each) => (each.trim() === "" ? NaN : Number(each)));
	if (values.some((each) => !Number.isFinite(each)))
		throw new InvalidArgumentError("Expected numbers with commas between.");
	return values;
}

export const modelOption = () =>
	new Option(
		"--model <model>",
		"'demo', a name that `alfa models list` shows, or a checkpoint's folder",
	).default("demo");
export const precisionOption = () =>
	new Option(
		"--precision <name>",
		"of the image tower (default: auto)",
	).choices(["auto", "fp32", "int8"]);
export const recipeOption = () =>
	new Option("--recipe <name>", "the system to run")
		.choices(recipeNames)
		.default("alfa");
/** Those that judge an image by itself. */
export const singleRecipeOption = () =>
	recipeOption().choices(
		recipeNames.filter((name) => recipes[name].map !== "mutual"),
	);
export const promptSetOption = () =>
	new Option(
		"--prompt-set <set>",
		`a file of prompts, or a list: ${promptLists.join(", ")} (default: the recipe's)`,
	);

/** What the option names, as a category takes it. */
export async function promptsOf(
	set: string | undefined,
): Promise<{ prompts?: PromptListName | PromptSet }> {
	if (set === undefined) return {};
	const list = promptLists.find((each) => each === set);
	return { prompts: list ?? (await readPromptSet(set)) };
}

/** Options that make a few-shot or tiled category. */
export interface LookFlags {
	references?: string;
	rotate?: boolean;
	tile?: TileOptions;
}
export const referencesOption = () =>
	new Option(
		"--references <folder>",
		"a folder of normal pictures (few-shot): distances are measured from them",
	);
export const rotateOption = () =>
	new Option("--rotate", "references count in all four orientations");
export const tileOption = () =>
	new Option(
		"--tile <size,overlap>",
		"also look tile by tile, in pixels, such as 512,64 (default: whole images)",
	).argParser((text): TileOptions => {
		const [size, overlap, ...more] = numbers(text);
		if (size === undefined || more.length > 0)
			throw new InvalidArgumentError("Expected a size, or size,overlap.");
		return { size, ...(overlap !== undefined && { overlap }) };
	});

export async function lookOf({
	references,
	rotate,
	tile,
}: LookFlags): Promise<Pick<CategoryOptions, "references" | "tile">> {
	return {
		...(references !== undefined && {
			references: {
				images: await picturesIn(references),
				augment: rotate ? "rotate4" : "none",
			} as const,
		}),
		...(tile && { tile }),
	};
}

export const jsonOption = () =>
	new Option("--json", "results as JSON on stdout");

export const scalesOption = () =>
	new Option(
		"--scales <list>",
		"sides of the windows in patches, such as 2,3 (default: the recipe's)",
	).argParser(numbers);

function share(text: string): number {
	const [value, ...more] = numbers(text);
	if (value === undefined || more.length > 0 || value < 0 || value > 1)
		throw new InvalidArgumentError("Expected a number from 0 to 1.");
	return value;
}

export const thresholdOption = () =>
	new Option(
		"--threshold <score>",
		"scores above it are anomalous, 0 to 1",
	).argParser(share);
export const pixelThresholdOption = () =>
	new Option(
		"--pixel-threshold <value>",
		"connected parts of the map above it are regions, 0 to 1",
	).argParser(share);
function count(text: string): number {
	const value = Number(text);
	if (!Number.isInteger(value) || value < 1)
		throw new InvalidArgumentError("Expected a whole number of at least 1.");
	return value;
}

export const topOption = () =>
	new Option("--top <count>", "how many reasons and regions")
		.default(8)
		.argParser(count);
export const runsOption = () =>
	new Option("--runs <count>", "detections to measure, one at a time")
		.default(50)
		.argParser(count);

export const rangeOption = () =>
	new Option(
		"--range <low,high>",
		"map values shown as the lowest and the highest colour",
	)
		.default([0, 1], "0,1")
		.argParser((text) => {
			const [low, high, ...more] = numbers(text);
			if (
				low === undefined ||
				high === undefined ||
				more.length > 0 ||
				low >= high
			)
				throw new InvalidArgumentError(
					"Expected two rising numbers with a comma between.",
				);
			return [low, high];
		});
