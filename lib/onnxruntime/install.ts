// Installs the GPU build of ONNX Runtime into the cache. It runs only when the user asks for it. The
// archive is checked against its hash before anything is unpacked.
import { rm } from "node:fs/promises";
import { join, resolve } from "node:path";
import { Digest } from "../download/digest.js";
import { downloadFile } from "../download/download.js";
import { defaultRetries } from "../download/option-checks.js";
import { removeAbandonedFiles } from "../download/partial-file.js";
import { throttleProgress } from "../download/progress.js";
import type { Connection } from "../download/request.js";
import { withWriteErrors } from "../download/write-error.js";
import { AlfaError, codeOf } from "../errors.js";
import { makeDirectory } from "../util/make-directory.js";
import {
	archiveAddress,
	type ExpectedArchive,
	findExpectedArchive,
	type HashSource,
	requestArchiveSize,
} from "./expected-archive.js";
import { gpuDirectory, installedDirectory } from "./folders.js";
import {
	checkInstallOptions,
	type GpuInstallOptions,
	releaseConnections,
} from "./install-options.js";
import {
	type RuntimeManifest,
	readInstalledRuntime,
} from "./installed-runtime.js";
import { unpackRuntime } from "./unpack-runtime.js";
import { gpuArchive } from "./version.js";

export interface GpuInstalled {
	/** The folder of the core and the provider. `alfa gpu status` finds them there. */
	directory: string;
	version: string;
	/** The address or the file of the archive. */
	from: string;
	/** SHA-256 of the archive. */
	sha256: string;
	/** Who stated the hash. Left out if the runtime was installed already. */
	hashBy?: HashSource;
	/** Why GitHub's release API did not state the hash, if it was asked and did not. */
	unasked?: string;
	files: { file: string; size: number }[];
	/** Whether the runtime was installed already, so that no request was made. */
	cached: boolean;
}

/**
 * Downloads the official GPU build (CUDA 13) of the ONNX Runtime that this version works with, or
 * reads it from a file, checks its SHA-256 and unpacks its libraries into the cache. An interrupted
 * download is continued. No request is made if the runtime is installed already, unless `refresh`
 * is set.
 *
 * Rejects with ERR_ALFA_UNSUPPORTED on other platforms than Linux on x64, ERR_ALFA_DOWNLOAD,
 * ERR_ALFA_RUNTIME_CORRUPT (wrong hash, size or content), ERR_ALFA_RUNTIME (`from` cannot be read),
 * ERR_ALFA_WRITE, the signal's reason, or a TypeError or RangeError for a wrong option.
 */
export async function installGpuRuntime(
	options: GpuInstallOptions = {},
): Promise<GpuInstalled> {
	return install(options, gpuArchive.sha256);
}

/**
 * @internal `knownHash` is the archive's SHA-256 as this package knows it, or undefined if it does
 * not know one.
 */
export async function install(
	options: GpuInstallOptions,
	knownHash: string | undefined,
): Promise<GpuInstalled> {
	const checked = checkInstallOptions(options);
	const { from, sha256, refresh, signal } = checked;
	signal?.throwIfAborted();
	if (process.platform !== "linux" || process.arch !== "x64") {
		throw new AlfaError(
			"ERR_ALFA_UNSUPPORTED",
			"The GPU build of ONNX Runtime is available for Linux on x64 only, " +
				`but this is ${process.platform}-${process.arch}`,
		);
	}
	if (from === undefined && !refresh) {
		const installed = await readInstalledRuntime(installedDirectory());
		const isExpected =
			sha256 === undefined || sha256.toLowerCase() === installed?.sha256;
		if (installed && isExpected) return toResult(installed);
	}
	const { api, archive } = releaseConnections(checked);
	const expected = await findExpectedArchive(api, {
		givenHash: sha256,
		knownHash,
		isLocal: from !== undefined,
	});
	await withWriteErrors(gpuDirectory(), () => makeDirectory(gpuDirectory()));
	const manifest =
		from === undefined
			? await installFromServer(archive, expected, checked)
			: await installFromFile(resolve(from), expected, signal);
	await removeAbandonedFiles(gpuDirectory());
	return toResult(manifest, expected);
}

