// alfa detect: scores images, one table row each. An image that fails is reported and does not stop the others.
import { writeFile } from "node:fs/promises";
import { basename, extname, join } from "node:path";
import type { Command } from "commander";
import type { Category } from "../../category.js";
import type { Detection } from "../../detection.js";
import { Engine } from "../../engine.js";
import { codeOf } from "../../errors.js";
import type { RecipeName } from "../../recipes.js";
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
	jsonOption,
	modelOption,
	type PrecisionFlag,
	precisionOption,
	rangeOption,
	recipeOption,
	scalesOption,
	thresholdOption,
} from "../options.js";
import { log, print, printable, printJson, Table } from "../terminal.js";

interface DetectFlags extends ReferenceFlags {
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
	});
	const category = await prepareCategory(engine, flags);
	if (out) await makeDirectory(out);
	const table = json ? undefined : detectionTable(files);
	table?.printHeader();
	const overlayNames = new Set<string>();
	const images = [];
	for await (const outcome of detectFiles(category, files)) {
		if ("error" in outcome) {
			const { file, error } = outcome;
			process.exitCode = 1;
			log(`alfa: ${printable(error.message)}`);
			images.push({
				file,
				error: { code: codeOf(error), message: error.message },
			});
			continue;
		}
		const { file, result } = outcome;
		const peak = mapPeak(result);
		const overlay =
			out && peak ? join(out, uniqueName(file, overlayNames)) : undefined;
		if (overlay)
			await writeFile(overlay, await result.toPng({ range: flags.range }));
		images.push({ ...toJson(file, result), peak, overlay });
		table?.printRow([
			printable(file),
			result.score.toFixed(3),
			decisionText(result.anomalous),
			positionText(peak),
		]);
	}
	if (json)
		printJson({
			model: engine.info.model,
			class: flags.class,
			recipe,
			threshold,
			images,
		});
	else if (out && overlayNames.size > 0)
		print(`\nThe overlays are in ${printable(out)}`);
	else if (out)
		log(`alfa: no overlays, because the recipe ${recipe} has no anomaly map`);
}

async function prepareCategory(
	engine: Engine,
	flags: DetectFlags,
): Promise<Category> {
	const { recipe, scales, threshold } = flags;
	return engine.category(flags.class, {
		recipe,
		...(await promptsFromFlag(flags.promptSet)),
		...(await referencesFromFlags(flags)),
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

/** One outcome per file, in order. If the images judge each other, the first failure ends all of them. */
async function* detectFiles(
	category: Category,
	files: string[],
): AsyncGenerator<Outcome> {
	if (category.settings.map === "mutual") {
		let index = 0;
		for await (const result of category.detectMany(files))
			yield { file: files[index++]!, result };
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

/** A result without its map. */
function toJson(file: string, result: Detection) {
	const { score, anomalous, globalScore, localScore, mapWidth, mapHeight } =
		result;
	const { prompts, reasons, regions, timings } = result;
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
