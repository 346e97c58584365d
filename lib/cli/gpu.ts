// alfa gpu install and status: the GPU build of ONNX Runtime, and what this machine has and lacks for one.
import { InvalidArgumentError, type Command } from "commander";
import { installGpuRuntime } from "../onnxruntime/install.js";
import { ortVersion } from "../onnxruntime/version.js";
import {
	cudaNotice,
	gpuStatus,
	listAvailable,
	type GpuStatus,
} from "../onnxruntime/gpu-status.js";
import { fetching } from "./fetching.js";
import { jsonOption } from "./options.js";
import { colour, note, print, printJson, safe } from "./terminal.js";

interface InstallFlags {
	from?: string;
	sha256?: string;
	refresh?: boolean;
	json?: boolean;
}

function hash(text: string): string {
	if (!/^[0-9a-fA-F]{64}$/.test(text))
		throw new InvalidArgumentError(
			"Expected a SHA-256 of 64 hexadecimal digits.",
		);
	return text;
}

/** Adds `alfa gpu`; `done` gets the exit status. */
export function gpuCommand(
	program: Command,
	done: (status: number) => void,
): void {
	const gpu = program
		.command("gpu")
		.description(
			"the GPU build of ONNX Runtime, and what this machine has and lacks for it",
		);
	gpu
		.command("status", { isDefault: true })
		.description("what is there, and what brings the rest; downloads nothing")
		.addOption(jsonOption())
		.action(status);
	gpu
		.command("install")
		.description(
			`downloads ONNX Runtime ${ortVersion} for CUDA 13 (some 240 MB), checks and unpacks it; continues what an earlier try left`,
		)
		.option(
			"--from <file>",
			"take the archive from there: for machines without internet",
		)
		.option(
			"--sha256 <hash>",
			"the archive's SHA-256 (default: what GitHub states and this package knows)",
			hash,
		)
		.option("--refresh", "also where it is there already")
		.addOption(jsonOption())
		.addHelpText(
			"after",
			"\nALFA_ORT_MIRROR: address of a mirror of https://github.com/microsoft/onnxruntime/releases/download\nALFA_GITHUB_API: address of GitHub's API, which states the hash (default: https://api.github.com)",
		)
		.action(async (flags: InstallFlags) => done(await install(flags)));
}

async function install({ json, ...options }: InstallFlags): Promise<number> {
	const installed = await fetching((hooks) =>
		installGpuRuntime({ ...options, ...hooks }),
	);
	if (!installed) return 1;
	const { version, directory, cached, hashBy, unasked, sha256 } = installed;
	if (json) printJson(installed);
	else print(`ONNX Runtime ${version}  ${safe(directory)}`);
	if (unasked !== undefined)
		note(
			`GitHub did not state the archive's hash, so it was held to the one that this package knows: ${safe(unasked)}`,
		);
	const whose =
		hashBy === "sha256"
			? "the hash that you gave"
			: hashBy === "GitHub"
				? "the hash that GitHub states"
				: "the hash that this package knows";
	note(
		cached
			? "It was there before; --refresh installs it again"
			: `Checked against ${whose} (${sha256}); alfa gpu status says what else is needed`,
	);
	if (process.env["ALFA_ORT_DIR"])
		note(
			"ALFA_ORT_DIR is set and comes first: unset it for this one to be used",
		);
	return 0;
}

function status({ json }: { json?: boolean }): void {
	const found = gpuStatus();
	if (json) return printJson(found);
	const there = listAvailable(found);
	const width = Math.max(0, ...there.map(([name]) => name.length));
	for (const [name, is] of there)
		print(`${colour("green", "ok")}  ${safe(name).padEnd(width)}  ${safe(is)}`);
	printLacks(found);
	note(
		found.lacks.length > 0
			? "Everything runs on the CPU"
			: `Nothing is missing; ${cudaNotice}`,
	);
}

/** What is missing, a line each, and below it what ends it, a line each. */
export function printLacks({ lacks }: GpuStatus): void {
	for (const { what, commands } of lacks) {
		print(`${colour("yellow", "--")}  ${safe(what)}`);
		commands.forEach((command, i) =>
			print(`      ${colour("dim", i === 0 ? "" : "or: ")}${safe(command)}`),
		);
	}
}
