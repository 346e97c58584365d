// Finds the GPU build of ONNX Runtime, in ALFA_ORT_DIR or where `alfa gpu install` put it, and checks
// its files. The core and the CUDA provider are always taken from the same folder.

import { join } from "node:path";
import { findCacheDirectory, noCacheDirectory } from "../cache/directory.js";
import { type Elf, readElf, x86Machine } from "./elf.js";
import {
	candidateFolders,
	fileNames,
	installedDirectory,
	isFile,
} from "./folders.js";
import {
	coreNames,
	cudaProvider,
	ortVersion,
	sharedProvider,
} from "./version.js";

export interface GpuRuntime {
	source: "ALFA_ORT_DIR" | "alfa gpu install";
	/** The folder of the files, or the folder that was searched if there are none. */
	directory: string;
	/** The version that the core's file states. */
	version?: string;
	/** Absolute paths of the files that exist. */
	core?: string;
	provider?: string;
	shared?: string;
	/** The libraries that the provider needs. Left out if its file cannot be read. */
	needed?: readonly string[];
	/** Why the runtime cannot be used, one clause per problem. Empty if it can. */
	problems: string[];
}

export function findGpuRuntime(): GpuRuntime {
	const ortDir = process.env["ALFA_ORT_DIR"];
	if (!ortDir) {
		const source = "alfa gpu install";
		return findCacheDirectory() === undefined
			? { source, directory: "", problems: [noCacheDirectory] }
			: inspectRuntime(installedDirectory(), source);
	}
	const folders = candidateFolders(ortDir);
	const folder = folders.find((each) => findCore(each) !== undefined);
	return inspectRuntime(folder ?? folders[0]!, "ALFA_ORT_DIR");
}

export function inspectRuntime(
	directory: string,
	source: GpuRuntime["source"],
): GpuRuntime {
	const runtime: GpuRuntime = { source, directory, problems: [] };
	const coreName = findCore(directory);
	checkMissingFiles(runtime, coreName);
	if (coreName !== undefined) inspectCore(runtime, join(directory, coreName));
	inspectProviders(runtime);
	return runtime;
}

/**
 * The name of the core's file. The preferred name comes first; without one, the name of another
 * version is returned, so that the problem can be described.
 */
function findCore(folder: string): string | undefined {
	const found = fileNames(folder).filter(
		(name) =>
			/^libonnxruntime\.so(\.\d+)*$/.test(name) && isFile(join(folder, name)),
	);
	return coreNames.find((name) => found.includes(name)) ?? found[0];
}

function checkMissingFiles(
	{ directory, problems }: GpuRuntime,
	coreName: string | undefined,
): void {
	const providers = [cudaProvider, sharedProvider].filter(
		(name) => !isFile(join(directory, name)),
	);
	const missing =
		coreName === undefined ? [coreNames[0]!, ...providers] : providers;
	if (missing.length === 0) return;
	const isCpuBuild = coreName !== undefined && providers.includes(cudaProvider);
	const verb = missing.length === 1 ? "is" : "are";
	problems.push(
		`${missing.join(", ")} ${verb} not in ${directory}` +
			(isCpuBuild ? ": it holds an ONNX Runtime for the CPU only" : ""),
	);
}

function inspectCore(runtime: GpuRuntime, core: string): void {
	runtime.core = core;
	const elf = readLibrary(core, runtime.problems);
	if (!elf) return;
	const version = elf.versions
		.map((name) => /^VERS_(\d+\.\d+\.\d+)$/.exec(name)?.[1])
		.find((each) => each !== undefined);
	if (version !== undefined) runtime.version = version;
	if (version === ortVersion) return;
	const found =
		version === undefined
			? "an ONNX Runtime that does not state its version"
			: `ONNX Runtime ${version}`;
	runtime.problems.push(
		`${core} is ${found}; this version of alfa-vad works only with ${ortVersion}`,
	);
}

function inspectProviders(runtime: GpuRuntime): void {
	const provider = join(runtime.directory, cudaProvider);
	if (isFile(provider)) {
		runtime.provider = provider;
		const elf = readLibrary(provider, runtime.problems);
		if (elf) runtime.needed = elf.needed;
	}
	const shared = join(runtime.directory, sharedProvider);
	if (isFile(shared)) {
		runtime.shared = shared;
		readLibrary(shared, runtime.problems);
	}
}

/** The library's ELF data. If it cannot be used, adds the reason to `problems`. */
function readLibrary(file: string, problems: string[]): Elf | undefined {
	try {
		const elf = readElf(file);
		if (elf.machine === x86Machine) return elf;
		problems.push(
			`${file} is for another processor (ELF machine ${elf.machine}) than x86-64`,
		);
	} catch (error) {
		const { code, message } = error as NodeJS.ErrnoException;
		const isSystemError = code !== undefined;
		problems.push(
			`${file} ${isSystemError ? `cannot be read (${message})` : message}`,
		);
	}
	return undefined;
}
