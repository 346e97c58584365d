// Folders that may hold ONNX Runtime.
import { join, resolve } from "node:path";
import { cacheDirectory } from "../cache/directory.js";
import { ortVersion } from "./version.js";

/** The folder in the cache for everything that `alfa gpu install` and its pip commands put there. */
export const gpuDirectory = () => join(cacheDirectory(), "ort");

/** Where `alfa gpu install` puts the GPU build of ONNX Runtime. */
export const installedDirectory = () => join(gpuDirectory(), ortVersion);

/**
 * The folders to search for what ALFA_ORT_DIR names: an unpacked release, its lib/, or Python's onnxruntime/ with its
 * capi/.
 */
export const candidateFolders = (directory: string) => [
	resolve(directory),
	resolve(directory, "lib"),
	resolve(directory, "capi"),
];
