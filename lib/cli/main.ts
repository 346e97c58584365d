#!/usr/bin/env node
// The command `alfa`. Exit status: 0 = success, 1 = failure, 2 = wrong usage.
import { Command, CommanderError } from "commander";
import { codeOf } from "../errors.js";
import { packageManifest } from "../util/package.js";
import { commands } from "./commands.js";
import { log, printable, visibleLines, watchOutput } from "./terminal.js";

const { version, description } = packageManifest();
const program = new Command("alfa")
	.description(description)
	.version(version)
	.exitOverride()
	.configureOutput({
		// Messages about wrong arguments repeat them.
		outputError: (text, write) => write(visibleLines(text)),
	})
	.showHelpAfterError("(see alfa --help)");
for (const addCommand of commands) addCommand(program);

watchOutput();

try {
	await program.parseAsync();
} catch (error) {
	process.exitCode = reportError(error);
}

/** Prints the error and returns the exit status. */
function reportError(error: unknown): number {
	// Commander has printed its own message or the help.
	if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
	const { message, stack } = error as Error;
	const code = codeOf(error);
	log(`alfa: ${printable(message)}${code ? ` [${code}]` : ""}`);
	if (!code && process.env["DEBUG"]) log(stack ?? "");
	return code === "ERR_ALFA_ARGUMENT" || code === "ERR_ALFA_RANGE" ? 2 : 1;
}
