// All commands, in the order in which `alfa --help` lists them. To add a command, write its file in commands/
// and add it to this list.
import type { Command } from "commander";
import { addBench } from "./commands/bench.js";
import { addDemo } from "./commands/demo.js";
import { addDetect } from "./commands/detect.js";
import { addDoctor } from "./commands/doctor.js";
import { addEvaluate } from "./commands/evaluate.js";
import { addExplain } from "./commands/explain.js";
import { addGpu } from "./commands/gpu.js";
import { addModels } from "./commands/models.js";
import { addPrompts } from "./commands/prompts.js";

/**
 * Defines a command: its name, description, options and action. An action sets process.exitCode to 1 if it
 * failed without an error.
 */
export type AddCommand = (program: Command) => void;

export const commands: readonly AddCommand[] = [
	addDemo,
	addDetect,
	addExplain,
	addEvaluate,
	addPrompts,
	addModels,
	addGpu,
	addBench,
	addDoctor,
];
