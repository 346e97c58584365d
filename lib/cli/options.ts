// Command-line options that several commands share, and parsers for their values.
import { InvalidArgumentError, Option } from "commander";
import type { ImageReading } from "../options/reading.js";
import { recipeNames, recipes } from "../recipes.js";

export type PrecisionFlag = "auto" | "fp32" | "int8";

/** Comma-separated numbers. */
export function parseNumbers(text: string): number[] {
	const values = text
		.split(",")
		.map((part) => (part.trim() === "" ? NaN : Number(part)));
	if (!values.every(Number.isFinite))
		throw new InvalidArgumentError("Expected numbers, separated by commas.");
	return values;
}

/** A parser for a whole number of at least `min`. */
export function wholeNumber(min: number): (text: string) => number {
	return (text) => {
		const value = Number(text);
		if (!/^\d+$/.test(text) || value < min) {
			throw new InvalidArgumentError(
				`Expected a whole number of at least ${min}.`,
			);
		}
		return value;
	};
}

/** A number from 0 to 1. */
function parseFraction(text: string): number {
	const [value, ...rest] = parseNumbers(text);
	if (value === undefined || rest.length > 0 || value < 0 || value > 1) {
		throw new InvalidArgumentError("Expected a number from 0 to 1.");
	}
	return value;
}

/** Two numbers, the first one smaller. */
function parseRange(text: string): [number, number] {
	const [low, high, ...rest] = parseNumbers(text);
	if (
		low === undefined ||
		high === undefined ||
		rest.length > 0 ||
		low >= high
	) {
		throw new InvalidArgumentError(
			"Expected two numbers, separated by a comma, the first one smaller.",
		);
	}
	return [low, high];
}

export function parseSha256(text: string): string {
	if (!/^[0-9a-fA-F]{64}$/.test(text)) {
		throw new InvalidArgumentError(
			"Expected a SHA-256 with 64 hexadecimal digits.",
		);
	}
	return text;
}

export function jsonOption(): Option {
	return new Option("--json", "print the results as JSON to stdout");
}

export function modelOption(): Option {
	const description =
		"'demo', a name that `alfa models list` prints, or the folder of a checkpoint";
	return new Option("--model <model>", description).default("demo");
}

export function precisionOption(): Option {
	const option = new Option(
		"--precision <name>",
		"precision of the image tower (default: auto)",
	);
	return option.choices(["auto", "fp32", "int8"]);
}

export type ReadingFlags = Partial<ImageReading>;

export function maxPixelsOption(): Option {
	const description =
		"most pixels of an image, width times height (default: 268435456)";
	return new Option("--max-pixels <count>", description).argParser(
		wholeNumber(64),
	);
}

export function damagedOption(): Option {
	const description =
		"whether to score images that the decoder warns about (default: refuse)";
	return new Option("--damaged <name>", description).choices([
		"refuse",
		"accept",
	]);
}

export function colourOption(): Option {
	const description =
		"whether to convert colours from the ICC profile of the file (default: srgb)";
	return new Option("--colour <name>", description).choices(["srgb", "as-is"]);
}

/** The options of Engine.open that the flags name. */
export function readingFromFlags({
	maxPixels,
	damaged,
	colour,
}: ReadingFlags): Partial<ImageReading> {
	return {
		...(maxPixels !== undefined && { maxPixels }),
		...(damaged && { damaged }),
		...(colour && { colour }),
	};
}

export function recipeOption(): Option {
	return new Option("--recipe <name>", "the recipe to run")
		.choices(recipeNames)
		.default("alfa");
}

/** Only recipes that judge each image by itself. */
export function singleImageRecipeOption(): Option {
	return recipeOption().choices(
		recipeNames.filter((name) => recipes[name].map !== "mutual"),
	);
}

export function scalesOption(): Option {
	const description =
		"window sizes in patches, such as 2,3 (default: those of the recipe)";
	return new Option("--scales <list>", description).argParser(parseNumbers);
}

export function thresholdOption(): Option {
	const description = "image scores above it are anomalous, from 0 to 1";
	return new Option("--threshold <score>", description).argParser(
		parseFraction,
	);
}

export function pixelThresholdOption(): Option {
	const description =
		"connected parts of the anomaly map above it are regions, from 0 to 1";
	return new Option("--pixel-threshold <value>", description).argParser(
		parseFraction,
	);
}

export function rangeOption(): Option {
	return new Option(
		"--range <low,high>",
		"map values with the lowest and the highest colour",
	)
		.default([0, 1], "0,1")
		.argParser(parseRange);
}
