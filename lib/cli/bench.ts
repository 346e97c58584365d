// alfa bench: how fast a model is on this machine.
import { machine, modelLine, speedLines } from "../bench/table.js";
import { measureSpeed } from "../bench/measure.js";
import type { RecipeName } from "../recipes.js";
import { colour, note, print, printJson, safe } from "./terminal.js";

export interface BenchFlags {
	model: string;
	precision?: "auto" | "fp32" | "int8";
	recipe: RecipeName;
	scales?: number[];
	runs: number;
	json?: boolean;
}

export async function bench({
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
		onStage: (stage) => note(`alfa: ${stage}`),
	});
	if (json)
		return printJson({
			machine: machine(),
			model,
			info,
			recipe,
			scales: settings.scales,
			...speed,
		});
	print(colour("dim", machine()));
	print(colour("dim", safe(modelLine(info))));
	print(
		colour(
			"dim",
			`recipe ${recipe}, scales ${settings.scales.join(" and ") || "none"}\n`,
		),
	);
	for (const line of speedLines(speed)) print(line);
}
