// The shared libraries that ONNX Runtime's CUDA provider needs: where they are, and how to install
// the missing ones.
import { join } from "node:path";
import {
	createLibraryFinder,
	findIn,
	type LoaderPaths,
	systemLoaderPaths,
} from "./dynamic-loader.js";
import { fileNames, isPythonFolder } from "./folders.js";
import type { GpuRuntime } from "./gpu-runtime.js";
import {
	driverLibrary,
	installCommands,
	pipDirectory,
} from "./install-commands.js";

export interface CudaLibrary {
	name: string;
	/** Whether a CUDA session fails without it. */
	required: boolean;
	/** Left out if the library was not found. */
	path?: string;
	/**
	 * 'loader': the system finds the library by its name. 'path': it must be opened by its path before
	 * the provider is opened.
	 */
	foundBy?: "loader" | "path";
	/** Commands that install it, the most general one first. Empty if it exists or none is known. */
	commands: string[];
}

/**
 * The libraries that the provider of version 1.30.0 needs, read from the Python wheel with readelf.
 * They are used while the provider's file is not on this machine.
 */
const knownNeeded = [
	"libcublasLt.so.13",
	"libcublas.so.13",
	"libcurand.so.10",
	"libcudart.so.13",
	driverLibrary,
];

/**
 * The provider opens these by itself for convolutions and Fourier transforms, which this package
 * does not use.
 */
const onDemand = ["libcudnn.so.9", "libcufft.so.12"];

/** Libraries of every system with glibc. This process has loaded them already. */
const systemLibrary =
	/^(ld-linux-.*|lib(c|m|dl|rt|pthread|gcc_s|stdc\+\+))\.so\.\d+$/;

export interface LibraryPaths extends LoaderPaths {
	/** Folders that the loader does not search. Libraries in them must be opened by their path. */
	otherFolders: readonly string[];
}

/** The paths of this machine for a runtime in `directory`. */
export function systemLibraryPaths(directory: string): LibraryPaths {
	const besidePython = isPythonFolder(directory)
		? pipLibraryFolders(join(directory, "..", ".."))
		: [];
	const toolkits = pathsIn("/usr/local")
		.filter((path) => /\/cuda(-13(\.\d+)?)?$/.test(path))
		.map((path) => join(path, "lib64"));
	return {
		...systemLoaderPaths(),
		otherFolders: [
			directory,
			...besidePython,
			...pathsIn(pipDirectory()).flatMap(pipLibraryFolders),
			...toolkits,
			"/usr/lib/wsl/lib",
		],
	};
}

/** The lib/ folders of pip's nvidia packages, such as nvidia/cu13/lib and nvidia/cudnn/lib. */
const pipLibraryFolders = (sitePackages: string) =>
	pathsIn(join(sitePackages, "nvidia")).map((path) => join(path, "lib"));

const pathsIn = (folder: string) =>
	fileNames(folder).map((name) => join(folder, name));

/** The libraries that the runtime's provider needs, then those that only some operators need. */
export function findCudaLibraries(
	runtime: Pick<GpuRuntime, "directory" | "needed">,
	paths = systemLibraryPaths(runtime.directory),
): CudaLibrary[] {
	const { needed = knownNeeded, directory } = runtime;
	const required = new Set(
		needed.filter((name) => !systemLibrary.test(name) && !name.includes("/")),
	);
	const names = new Set([...required, ...onDemand]);
	const findByLoader = createLibraryFinder(paths);
	return [...names].map((name): CudaLibrary => {
		const library = { name, required: required.has(name) };
		const loaderPath = findByLoader(name);
		if (loaderPath !== undefined)
			return { ...library, path: loaderPath, foundBy: "loader", commands: [] };
		const path = findIn(paths.otherFolders, name);
		if (path !== undefined)
			return { ...library, path, foundBy: "path", commands: [] };
		return { ...library, commands: installCommands(name, directory) };
	});
}
