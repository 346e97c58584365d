// alfa detect: scores the images named, one row each; one that fails is reported and does not stop the others.
import { writeFile } from "node:fs/promises";
import { basename, extname, join } from "node:path";
import type { Category } from "../category.js";
import { Engine } from "../engine.js";
import { makeDirectory } from "../util/make-directory.js";
import { ordered } from "../util/ordered.js";
import type { RecipeName } from "../recipes.js";
import type { Detection } from "../detection.js";
import { lookOf, promptsOf, type LookFlags } from "./options.js";
import { peak, placeText } from "./place.js";
import { colour, note, print, printJson, safe, Table } from "./terminal.js";

export interface DetectFlags extends LookFlags {
	class: string;
	model: string;
	precision?: "auto" | "fp32" | "int8";
	recipe: RecipeName;
	promptSet?: string;
	scales?: number[];
	out?: string;
	threshold?: number;
	range: [number, number];
	json?: boolean;
}

type Outcome =
	| { file: string; result: Detection }
	| { file: string; error: Error };

/** Resolves to the exit status: 1 where an image failed. */
export async function detect(
	files: string[],
	flags: DetectFlags,
): Promise<number> {
	const { recipe, scales, threshold, out } = flags;
	await using engine = await Engine.open({
		model: flags.model,
		...(flags.precision && { precision: flags.precision }),
	});
	const category = await engine.category(flags.class, {
		recipe,
		...(await promptsOf(flags.promptSet)),
		...(await lookOf(flags)),
		...(scales && { scales }),
		...(threshold !== undefined && { threshold }),
	});
	if (out) await makeDirectory(out);
	const table = new Table([
		{
			title: "picture",
			width: Math.min(
				48,
				Math.max(7, ...files.map((file) => safe(file).length)),
			),
		},
		{ title: "score", width: 6, right: true },
		{ title: "verdict", width: 9 },
		{ title: "peak", width: 24 },
	]);
	if (!flags.json) table.header();
	const names = new Set<string>();
	const entries = [];
	let failed = 0;

	for await (const outcome of outcomesOf(category, files)) {
		if ("error" in outcome) {
			failed++;
			note(`alfa: ${safe(outcome.error.message)}`);
			entries.push({
				file: outcome.file,
				error: {
					code: (outcome.error as { code?: string }).code,
					message: outcome.error.message,
				},
			});
			continue;
		}
		const { file, result } = outcome;
		const place = peak(result);
		const overlay = out && place ? join(out, unused(file, names)) : undefined;
		if (overlay)
			await writeFile(overlay, await result.toPng({ range: flags.range }));
		entries.push({ ...plain(file, result), peak: place, overlay });
		if (!flags.json)
			table.row([
				safe(file),
				result.score.toFixed(3),
				verdict(result.anomalous),
				placeText(place),
			]);
	}
	if (flags.json)
		printJson({
			model: engine.info.model,
			class: flags.class,
			recipe,
			threshold,
			images: entries,
		});
	else if (out && names.size > 0) print(`\nOverlays are in ${safe(out)}`);
	else if (out) note(`alfa: no overlays: the recipe ${recipe} makes no map`);
	return failed > 0 ? 1 : 0;
}

/** One outcome per file, in order. Images that judge each other stand or fall together. */
async function* outcomesOf(
	category: Category,
	files: string[],
): AsyncGenerator<Outcome> {
	if (category.settings.map === "mutual") {
		let index = 0;
		for await (const result of category.detectMany(files))
			yield { file: files[index++]!, result };
		return;
	}
	yield* ordered(
		files,
		16,
		undefined,
		(file, _, signal): Promise<Outcome> =>
			category.detect(file, { signal }).then(
				(result) => ({ file, result }),
				(error: Error) => ({ file, error }),
			),
	);
}

/** A result as JSON: everything but the map. */
function plain(
	file: string,
	{
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
	}: Detection,
) {
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

export function verdict(anomalous: boolean | undefined): string {
	return anomalous === undefined
		? colour("dim", "–")
		: anomalous
			? colour("red", "anomalous")
			: colour("green", "normal");
}

/** A name for the overlay that none before it has: pictures of the same name may come from several folders. */
function unused(file: string, names: Set<string>): string {
	const stem = basename(file, extname(file));
	let name = `${stem}.png`;
	for (let i = 2; names.has(name); i++) name = `${stem}-${i}.png`;
	names.add(name);
	return name;
}
