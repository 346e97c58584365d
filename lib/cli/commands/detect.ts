// alfa detect: scores images, one table row each. An image that fails is reported and does not stop the others.
import { basename, extname, join } from "node:path";
import type { Command } from "commander";
import type { Category } from "../../category.js";
import type { Detection } from "../../detection.js";
import { Engine } from "../../engine.js";
import { AlfaError, codeOf } from "../../errors.js";
import type { OnImageProblem } from "../../images/stream.js";
import type { RecipeName } from "../../recipes.js";
import { writeFileAtomic } from "../../util/atomic-file.js";
import { makeDirectory } from "../../util/make-directory.js";
import { ordered } from "../../util/ordered.js";
import {
	promptSetOption,
	promptsFromFlag,
	type ReferenceFlags,
	referencesFromFlags,
	referencesOption,
	rotateOption,
	tileOption,
} from "../category-options.js";
import { decisionText, mapPeak, positionText } from "../detection-text.js";
import {
	colourOption,
	damagedOption,
	jsonOption,
	maxPixelsOption,
	modelOption,
	type PrecisionFlag,
	precisionOption,
	type ReadingFlags,
	rangeOption,
	readingFromFlags,
	recipeOption,
	scalesOption,
	thresholdOption,
} from "../options.js";
import { log, print, printable, printJson, Table } from "../terminal.js";

interface DetectFlags extends ReferenceFlags, ReadingFlags {
	class: string;
	model: string;
	precision?: PrecisionFlag;
	recipe: RecipeName;
	promptSet?: string;
	scales?: number[];
	out?: string;
	threshold?: number;
	range: [number, number];
	json?: boolean;
}

export function addDetect(program: Command): void {
	program
		.command("detect")
		.description("score images and locate anomalies")
		.argument("<images...>", "image files")
		.requiredOption(
			"--class <name>",
			'what the images show, such as "metal nut"',
		)
		.addOption(modelOption())
		.addOption(precisionOption())
		.addOption(maxPixelsOption())
		.addOption(damagedOption())
		.addOption(colourOption())
		.addOption(recipeOption())
		.addOption(promptSetOption())
		.addOption(scalesOption())
		.addOption(thresholdOption())
		.addOption(referencesOption())
		.addOption(rotateOption())
		.addOption(tileOption())
		.option("--out <folder>", "folder for overlays, one PNG per image")
		.addOption(rangeOption())
		.addOption(jsonOption())
		.action(detect);
}

type Outcome =
	| { file: string; result: Detection }
	| { file: string; error: Error };

/** Images whose detection runs ahead of the output. */
const detectedAhead = 16;

async function detect(files: string[], flags: DetectFlags): Promise<void> {
	const { recipe, threshold, out, json } = flags;
	await using engine = await Engine.open({
		model: flags.model,
		...(flags.precision && { precision: flags.precision }),
		...readingFromFlags(flags),
	});
	/** Reference images that cannot be read. */
	const problems: FailedImage[] = [];
	const category = await prepareCategory(engine, flags, ({ image, error }) => {
		problems.push(reportFailure(String(image), error));
	});
	if (out) await makeOutputFolder(out);
	const table = json ? undefined : detectionTable(files);
	table?.printHeader();
	const overlays = new Overlays(out, flags.range);
	const images = [];
	for await (const outcome of detectFiles(category, files))
		images.push(await reportOutcome(outcome, overlays, table));
	if (json)
		printJson({
			model: engine.info.model,
			class: flags.class,
			recipe,
			threshold,
			...(problems.length > 0 && { problems }),
			images,
		});
	else if (out && overlays.count > 0)
		print(`\nThe overlays are in ${printable(out)}`);
	else if (out && category.settings.map === "none")
		log(`alfa: no overlays, because the recipe ${recipe} has no anomaly map`);
}

interface FailedImage {
	file: string;
	error: { code: string | undefined; message: string };
}

/** Prints the error of one image, and sets the exit status. */
function reportFailure(file: string, error: Error): FailedImage {
	process.exitCode = 1;
	const isNamed = error.message.includes(file);
	const message = isNamed ? error.message : `${file}: ${error.message}`;
	log(`alfa: ${printable(message)}`);
	return { file, error: { code: codeOf(error), message } };
}

