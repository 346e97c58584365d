#!/usr/bin/env node
// The command `alfa`. Results on stdout, everything else on stderr; exits 0: it ran, 1: it failed, 2: wrong usage.
import { Command, CommanderError } from "commander";
import { codeOf } from "../errors.js";
import { packageManifest } from "../util/package.js";
import { bench, type BenchFlags } from "./bench.js";
import { demo, type DemoFlags } from "./demo.js";
import { detect, type DetectFlags } from "./detect.js";
import { doctor } from "./doctor.js";
import { evaluateCommand } from "./evaluate.js";
import { explain, type ExplainFlags } from "./explain.js";
import { gpuCommand } from "./gpu.js";
import { modelsInfo, modelsList } from "./models.js";
import {
	jsonOption,
	modelOption,
	pixelThresholdOption,
	precisionOption,
	promptSetOption,
	rangeOption,
	recipeOption,
	referencesOption,
	rotateOption,
	runsOption,
	scalesOption,
	singleRecipeOption,
	thresholdOption,
	tileOption,
	topOption,
} from "./options.js";
import { promptsCommand } from "./prompts.js";
import { pullCommands } from "./pull.js";
import { note, safe } from "./terminal.js";

const { version, description } = packageManifest();

let status = 0;
const program = new Command("alfa")
	.description(description)
	.version(version)
	.exitOverride()
	.showHelpAfterError("(see alfa --help)");

program
	.command("demo")
	.description(
		"the main job on the package's own model and pictures: table and overlays, offline",
	)
	.option("--out <folder>", "where the overlays go", "alfa-demo")
	.addOption(recipeOption())
	.addOption(jsonOption())
	.action((flags: DemoFlags) => demo(flags));

program
	.command("detect")
	.description("scores images and says where they look anomalous")
	.argument("<images...>", "picture files")
	.requiredOption(
		"--class <name>",
		'what the pictures show, such as "metal nut"',
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
	.option("--out <folder>", "write an overlay PNG per image there")
	.addOption(rangeOption())
	.addOption(jsonOption())
	.action(async (files: string[], flags: DetectFlags) => {
		status = await detect(files, flags);
	});

program
	.command("explain")
	.description(
		"what the score of one image rests on: reasons, regions, prompts",
	)
	.argument("<image>", "picture file")
	.requiredOption(
		"--class <name>",
		'what the picture shows, such as "metal nut"',
	)
	.addOption(modelOption())
	.addOption(recipeOption())
	.addOption(promptSetOption())
	.addOption(thresholdOption())
	.addOption(pixelThresholdOption())
	.addOption(topOption())
	.option("--page <file>", "also as an HTML page")
	.option(
		"--prompts",
		"list every prompt, kept or dropped, with its similarity",
	)
	.addOption(jsonOption())
	.action((file: string, flags: ExplainFlags) => explain(file, flags));

evaluateCommand(program, (code) => {
	status = code;
});
promptsCommand(program, (code) => {
	status = code;
});

const models = program
	.command("models")
	.description("the checkpoints at hand, and those that can be downloaded");
models
	.command("list", { isDefault: true })
	.description("names and folders")
	.addOption(jsonOption())
	.action(modelsList);
models
	.command("info")
	.description("what is in a checkpoint")
	.argument("[model]", "name or folder", "demo")
	.addOption(jsonOption())
	.action(modelsInfo);
pullCommands(models, (code) => {
	status = code;
});

gpuCommand(program, (code) => {
	status = code;
});

program
	.command("bench")
	.description("how fast a model is on this machine")
	.addOption(modelOption())
	.addOption(precisionOption())
	.addOption(singleRecipeOption())
	.addOption(scalesOption())
	.addOption(runsOption())
	.addOption(jsonOption())
	.action((flags: BenchFlags) => bench(flags));

program
	.command("doctor")
	.description("what this machine can do, and what is missing")
	.addOption(jsonOption())
	.action(async (flags: { json?: boolean }) => {
		status = await doctor(flags);
	});

process.stdout.on("error", (error: NodeJS.ErrnoException) => {
	if (error.code === "EPIPE") process.exit(0); // the reader has seen enough: `alfa … | head`
	throw error;
});

try {
	await program.parseAsync();
} catch (error) {
	if (error instanceof CommanderError) {
		status = error.exitCode === 0 ? 0 : 2;
	} else {
		const code = codeOf(error);
		note(`alfa: ${safe((error as Error).message)}${code ? ` [${code}]` : ""}`);
		status = code === "ERR_ALFA_ARGUMENT" || code === "ERR_ALFA_RANGE" ? 2 : 1;
		if (!code && process.env["DEBUG"]) note((error as Error).stack ?? "");
	}
}
process.exitCode = status;
