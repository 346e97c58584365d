// The commands that install CUDA's libraries and the driver, for messages. alfa-vad never runs them.

import { join } from "node:path";
import { findCacheDirectory } from "../cache/directory.js";
import { gpuDirectory, isFile, isPythonFolder } from "./folders.js";

/** The lowest driver version for CUDA 13. */
export const minDriverVersion = 580;

/** The library that comes with the driver. */
export const driverLibrary = "libcuda.so.1";

/** Ubuntu's own command, and the one for NVIDIA's repository for Debian and Ubuntu. */
export const driverCommands = [
	"sudo ubuntu-drivers install",
	"sudo apt-get install nvidia-open",
];

interface Package {
	/** The package on PyPI that the extras [cuda] and [cudnn] of onnxruntime-gpu 1.30.0 name. */
	pip: string;
	pipVersions: string;
	/** The package in NVIDIA's own repository. */
	apt: string;
}

const cublas: Package = {
	pip: "nvidia-cublas",
	pipVersions: "~=13.0",
	apt: "libcublas-13-0",
};

const packages: Record<string, Package> = {
	"libcudart.so.13": {
		pip: "nvidia-cuda-runtime",
		pipVersions: "~=13.0",
		apt: "cuda-cudart-13-0",
	},
	"libcublas.so.13": cublas,
	"libcublasLt.so.13": cublas,
	"libcurand.so.10": {
		pip: "nvidia-curand",
		pipVersions: "~=10.0",
		apt: "libcurand-13-0",
	},
	"libcufft.so.12": {
		pip: "nvidia-cufft",
		pipVersions: "~=12.0",
		apt: "libcufft-13-0",
	},
	"libcudnn.so.9": {
		pip: "nvidia-cudnn-cu13",
		pipVersions: "~=9.0",
		apt: "libcudnn9-cuda-13",
	},
};

/**
 * The folder for pip's packages. Each package gets a folder of its own: `pip --target` does not add
 * files to a folder of another package.
 */
export const pipDirectory = () =>
	findCacheDirectory() === undefined ? "FOLDER" : join(gpuDirectory(), "cuda");

/**
 * Commands that install the library for a runtime in `directory`, the most general one first. Empty
 * for an unknown library.
 */
export function installCommands(library: string, directory: string): string[] {
	if (library === driverLibrary) return driverCommands;
	const found = packages[library];
	if (!found) return [];
	const { pip, pipVersions, apt } = found;
	const python = findPython(directory);
	const command =
		python === undefined
			? `pip install --no-deps --target ${quote(pipDirectory())}/${pip}`
			: `${quote(python)} -m pip install`;
	return [`${command} "${pip}${pipVersions}"`, `sudo apt-get install ${apt}`];
}

/**
 * The interpreter of the Python environment that the folder is part of. Its pip installs libraries
 * beside the folder. The folder is ENVIRONMENT/lib/python3.x/site-packages/onnxruntime/capi.
 */
function findPython(directory: string): string | undefined {
	const python = join(directory, "../../../../../bin/python");
	return isPythonFolder(directory) && isFile(python) ? python : undefined;
}

/** Quotes a path for a shell, if it needs quotes. */
const quote = (path: string) =>
	/^[\w./~+@-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`;