/** `expected` is left out if the runtime was installed already. */
function toResult(
	{ version, from, sha256, files }: RuntimeManifest,
	expected?: ExpectedArchive,
): GpuInstalled {
	const { hashBy, githubProblem } = expected ?? {};
	return {
		directory: installedDirectory(),
		version,
		from,
		sha256,
		files,
		cached: expected === undefined,
		...(hashBy !== undefined && { hashBy }),
		...(githubProblem !== undefined && { unasked: githubProblem }),
	};
}

async function installFromFile(
	file: string,
	expected: ExpectedArchive,
	signal: AbortSignal | undefined,
): Promise<RuntimeManifest> {
	await checkArchiveHash(file, expected, signal);
	const { sha256 } = expected;
	return unpackRuntime({ archive: file, from: file, sha256, signal });
}

async function installFromServer(
	connection: Connection,
	{ sha256, size: statedSize }: ExpectedArchive,
	{ retries = defaultRetries, onProgress }: GpuInstallOptions,
): Promise<RuntimeManifest> {
	const { name } = gpuArchive;
	const { signal } = connection;
	const folder = gpuDirectory();
	const archive = join(folder, name);
	const address = archiveAddress(connection.endpoint);
	const size =
		statedSize ?? (await requestArchiveSize(connection, address, retries));
	await downloadFile(
		{
			file: name,
			subject: name,
			address,
			size,
			hash: { kind: "sha256", value: sha256 },
		},
		{
			connection,
			retries,
			folder,
			target: folder,
			onBytes: throttleProgress(name, size, onProgress),
		},
	);
	try {
		return await unpackRuntime({ archive, from: address, sha256, signal });
	} catch (error) {
		signal?.throwIfAborted();
		if (codeOf(error) === "ERR_ALFA_RUNTIME_CORRUPT") throw error;
		// Another process may have installed the same archive and deleted it.
		const installed = await readInstalledRuntime(installedDirectory());
		if (installed?.sha256 !== sha256) throw error;
		return installed;
	} finally {
		// Deleted even if its content was wrong: it has the right hash, so it would never be
		// downloaded again.
		if (!signal?.aborted) await rm(archive, { force: true }).catch(() => {});
	}
}

async function checkArchiveHash(
	file: string,
	{ sha256, hashBy }: ExpectedArchive,
	signal: AbortSignal | undefined,
): Promise<void> {
	const found = await hashArchive(file, signal);
	if (found === sha256) return;
	const sources: Record<HashSource, string> = {
		sha256: "the hash that you gave",
		GitHub: "the hash that GitHub states",
		"alfa-vad": `the hash of ${gpuArchive.name} that this package knows`,
	};
	throw new AlfaError(
		"ERR_ALFA_RUNTIME_CORRUPT",
		`${file} is not the expected archive: expected SHA-256 ${sha256}, ${sources[hashBy]}, but found ${found}. ` +
			"Copy the file again. If the file is right and the hash is wrong, give the right hash: --sha256 HASH",
	);
}

async function hashArchive(
	file: string,
	signal: AbortSignal | undefined,
): Promise<string> {
	const digest = new Digest(0);
	try {
		await digest.updateFromFile(file, Infinity, signal);
	} catch (cause) {
		const { code, syscall } = cause as NodeJS.ErrnoException;
		if (code === undefined || syscall === undefined) throw cause;
		throw new AlfaError(
			"ERR_ALFA_RUNTIME",
			`${file} cannot be read (${code}). Give the archive ${gpuArchive.name} as it was downloaded`,
			{ cause },
		);
	}
	return digest.end().sha256;
}
