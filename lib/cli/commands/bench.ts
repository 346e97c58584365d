// alfa bench: the speed of a model on this machine.
import type { Command } from "commander";
import {
	machineDescription,
	modelDescription,
	speedLines,
} from "../../bench/format.js";
import { measureSpeed } from "../../bench/measure.js";
import type { RecipeName } from "../../recipes.js";
import {
	jsonOption,
	modelOption,
	type PrecisionFlag,
	precisionOption,
	scalesOption,
	singleImageRecipeOption,
	wholeNumber,
} from "../options.js";
import { colour, log, print, printable, printJson } from "../terminal.js";

interface BenchFlags {
	model: string;
	precision?: PrecisionFlag;
	recipe: RecipeName;
	scales?: number[];
	runs: number;
	json?: boolean;
}

export function addBench(program: Command): void {
	program
		.command("bench")
		.description("measure the speed of a model on this machine")
		.addOption(modelOption())
		.addOption(precisionOption())
		.addOption(singleImageRecipeOption())
		.addOption(scalesOption())
		.option(
			"--runs <count>",
			"number of detections to measure, one at a time",
			wholeNumber(1),
			50,
		)
		.addOption(jsonOption())
		.action(bench);
}

async function bench({
	model,
	precision,
	recipe,
	scales,
	runs,
	json,
}: BenchFlags): Promise<void> {
	const { info, settings, speed } = await measureSpeed({
		model,
		...(precision && { precision }),
		recipe,
		...(scales && { scales }),
		runs,
		onStage: (description) => log(`alfa: ${description}`),
	});
	const machine = machineDescription();
	if (json) {
		printJson({
			machine,
			model,
			info,
			recipe,
			scales: settings.scales,
			...speed,
		});
		return;
	}
	print(colour("dim", machine));
	print(colour("dim", printable(modelDescription(info))));
	print(
		colour(
			"dim",
			`recipe ${recipe}, scales ${settings.scales.join(" and ") || "none"}\n`,
		),
	);
	for (const line of speedLines(speed)) print(line);
}
