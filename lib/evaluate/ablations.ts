// Ablations: lists of systems that differ in one setting. All other settings have their defaults.
import type { SystemOptions } from "./systems.js";

const lambdas = [0.01, 0.1, 1, 10, 100];
const plain = { context: "off", aligner: "off" } as const;

export const ablations = {
	/** The paper's Table 2: the effect of each component. */
	components: [
		{
			title: "one-class",
			prompts: "templates",
			...plain,
			readout: "one-class",
		},
		{ title: "templates", prompts: "templates", ...plain },
		{ title: "+ class prompts", prompts: "merged", ...plain },
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
	/** The paper's Table 6: the parts of the anomaly score. */
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

/** The systems of several ablations. Each title starts with the name of the ablation. */
export function ablationSystems(
	names: readonly AblationName[],
): SystemOptions[] {
	return names.flatMap((name) => {
		const systems: readonly SystemOptions[] = ablations[name];
		return systems.map((system) => ({
			...system,
			title: `${name}: ${system.title}`,
		}));
	});
}
