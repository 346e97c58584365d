// alfa explain: what one image's score rests on. Reasons as bars, regions with theirs, and on demand every prompt.
import { writeFile } from "node:fs/promises";
import { basename } from "node:path";
import { Engine } from "../engine.js";
import { relativeSimilarity, type Reason } from "../category/reasons.js";
import type { RecipeName } from "../recipes.js";
import type { Detection, JudgedPrompt } from "../detection.js";
import type { Region } from "../category/regions.js";
import { renderPage } from "../report/page.js";
import { verdict } from "./detect.js";
import { promptsOf } from "./options.js";
import { peak, placeOf, placeText } from "./place.js";
import { colour, note, print, printJson, safe } from "./terminal.js";

export interface ExplainFlags {
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

const barWidth = 24;

export async function explain(
	file: string,
	flags: ExplainFlags,
): Promise<void> {
	const { recipe, threshold, pixelThreshold, top } = flags;
	await using engine = await Engine.open({ model: flags.model });
	const category = await engine.category(flags.class, {
		recipe,
		...(await promptsOf(flags.promptSet)),
		...(threshold !== undefined && { threshold }),
		...(pixelThreshold !== undefined && { pixelThreshold }),
	});
	const result = await category.detect(file);
	const judged = flags.prompts ? result.judgedPrompts() : undefined;
	if (flags.page !== undefined)
		await writePage(flags.page, file, flags, result);
	if (flags.json) {
		const {
			score,
			anomalous,
			globalScore,
			localScore,
			reasons,
			regions,
			prompts,
		} = result;
		return printJson({
			file,
			class: flags.class,
			recipe,
			score,
			anomalous,
			globalScore,
			localScore,
			peak: peak(result),
			reasons,
			regions,
			prompts,
			judged,
		});
	}
	print(
		`${safe(file)}  score ${colour("bold", result.score.toFixed(3))}  ${verdict(result.anomalous)}  ${placeText(peak(result))}`,
	);
	printReasons(result.reasons, top);
	for (const [i, region] of result.regions.slice(0, top).entries())
		printRegion(i + 1, region, result);
	if (category.pixelThreshold === undefined && result.map.length > 0)
		note("alfa: give --pixel-threshold to see regions");
	printKept(result);
	if (judged)
		for (const label of ["normal", "abnormal"] as const)
			printPrompts(
				label,
				judged.filter((each) => each.label === label),
			);
}

async function writePage(
	page: string,
	file: string,
	{ class: name, recipe }: ExplainFlags,
	result: Detection,
): Promise<void> {
	const overlay =
		result.map.length > 0 ? { overlay: await result.toPng() } : {};
	await writeFile(
		page,
		renderPage({
			heading: `Why ${name} scores ${result.score.toFixed(3)}`,
			facts: [file, `recipe ${recipe}`],
			groups: [
				{ name, entries: [{ title: basename(file), result, ...overlay }] },
			],
		}),
	);
	note(`alfa: the page is ${safe(page)}`);
}

function printReasons(reasons: readonly Reason[], top: number): void {
	if (reasons.length === 0)
		return note(
			"alfa: this prompt set has no descriptors, so there are no reasons",
		);
	print(colour("dim", "\nWhat it looks like (similarity)"));
	for (const { text, similarity } of reasons.slice(0, top)) {
		const filled = Math.round(barWidth * relativeSimilarity(reasons, similarity));
		print(
			`  ${colour("red", "█".repeat(filled))}${colour("dim", "·".repeat(barWidth - filled))}  ${similarity.toFixed(3)}  ${safe(text)}`,
		);
	}
}

function printRegion(
	number: number,
	{ box, area, peak, peakAt, reason }: Region,
	{ mapWidth, mapHeight }: Detection,
): void {
	const share = ((100 * area) / (mapWidth * mapHeight)).toFixed(1);
	const place = placeText(
		placeOf((peakAt.x + 0.5) / mapWidth, (peakAt.y + 0.5) / mapHeight, peak),
	);
	print(
		`${number === 1 ? "\n" : ""}  region ${number}: ${place}, ${box.width} x ${box.height} of ${mapWidth} x ${mapHeight}, ${share}% of the map, peak ${peak.toFixed(3)}` +
			(reason ? `, ${safe(reason)}` : ""),
	);
}

function printKept({ prompts: { kept, of, ambiguous } }: Detection): void {
	if (of[0] === 0) return;
	print(
		`\n  prompts kept: ${kept[0]} of ${of[0]} normal, ${kept[1]} of ${of[1]} abnormal${ambiguous ? " (a side kept none and counts whole)" : ""}`,
	);
}

function printPrompts(label: string, prompts: JudgedPrompt[]): void {
	print(colour("dim", `\n${label} prompts (similarity, + kept, - dropped)`));
	for (const { text, similarity, kept } of prompts.sort(
		(a, b) => b.similarity - a.similarity,
	)) {
		print(
			`  ${kept ? colour("green", "+") : colour("dim", "-")} ${similarity.toFixed(3)}  ${kept ? safe(text) : colour("dim", safe(text))}`,
		);
	}
}
