// Folders that may hold ONNX Runtime or CUDA's libraries.
import { readdirSync, statSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { cacheDirectory } from "../cache/directory.js";
import { ortVersion } from "./version.js";

/** The folder in the cache for `alfa gpu install` and for CUDA's libraries from pip. */
export const gpuDirectory = () => join(cacheDirectory(), "ort");

/** Where `alfa gpu install` puts the GPU build of ONNX Runtime. */
export const installedDirectory = () => join(gpuDirectory(), ortVersion);

/**
 * The folders to search for what ALFA_ORT_DIR names: an unpacked release, its lib/, or Python's
 * onnxruntime/ with its capi/.
 */
export const candidateFolders = (directory: string) => [
	resolve(directory),
	resolve(directory, "lib"),
	resolve(directory, "capi"),
];

/** Whether it is Python's onnxruntime/capi. The libraries of pip's nvidia packages may lie beside it. */
export const isPythonFolder = (directory: string) =>
	basename(directory) === "capi" &&
	basename(dirname(directory)) === "onnxruntime";

/** Also false for a file in a folder that may not be read. */
export function isFile(path: string): boolean {
	try {
		return statSync(path).isFile();
	} catch {
		return false;
	}
}

/** The sorted names in a folder; empty if it cannot be read. */
export function fileNames(folder: string): string[] {
	try {
		return readdirSync(folder).sort();
	} catch {
		return [];
	}
}
