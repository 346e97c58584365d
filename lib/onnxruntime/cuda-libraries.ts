// The shared libraries that the CUDA provider needs, which of them can be found, and what brings the others.
import { readdirSync } from "node:fs";
import { join } from "node:path";
import {
	isFile,
	type LoaderPlaces,
	loader,
	loaderPlaces,
} from "./dynamic-loader.js";
import { gpuDirectory } from "./folders.js";
import { type GpuRuntime, isPythonFolder } from "./gpu-runtime.js";

export interface Requirement {
	name: string;
	/** false: only operators that this package does not use ask for it, so nothing lacks without it. */
	required: boolean;
	/** Where it is; undefined: it was not found. */
	path?: string;
	/** 'loader': the system finds it by its name; 'path': it must be opened by its path before the provider is. */
	foundBy?: "loader" | "path";
	/** What brings it, the first fits anywhere; empty where it is there, or nothing is known. */
	commands: string[];
}

/** Read from the provider of 1.30.0 (the wheel's, with readelf): what it will need where its file is not here yet. */
export const knownNeeds = [
	"libcublasLt.so.13",
	"libcublas.so.13",
	"libcurand.so.10",
	"libcudart.so.13",
	"libcuda.so.1",
];
/** It opens these itself when an operator asks for them (convolutions, Fourier transforms). */
const onDemand = ["libcudnn.so.9", "libcufft.so.12"];

// Part of every system with glibc, and in this process already.
const system = /^(ld-linux-.*|lib(c|m|dl|rt|pthread|gcc_s|stdc\+\+))\.so\.\d+$/;

/** pip: of PyPI, as the extras [cuda] and [cudnn] of onnxruntime-gpu 1.30.0 name them. apt: of NVIDIA's own repository. */
const packages: Record<string, { pip: string; versions: string; apt: string }> =
	{
		"libcudart.so.13": {
			pip: "nvidia-cuda-runtime",
			versions: "~=13.0",
			apt: "cuda-cudart-13-0",
		},
		"libcublas.so.13": {
			pip: "nvidia-cublas",
			versions: "~=13.0",
			apt: "libcublas-13-0",
		},
		"libcublasLt.so.13": {
			pip: "nvidia-cublas",
			versions: "~=13.0",
			apt: "libcublas-13-0",
		},
		"libcurand.so.10": {
			pip: "nvidia-curand",
			versions: "~=10.0",
			apt: "libcurand-13-0",
		},
		"libcufft.so.12": {
			pip: "nvidia-cufft",
			versions: "~=12.0",
			apt: "libcufft-13-0",
		},
		"libcudnn.so.9": {
			pip: "nvidia-cudnn-cu13",
			versions: "~=9.0",
			apt: "libcudnn9-cuda-13",
		},
	};

/** A folder for each package: pip --target does not add to a folder that another package has begun. */
export const pipDirectory = () => join(gpuDirectory(), "cuda");

/** Ubuntu's own way, and NVIDIA's repository for Debian and Ubuntu; others have theirs. */
export const driverCommands = [
	"sudo ubuntu-drivers install",
	"sudo apt-get install nvidia-open",
];
/** The driver that CUDA 13 asks for at least. */
export const leastDriver = 580;

function commandsFor(
	name: string,
	runtime: Pick<GpuRuntime, "directory">,
): string[] {
	if (name === "libcuda.so.1") return driverCommands;
	const known = packages[name];
	if (!known) return [];
	const { pip, versions, apt } = known;
	const python = pythonOf(runtime.directory);
	const byPip =
		python === undefined
			? `pip install --no-deps --target ${quoted(pipDirectory())}/${pip}`
			: `${quoted(python)} -m pip install`;
	return [`${byPip} "${pip}${versions}"`, `sudo apt-get install ${apt}`];
}

/** The interpreter of the environment that a capi/ folder lies in: what its pip brings comes to lie beside. */
function pythonOf(directory: string): string | undefined {
	const python = join(directory, "../../../../../bin/python"); // <environment>/lib/python3.x/site-packages/onnxruntime/capi
	return isPythonFolder(directory) && isFile(python) ? python : undefined;
}

const quoted = (path: string) =>
	/^[\w./~+@-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`;

export interface Places extends LoaderPlaces {
	/** Folders that are no loader's: what is found there is opened by its path. */
	others: readonly string[];
}

/** Those of this machine, for a runtime in `directory`. */
export function placesFor(directory: string): Places {
	const packagesBeside = isPythonFolder(directory)
		? libFolders(join(directory, "..", ".."))
		: [];
	const installed = foldersIn(pipDirectory()).flatMap(libFolders);
	const toolkits = foldersIn("/usr/local")
		.filter((each) => /\/cuda(-13(\.\d+)?)?$/.test(each))
		.map((each) => join(each, "lib64"));
	return {
		...loaderPlaces(),
		others: [
			directory,
			...packagesBeside,
			...installed,
			...toolkits,
			"/usr/lib/wsl/lib",
		],
	};
}

function foldersIn(folder: string): string[] {
	try {
		return readdirSync(folder)
			.sort()
			.map((name) => join(folder, name));
	} catch {
		return [];
	}
}

/** Of pip's nvidia packages: nvidia/cu13/lib, nvidia/cudnn/lib. */
const libFolders = (sitePackages: string) =>
	foldersIn(join(sitePackages, "nvidia")).map((each) => join(each, "lib"));

/** What the provider asks for, what it is known to ask for where it is not here, and what some operators would. */
export function requirements(
	runtime: Pick<GpuRuntime, "directory" | "needed">,
	places = placesFor(runtime.directory),
): Requirement[] {
	const needed = [
		...new Set(
			(runtime.needed ?? knownNeeds).filter(
				(name) => !system.test(name) && !name.includes("/"),
			),
		),
	];
	const byLoader = loader(places);
	return [...needed, ...onDemand.filter((name) => !needed.includes(name))].map(
		(name): Requirement => {
			const required = needed.includes(name);
			const found = byLoader(name);
			if (found !== undefined)
				return { name, required, path: found, foundBy: "loader", commands: [] };
			const path = places.others
				.map((folder) => join(folder, name))
				.find(isFile);
			return path === undefined
				? { name, required, commands: commandsFor(name, runtime) }
				: { name, required, path, foundBy: "path", commands: [] };
		},
	);
}
