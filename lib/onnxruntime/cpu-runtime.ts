// Finds the ONNX Runtime library that an engine on the CPU opens.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { AlfaError } from "../errors.js";
import { packageRoot } from "../util/package.js";
import { candidateFolders } from "./folders.js";
import { ortVersion } from "./version.js";

/**
 * The absolute path of libonnxruntime: from ALFA_ORT_DIR if it is set, else the one that is
 * shipped with the addon. Throws ERR_ALFA_RUNTIME if no library is found.
 */
export function findCpuRuntime(): string {
	const ortDir = process.env["ALFA_ORT_DIR"];
	const folders = ortDir ? candidateFolders(ortDir) : shippedFolders();
	const names = libraryNames();
	for (const folder of folders) {
		for (const name of names) {
			const path = join(folder, name);
			if (existsSync(path)) return path;
		}
	}
	const remedy = ortDir
		? "Set ALFA_ORT_DIR to the folder that holds the library, to an unpacked release, or to Python's onnxruntime/capi"
		: "Build it with `npm run build`, or set ALFA_ORT_DIR to a folder that holds the library";
	throw new AlfaError(
		"ERR_ALFA_RUNTIME",
		`ONNX Runtime was not found. Searched for ${names.join(" or ")} in ${folders.join(" and ")}. ${remedy}`,
	);
}

const shippedFolders = () => [
	join(packageRoot, "build", "Release"),
	join(packageRoot, "prebuilds", `${process.platform}-${process.arch}`),
];

function libraryNames(): string[] {
	switch (process.platform) {
		case "win32":
			return ["onnxruntime.dll"];
		case "darwin":
			return [
				"libonnxruntime.1.dylib",
				"libonnxruntime.dylib",
				`libonnxruntime.${ortVersion}.dylib`,
			];
		default:
			return [
				"libonnxruntime.so.1",
				"libonnxruntime.so",
				`libonnxruntime.so.${ortVersion}`,
			];
	}
}
