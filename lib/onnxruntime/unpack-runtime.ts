// Turns the archive into an installed runtime. The libraries are unpacked into a temporary folder and
// checked, and then the folder gets its final name.
import { rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import type { ManifestFile } from "../download/manifest.js";
import { writeManifest } from "../download/manifest.js";
import { temporaryName } from "../download/partial-file.js";
import { withWriteErrors } from "../download/write-error.js";
import { AlfaError } from "../errors.js";
import { makeDirectory } from "../util/make-directory.js";
import { gpuDirectory, installedDirectory } from "./folders.js";
import { inspectRuntime } from "./gpu-runtime.js";
import {
	type RuntimeManifest,
	readInstalledRuntime,
} from "./installed-runtime.js";
import { unpackLibraries } from "./unpack-libraries.js";
import { gpuArchive, ortVersion } from "./version.js";

export interface ArchiveToUnpack {
	/** Path of the archive, whose hash has been checked. */
	archive: string;
	/** The address or the file that it came from, for the manifest. */
	from: string;
	/** SHA-256 of the archive. */
	sha256: string;
	signal: AbortSignal | undefined;
}

/**
 * Throws ERR_ALFA_RUNTIME_CORRUPT for an archive with the wrong content. An installed runtime then
 * stays as it is.
 */
export async function unpackRuntime({
	archive,
	from,
	sha256,
	signal,
}: ArchiveToUnpack): Promise<RuntimeManifest> {
	const folder = join(gpuDirectory(), temporaryName(ortVersion, sha256));
	try {
		return await withWriteErrors(folder, async () => {
			await makeDirectory(folder);
			const names = await unpackLibraries(archive, folder, signal);
			checkLibraries(archive, folder);
			const manifest: RuntimeManifest = {
				format: 1,
				version: ortVersion,
				archive: gpuArchive.name,
				from,
				sha256,
				files: await describeFiles(folder, names),
			};
			await writeManifest(folder, manifest);
			await replaceInstalled(folder, sha256);
			return manifest;
		});
	} finally {
		await rm(folder, { recursive: true, force: true }).catch(() => {});
	}
}

function checkLibraries(archive: string, folder: string): void {
	const { problems } = inspectRuntime(folder, "alfa gpu install");
	if (problems.length === 0) return;
	// The temporary folder is of no interest to the user.
	const description = problems
		.join("; ")
		.replaceAll(`${folder}/`, "")
		.replaceAll(folder, "its lib/");
	throw new AlfaError(
		"ERR_ALFA_RUNTIME_CORRUPT",
		`${archive} is not the GPU build of ONNX Runtime ${ortVersion}: ${description}. Nothing was installed`,
	);
}

const describeFiles = (
	folder: string,
	names: readonly string[],
): Promise<ManifestFile[]> =>
	Promise.all(
		[...names].sort().map(async (file) => {
			const { size } = await stat(join(folder, file));
			return { file, size };
		}),
	);

/**
 * Gives the folder its final name. A process that has mapped the old files keeps them. If another
 * process has installed the same archive in the meantime, its folder stays.
 */
async function replaceInstalled(folder: string, sha256: string): Promise<void> {
	const directory = installedDirectory();
	const old = join(gpuDirectory(), temporaryName(ortVersion, sha256));
	const hadOld = await rename(directory, old).then(
		() => true,
		() => false,
	);
	try {
		await rename(folder, directory);
	} catch (error) {
		const installed = await readInstalledRuntime(directory);
		if (installed?.sha256 !== sha256) throw error;
	} finally {
		if (hadOld) await rm(old, { recursive: true, force: true }).catch(() => {});
	}
}