/** Prints a row, writes the overlay, and returns what --json prints about the image. */
async function reportOutcome(
	outcome: Outcome,
	overlays: Overlays,
	table: Table | undefined,
): Promise<object> {
	const { file } = outcome;
	if ("error" in outcome) return reportFailure(file, outcome.error);
	const { result } = outcome;
	for (const warning of result.warnings)
		log(`alfa: ${printable(file)}: ${printable(warning)}`);
	const peak = mapPeak(result);
	table?.printRow([
		printable(file),
		result.score.toFixed(3),
		decisionText(result.anomalous),
		positionText(peak),
	]);
	try {
		const overlay = peak && (await overlays.write(file, result));
		return { ...toJson(file, result), peak, overlay };
	} catch (error) {
		return {
			...toJson(file, result),
			peak,
			...reportFailure(file, error as Error),
		};
	}
}

async function makeOutputFolder(folder: string): Promise<void> {
	await makeDirectory(folder).catch((cause: Error) => {
		throw new AlfaError(
			"ERR_ALFA_WRITE",
			`The folder ${folder} cannot be created (${cause.message}); give another folder with --out`,
			{ cause },
		);
	});
}

/** The PNG files of --out. */
class Overlays {
	readonly #folder: string | undefined;
	readonly #range: [number, number];
	readonly #names = new Set<string>();

	constructor(folder: string | undefined, range: [number, number]) {
		this.#folder = folder;
		this.#range = range;
	}

	get count(): number {
		return this.#names.size;
	}

	/** The path of the overlay. undefined without --out. */
	async write(file: string, result: Detection): Promise<string | undefined> {
		if (this.#folder === undefined) return undefined;
		const overlay = join(this.#folder, uniqueName(file, this.#names));
		const png = await result.toPng({ range: this.#range });
		await writeFileAtomic(overlay, png).catch((cause: Error) => {
			throw new AlfaError(
				"ERR_ALFA_WRITE",
				`The overlay ${overlay} cannot be written (${cause.message})`,
				{ cause },
			);
		});
		return overlay;
	}
}

async function prepareCategory(
	engine: Engine,
	flags: DetectFlags,
	onProblem: OnImageProblem,
): Promise<Category> {
	const { recipe, scales, threshold } = flags;
	return engine.category(flags.class, {
		recipe,
		...(await promptsFromFlag(flags.promptSet)),
		...(await referencesFromFlags(flags, engine.info.images, onProblem)),
		...(scales && { scales }),
		...(threshold !== undefined && { threshold }),
	});
}

function detectionTable(files: readonly string[]): Table {
	const longest = Math.max(7, ...files.map((file) => printable(file).length));
	return new Table([
		{ title: "image", width: Math.min(48, longest) },
		{ title: "score", width: 6, right: true },
		{ title: "decision", width: 9 },
		{ title: "peak", width: 24 },
	]);
}

/** One outcome per file, in order. */
async function* detectFiles(
	category: Category,
	files: string[],
): AsyncGenerator<Outcome> {
	if (category.settings.map === "mutual") {
		yield* detectTogether(category, files);
		return;
	}
	const detectFile = async (
		file: string,
		_: number,
		signal: AbortSignal,
	): Promise<Outcome> => {
		try {
			return { file, result: await category.detect(file, { signal }) };
		} catch (error) {
			return { file, error: error as Error };
		}
	};
	yield* ordered(files, detectedAhead, undefined, detectFile);
}

/** For a recipe that compares the images with each other. Images that fail do not count. */
async function* detectTogether(
	category: Category,
	files: string[],
): AsyncGenerator<Outcome> {
	const errors = new Map<number, Error>();
	const results = category.detectMany(files, {
		onError: "skip",
		onProblem: ({ index, error }) => {
			errors.set(index, error);
		},
	});
	let index = 0;
	for await (const result of results) {
		for (; errors.has(index); index++)
			yield { file: files[index]!, error: errors.get(index)! };
		yield { file: files[index++]!, result };
	}
	for (; errors.has(index); index++)
		yield { file: files[index]!, error: errors.get(index)! };
}

/** A result without its map. */
function toJson(file: string, result: Detection) {
	const { score, anomalous, globalScore, localScore, mapWidth, mapHeight } =
		result;
	const { prompts, reasons, regions, warnings, timings } = result;
	return {
		file,
		score,
		anomalous,
		globalScore,
		localScore,
		mapWidth,
		mapHeight,
		prompts,
		reasons,
		regions,
		warnings,
		timings,
	};
}

/** A name for the overlay that is not used yet. Images from different folders can have the same name. */
function uniqueName(file: string, used: Set<string>): string {
	const stem = basename(file, extname(file));
	let name = `${stem}.png`;
	for (let i = 2; used.has(name); i++) name = `${stem}-${i}.png`;
	used.add(name);
	return name;
}
