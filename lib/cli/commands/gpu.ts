// alfa gpu: installs the GPU build of ONNX Runtime, and shows what this machine has and what is missing for it.
import type { Command } from "commander";
import type { HashSource } from "../../onnxruntime/expected-archive.js";
import {
	cudaNotice,
	gpuStatus,
	listAvailable,
} from "../../onnxruntime/gpu-status.js";
import { installGpuRuntime } from "../../onnxruntime/install.js";
import { ortVersion } from "../../onnxruntime/version.js";
import { runDownload } from "../download-progress.js";
import { printMissing } from "../gpu-requirements.js";
import { jsonOption, parseSha256 } from "../options.js";
import { colour, log, print, printable, printJson } from "../terminal.js";

interface InstallFlags {
	from?: string;
	sha256?: string;
	refresh?: boolean;
	json?: boolean;
}

export function addGpu(program: Command): void {
	const gpu = program
		.command("gpu")
		.description(
			"install the GPU build of ONNX Runtime, and check what this machine has for it",
		);
	gpu
		.command("status", { isDefault: true })
		.description(
			"show what is available, and the commands that install the rest; downloads nothing",
		)
		.addOption(jsonOption())
		.action(showStatus);
	gpu
		.command("install")
		.description(
			`download ONNX Runtime ${ortVersion} for CUDA 13 (about 240 MB), verify and unpack it; continues ` +
				"an interrupted download",
		)
		.option(
			"--from <file>",
			"use this archive, for machines without internet access",
		)
		.option(
			"--sha256 <hash>",
			"the archive's SHA-256 (default: the hash that GitHub states and that this package has)",
			parseSha256,
		)
		.option("--refresh", "install even if it is installed already")
		.addOption(jsonOption())
		.addHelpText(
			"after",
			[
				"",
				"ALFA_ORT_MIRROR: address of a mirror of https://github.com/microsoft/onnxruntime/releases/download",
				"ALFA_GITHUB_API: address of GitHub's API, which states the hash (default: https://api.github.com)",
			].join("\n"),
		)
		.action(install);
}

const hashSources: Readonly<Record<HashSource, string>> = {
	sha256: "the hash of --sha256",
	GitHub: "the hash that GitHub states",
	"alfa-vad": "this package's own hash",
};

async function install({ json, ...options }: InstallFlags): Promise<void> {
	const installed = await runDownload((hooks) =>
		installGpuRuntime({ ...options, ...hooks }),
	);
	if (!installed) {
		process.exitCode = 1;
		return;
	}
	const { version, directory, cached, hashBy, unasked, sha256 } = installed;
	if (json) printJson(installed);
	else print(`ONNX Runtime ${version}  ${printable(directory)}`);
	if (unasked !== undefined) {
		log(
			`GitHub did not state the archive's hash, so this package's own hash was used: ${printable(unasked)}`,
		);
	}
	const hashSource = hashSources[hashBy ?? "alfa-vad"];
	log(
		cached
			? "It was installed already; --refresh installs it again"
			: `Verified with ${hashSource} (${sha256}); alfa gpu status shows what else is needed`,
	);
	if (process.env["ALFA_ORT_DIR"]) {
		log(
			"ALFA_ORT_DIR is set and has priority; unset it to use this installation",
		);
	}
}

function showStatus({ json }: { json?: boolean }): void {
	const status = gpuStatus();
	if (json) {
		printJson(status);
		return;
	}
	const available = listAvailable(status);
	const width = Math.max(0, ...available.map(([name]) => name.length));
	for (const [name, description] of available) {
		print(
			`${colour("green", "ok")}  ${printable(name).padEnd(width)}  ${printable(description)}`,
		);
	}
	printMissing(status);
	log(
		status.lacks.length > 0
			? "Everything runs on the CPU"
			: `Nothing is missing; ${cudaNotice}`,
	);
}
