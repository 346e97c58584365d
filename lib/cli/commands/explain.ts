// alfa explain: explains the score of one image with reasons, regions and prompts.
import { basename } from "node:path";
import type { Command } from "commander";
import { type Reason, relativeSimilarity } from "../../detection/reasons.js";
import type { Region } from "../../detection/regions.js";
import type { Detection, JudgedPrompt } from "../../detection.js";
import { Engine } from "../../engine.js";
import type { RecipeName } from "../../recipes.js";
import { renderDetectionPage } from "../../report/detection-page.js";
import { writeFileAtomic } from "../../util/atomic-file.js";
import { promptSetOption, promptsFromFlag } from "../category-options.js";
import {
	decisionText,
	mapPeak,
	mapPosition,
	positionText,
} from "../detection-text.js";
import {
	colourOption,
	damagedOption,
	jsonOption,
	maxPixelsOption,
	modelOption,
	pixelThresholdOption,
	type ReadingFlags,
	readingFromFlags,
	recipeOption,
	thresholdOption,
	wholeNumber,
} from "../options.js";
import { colour, log, print, printable, printJson } from "../terminal.js";

interface ExplainFlags extends ReadingFlags {
	class: string;
	model: string;
	recipe: RecipeName;
	promptSet?: string;
	threshold?: number;
	pixelThreshold?: number;
	top: number;
	prompts?: boolean;
	page?: string;
	json?: boolean;
}

export function addExplain(program: Command): void {
	program
		.command("explain")
		.description("explain the score of one image: reasons, regions, prompts")
		.argument("<image>", "image file")
		.requiredOption(
			"--class <name>",
			'what the image shows, such as "metal nut"',
		)
		.addOption(modelOption())
		.addOption(maxPixelsOption())
		.addOption(damagedOption())
		.addOption(colourOption())
		.addOption(recipeOption())
		.addOption(promptSetOption())
		.addOption(thresholdOption())
		.addOption(pixelThresholdOption())
		.option("--top <count>", "number of reasons and regions", wholeNumber(1), 8)
		.option("--page <file>", "also write an HTML page")
		.option(
			"--prompts",
			"list every prompt, kept or dropped, with its similarity",
		)
		.addOption(jsonOption())
		.action(explain);
}

const barWidth = 24;

async function explain(file: string, flags: ExplainFlags): Promise<void> {
	const { recipe, threshold, pixelThreshold, top } = flags;
	await using engine = await Engine.open({
		model: flags.model,
		...readingFromFlags(flags),
	});
	const category = await engine.category(flags.class, {
		recipe,
		...(await promptsFromFlag(flags.promptSet)),
		...(threshold !== undefined && { threshold }),
		...(pixelThreshold !== undefined && { pixelThreshold }),
	});
	const result = await category.detect(file);
	for (const warning of result.warnings)
		log(`alfa: ${printable(file)}: ${printable(warning)}`);
	const judged = flags.prompts ? result.judgedPrompts() : undefined;
	if (flags.page !== undefined)
		await writePage(flags.page, file, flags, result);
	if (flags.json) {
		printJson(toJson(file, flags, result, judged));
		return;
	}
	const score = colour("bold", result.score.toFixed(3));
	print(
		`${printable(file)}  score ${score}  ${decisionText(result.anomalous)}  ${positionText(mapPeak(result))}`,
	);
	printReasons(result.reasons, top);
	printRegions(result, top);
	if (category.pixelThreshold === undefined && result.map.length > 0) {
		log("alfa: no regions without a threshold; give --pixel-threshold");
	}
	printPromptCounts(result);
	if (judged) {
		for (const label of ["normal", "abnormal"] as const) {
			const prompts = judged.filter((prompt) => prompt.label === label);
			printPrompts(label, prompts);
		}
	}
}

async function writePage(
	page: string,
	file: string,
	{ class: name, recipe }: ExplainFlags,
	result: Detection,
): Promise<void> {
	const overlay =
		result.map.length > 0 ? { overlay: await result.toPng() } : {};
	const html = renderDetectionPage({
		heading: `Why ${name} scores ${result.score.toFixed(3)}`,
		facts: [file, `recipe ${recipe}`],
		groups: [
			{ name, entries: [{ title: basename(file), result, ...overlay }] },
		],
	});
	await writeFileAtomic(page, html);
	log(`alfa: the page is ${printable(page)}`);
}

function toJson(
	file: string,
	flags: ExplainFlags,
	result: Detection,
	judged: JudgedPrompt[] | undefined,
) {
	const {
		score,
		anomalous,
		globalScore,
		localScore,
		reasons,
		regions,
		prompts,
		warnings,
	} = result;
	return {
		file,
		class: flags.class,
		recipe: flags.recipe,
		score,
		anomalous,
		globalScore,
		localScore,
		peak: mapPeak(result),
		reasons,
		regions,
		prompts,
		judged,
		warnings,
	};
}

function printReasons(reasons: readonly Reason[], top: number): void {
	if (reasons.length === 0) {
		log("alfa: no reasons, because this prompt set has no descriptors");
		return;
	}
	print(colour("dim", "\nReasons (similarity)"));
	for (const { text, similarity } of reasons.slice(0, top)) {
		const filled = Math.round(
			barWidth * relativeSimilarity(reasons, similarity),
		);
		const bar =
			colour("red", "█".repeat(filled)) +
			colour("dim", "·".repeat(barWidth - filled));
		print(`  ${bar}  ${similarity.toFixed(3)}  ${printable(text)}`);
	}
}

function printRegions(
	{ regions, mapWidth, mapHeight }: Detection,
	top: number,
): void {
	for (const [i, region] of regions.slice(0, top).entries()) {
		if (i === 0) print();
		print(`  region ${i + 1}: ${regionText(region, mapWidth, mapHeight)}`);
	}
}

function regionText(
	{ box, area, peak, peakAt, reason }: Region,
	mapWidth: number,
	mapHeight: number,
): string {
	const position = mapPosition(
		(peakAt.x + 0.5) / mapWidth,
		(peakAt.y + 0.5) / mapHeight,
		peak,
	);
	const percent = ((100 * area) / (mapWidth * mapHeight)).toFixed(1);
	const parts = [
		positionText(position),
		`${box.width} x ${box.height} of ${mapWidth} x ${mapHeight}`,
		`${percent}% of the map`,
		`peak ${peak.toFixed(3)}`,
		...(reason ? [printable(reason)] : []),
	];
	return parts.join(", ");
}

function printPromptCounts({
	prompts: { kept, of, ambiguous },
}: Detection): void {
	if (of[0] === 0) return;
	const remark = ambiguous
		? " (on one side no prompt was kept, so all prompts of that side count)"
		: "";
	print(
		`\n  prompts kept: ${kept[0]} of ${of[0]} normal, ${kept[1]} of ${of[1]} abnormal${remark}`,
	);
}

function printPrompts(label: string, prompts: JudgedPrompt[]): void {
	print(colour("dim", `\n${label} prompts (similarity, + kept, - dropped)`));
	for (const { text, similarity, kept } of prompts.sort(
		(a, b) => b.similarity - a.similarity,
	)) {
		const mark = kept ? colour("green", "+") : colour("dim", "-");
		const line = kept ? printable(text) : colour("dim", printable(text));
		print(`  ${mark} ${similarity.toFixed(3)}  ${line}`);
	}
}
