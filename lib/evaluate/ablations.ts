// Questions about the method as lists of systems: each list changes one thing and leaves the rest at its default.
import type { SystemOptions } from "./systems.js";

const lambdas = [0.01, 0.1, 1, 10, 100];
const without = { context: "off", aligner: "off" } as const;

export const ablations = {
	/** The paper's Table 2: what each component adds. */
	components: [
		{
			title: "one-class",
			prompts: "templates",
			...without,
			readout: "one-class",
		},
		{ title: "templates", prompts: "templates", ...without },
		{ title: "+ class prompts", prompts: "merged", ...without },
		{ title: "+ contextual score", prompts: "merged", aligner: "off" },
		{ title: "+ aligner", prompts: "merged" },
		{
			title: "templates, contextual score",
			prompts: "templates",
			aligner: "off",
		},
		{ title: "templates, contextual score, aligner", prompts: "templates" },
	],
	/** The paper's Table 6: window sizes. */
	scales: [[], [2], [2, 3], [2, 3, 4], [3], [3, 4]].map((scales) => ({
		title: scales.length > 0 ? `windows ${scales.join(", ")}` : "no windows",
		scales,
		...(scales.length === 0 && { map: "none" as const }),
	})),
	/** The paper's Table 6: which part of the score counts. */
	score: [
		{ title: "S_G alone", readout: "global" },
		{ title: "max M alone", readout: "local" },
		{ title: "S" },
	],
	aligner: [
		{ title: "aligner off", aligner: "off" },
		...lambdas.map((lambda) => ({
			title: `ridge, lambda ${lambda}`,
			aligner: "ridge" as const,
			lambda,
		})),
		...[0.01, 1].map((lambda) => ({
			title: `pinv, eps ${lambda}`,
			aligner: "pinv" as const,
			lambda,
		})),
		{ title: "raw values", values: "raw" },
		{ title: "no class row", classRow: false },
		{ title: "raw values, no class row", values: "raw", classRow: false },
	],
	temperature: [0.01, 0.07, 1].map((temperature) => ({
		title: `T = ${temperature}`,
		temperature,
	})),
	harmonic: [
		{ title: "windows alone" },
		{ title: "with S_G", harmonic: { includeGlobal: true } },
	],
	context: [
		{ title: "context off", context: "off" },
		{ title: "context on" },
		{ title: "fallback both", context: { fallback: "both" } },
		{ title: "weighting by score", context: { weighting: "score" } },
		{
			title: "weighting by score, fallback both",
			context: { weighting: "score", fallback: "both" },
		},
	],
} as const satisfies Record<string, readonly SystemOptions[]>;

export type AblationName = keyof typeof ablations;
export const ablationNames = Object.keys(ablations) as AblationName[];

/** The systems of some ablations, titled by their question. */
export function ablationSystems(
	names: readonly AblationName[],
): SystemOptions[] {
	return names.flatMap((name) =>
		(ablations[name] as readonly SystemOptions[]).map((each) => ({
			...each,
			title: `${name}: ${each.title}`,
		})),
	);
}
