// The folder that core and CUDA provider are opened from, both from the same one: ALFA_ORT_DIR, else what `alfa gpu install`
// put into the cache; and what that folder lacks, by name.
import { readdirSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { isFile } from "./dynamic-loader.js";
import { type Elf, readElf, x86 } from "./elf.js";
import { candidateFolders, installedDirectory } from "./folders.js";
import {
	coreNames,
	cudaProvider,
	ortVersion,
	sharedProvider,
} from "./version.js";

export interface GpuRuntime {
	source: "ALFA_ORT_DIR" | "alfa gpu install";
	/** Where the files are; where there are none, the folder that was looked into. */
	directory: string;
	/** What the core's file says of itself. */
	version?: string;
	/** Absolute paths of the files that are there. */
	core?: string;
	provider?: string;
	shared?: string;
	/** Libraries that the provider asks the loader for; undefined where its file cannot be read. */
	needed?: readonly string[];
	/** Why it cannot be used, a clause each; empty: it can. */
	problems: string[];
}

export function findGpuRuntime(): GpuRuntime {
	const given = process.env["ALFA_ORT_DIR"];
	if (!given) return inspectRuntime(installedDirectory(), "alfa gpu install");
	const folders = candidateFolders(given);
	return inspectRuntime(
		folders.find((each) => coreIn(each) !== undefined) ?? folders[0]!,
		"ALFA_ORT_DIR",
	);
}

/** Whether libraries of pip's nvidia packages may lie beside it. */
export const isPythonFolder = (directory: string) =>
	basename(directory) === "capi" &&
	basename(dirname(directory)) === "onnxruntime";

function namesIn(folder: string): string[] {
	try {
		return readdirSync(folder);
	} catch {
		return [];
	}
}

/** The core's file: of several the one whose name says most, of another version where there is no other. */
function coreIn(folder: string): string | undefined {
	const found = namesIn(folder).filter(
		(name) =>
			/^libonnxruntime\.so(\.\d+)*$/.test(name) && isFile(join(folder, name)),
	);
	return coreNames.find((name) => found.includes(name)) ?? found.sort()[0];
}

export function inspectRuntime(
	directory: string,
	source: GpuRuntime["source"],
): GpuRuntime {
	const runtime: GpuRuntime = { source, directory, problems: [] };
	const problem = (text: string) => {
		runtime.problems.push(text);
	};
	const coreName = coreIn(directory);
	const missing = [
		...(coreName === undefined ? [coreNames[0]!] : []),
		...[cudaProvider, sharedProvider].filter(
			(name) => !isFile(join(directory, name)),
		),
	];
	if (missing.length > 0) {
		const cpuOnly =
			coreName !== undefined && missing.includes(cudaProvider)
				? ": that is an ONNX Runtime for the CPU alone"
				: "";
		problem(
			`${missing.join(", ")} ${missing.length === 1 ? "is" : "are"} not in ${directory}${cpuOnly}`,
		);
	}
	if (coreName !== undefined) {
		runtime.core = join(directory, coreName);
		const core = elfOf(runtime.core, problem);
		const version = core?.versions
			.map((each) => /^VERS_(\d+\.\d+\.\d+)$/.exec(each)?.[1])
			.find((each) => each !== undefined);
		if (version !== undefined) runtime.version = version;
		if (core && version !== ortVersion) {
			problem(
				`${runtime.core} is ${version === undefined ? "no ONNX Runtime that says its version" : `ONNX Runtime ${version}`}; this version of alfa-vad works with ${ortVersion} alone`,
			);
		}
	}
	for (const [key, name] of [
		["provider", cudaProvider],
		["shared", sharedProvider],
	] as const) {
		if (missing.includes(name)) continue;
		runtime[key] = join(directory, name);
		const elf = elfOf(runtime[key], problem);
		if (elf && key === "provider") runtime.needed = elf.needed;
	}
	return runtime;
}

function elfOf(file: string, problem: (text: string) => void): Elf | undefined {
	try {
		const elf = readElf(file);
		if (elf.machine !== x86)
			throw new Error(
				`is for another processor (ELF machine ${elf.machine}) than x86-64`,
			);
		return elf;
	} catch (error) {
		problem(
			`${file} ${(error as NodeJS.ErrnoException).code === undefined ? (error as Error).message : `cannot be read (${(error as Error).message})`}`,
		);
		return undefined;
	}
}
