// Command-line options that become options of a category: prompts, references and tiles.
import { stat } from "node:fs/promises";
import { InvalidArgumentError, Option } from "commander";
import type { CategoryOptions } from "../category/options.js";
import { openFolder } from "../datasets/folder.js";
import { AlfaError } from "../errors.js";
import type { RawImage } from "../images/pixels.js";
import { decodeImages, type OnImageProblem } from "../images/stream.js";
import type { ImageReading } from "../options/reading.js";
import { type PromptListName, promptLists } from "../prompts/lists.js";
import { readPromptSet } from "../prompts/prompt-file.js";
import type { PromptSet } from "../prompts/prompt-set.js";
import type { TileOptions } from "../settings/settings.js";
import { parseNumbers } from "./options.js";

export function promptSetOption(): Option {
	const lists = promptLists.join(", ");
	return new Option(
		"--prompt-set <set>",
		`file of a prompt set, or a prompt list: ${lists} (default: the recipe's list)`,
	);
}

/** The prompts that --prompt-set names. */
export async function promptsFromFlag(
	promptSet: string | undefined,
): Promise<{ prompts?: PromptListName | PromptSet }> {
	if (promptSet === undefined) return {};
	const list = promptLists.find((name) => name === promptSet);
	return { prompts: list ?? (await readPromptSet(promptSet)) };
}

export interface ReferenceFlags {
	references?: string;
	rotate?: boolean;
	tile?: TileOptions;
}

export function referencesOption(): Option {
	const description =
		"folder of normal images: few-shot detection by the distance to these reference images";
	return new Option("--references <folder>", description);
}

export function rotateOption(): Option {
	return new Option(
		"--rotate",
		"use each reference image in all four orientations",
	);
}

export function tileOption(): Option {
	const description =
		"also detect each tile of the image, sizes in pixels, such as 512,64 (default: no tiles)";
	return new Option("--tile <size,overlap>", description).argParser(
		(text): TileOptions => {
			const [size, overlap, ...rest] = parseNumbers(text);
			if (size === undefined || rest.length > 0) {
				throw new InvalidArgumentError(
					"Expected a size, or a size and an overlap, separated by a comma.",
				);
			}
			return { size, ...(overlap !== undefined && { overlap }) };
		},
	);
}

/**
 * The references and tiles that the flags name. A reference image that cannot be read is left out and reported to
 * `onProblem`.
 */
export async function referencesFromFlags(
	{ references, rotate, tile }: ReferenceFlags,
	reading: ImageReading,
	onProblem: OnImageProblem,
): Promise<Pick<CategoryOptions, "references" | "tile">> {
	const augment = rotate ? "rotate4" : "none";
	return {
		...(references !== undefined && {
			references: {
				images: readableImages(
					await imagesInFolder(references),
					reading,
					onProblem,
				),
				augment,
			},
		}),
		...(tile && { tile }),
	};
}

async function* readableImages(
	files: readonly string[],
	reading: ImageReading,
	onProblem: OnImageProblem,
): AsyncGenerator<RawImage> {
	const options = { limit: 4, kind: "Reference", signal: undefined, onProblem };
	for await (const { pixels } of decodeImages(files, reading, options))
		yield pixels;
}

/** The paths of the image files in a folder, sorted by name, without hidden files. */
async function imagesInFolder(path: string): Promise<string[]> {
	const found = await stat(path).catch(() => undefined);
	if (!found?.isDirectory()) {
		throw new AlfaError(
			"ERR_ALFA_IMAGE",
			`${path} is not a folder; give the folder that contains the reference images`,
		);
	}
	const { images } = await openFolder(path);
	return images.map(({ file }) => file);
}
