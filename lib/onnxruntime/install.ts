// The GPU build of ONNX Runtime into the cache, when it is asked for and never otherwise: the official archive, held to its
// hash, unpacked beside, and moved into place as a whole.
import { mkdir, rename, rm, stat } from "node:fs/promises";
import { join, resolve } from "node:path";
import { Digest, digestFile } from "../download/digest.js";
import { download } from "../download/download.js";
import { ownName, sweepParts } from "../download/partial-file.js";
import type { Connection } from "../download/request.js";
import { onDisk } from "../download/write-error.js";
import { AlfaError, codeOf } from "../errors.js";
import { paced } from "../models/pull.js";
import { gpuDirectory, installedDirectory } from "./folders.js";
import { inspectRuntime } from "./gpu-runtime.js";
import {
	checkInstallOptions,
	connectionsOf,
	type GpuInstallOptions,
} from "./install-options.js";
import { type Manifest, readManifest, writeManifest } from "./manifest.js";
import {
	archiveAddress,
	type Stated,
	sizeAt,
	statedArchive,
} from "./release.js";
import { unpackLibraries } from "./unpack.js";
import { gpuArchive, ortVersion } from "./version.js";

export interface GpuInstalled {
	/** Where core and provider are; `alfa gpu status` finds them there. */
	directory: string;
	version: string;
	/** Address or file that it came from. */
	from: string;
	/** Of the archive. */
	sha256: string;
	/** Who stated that hash: the option, GitHub's release API, or this package; undefined where nothing was fetched. */
	hashBy?: Stated["by"];
	/** Why GitHub's word was gone without. */
	unasked?: string;
	files: { file: string; size: number }[];
	/** Whether it was there before, and no request was made. */
	cached: boolean;
}

/**
 * Downloads the official GPU build (CUDA 13) of the ONNX Runtime that this version works with, or takes it from a file,
 * checks its SHA-256 and unpacks its libraries into the cache. What an earlier try left is continued; one that is there
 * costs no request, unless `refresh`. Rejects with ERR_ALFA_UNSUPPORTED on another platform than Linux on x64,
 * ERR_ALFA_DOWNLOAD, ERR_ALFA_RUNTIME_CORRUPT (a wrong hash, size or archive), ERR_ALFA_RUNTIME (no such file),
 * ERR_ALFA_WRITE, the signal's reason, or a TypeError or RangeError for a wrong option.
 */
export async function installGpuRuntime(
	options: GpuInstallOptions = {},
): Promise<GpuInstalled> {
	return install(options, gpuArchive.sha256);
}

/** `known`: the archive's hash as this package knows it; undefined: it does not. */
export async function install(
	options: GpuInstallOptions,
	known: string | undefined,
): Promise<GpuInstalled> {
	const {
		from,
		sha256: given,
		refresh,
		retries = 4,
		signal,
		onProgress,
	} = checkInstallOptions(options);
	signal?.throwIfAborted();
	if (process.platform !== "linux" || process.arch !== "x64") {
		throw new AlfaError(
			"ERR_ALFA_UNSUPPORTED",
			`The GPU build of ONNX Runtime is had for Linux on x64; this is ${process.platform}-${process.arch}`,
		);
	}
	const directory = installedDirectory();
	const before =
		from === undefined && !refresh ? await readManifest(directory) : undefined;
	if (before && (given === undefined || given.toLowerCase() === before.sha256))
		return result(directory, before, true);
	const { api, archive } = connectionsOf(options);
	const stated = await statedArchive(api, {
		given,
		known,
		local: from !== undefined,
	});
	const folder = gpuDirectory();
	await onDisk(folder, () => mkdir(folder, { recursive: true }));
	const manifest =
		from === undefined
			? await fetched(archive, stated, { folder, retries, onProgress })
			: await ofFile(resolve(from), stated, signal);
	await sweepParts(folder);
	return result(directory, manifest, false, stated);
}

async function ofFile(
	file: string,
	stated: Stated,
	signal: AbortSignal | undefined,
): Promise<Manifest> {
	await expectHash(file, stated, signal);
	return place(file, file, stated.sha256, signal);
}

async function fetched(
	connection: Connection,
	{ sha256, size: told }: Stated,
	{
		folder,
		retries,
		onProgress,
	}: {
		folder: string;
		retries: number;
		onProgress: GpuInstallOptions["onProgress"];
	},
): Promise<Manifest> {
	const { name } = gpuArchive,
		file = join(folder, name),
		address = archiveAddress(connection.endpoint);
	const size = told ?? (await sizeAt(connection, address, retries));
	await download(
		{ connection, retries },
		{
			file: name,
			what: name,
			address,
			size,
			hash: { kind: "sha256", value: sha256 },
		},
		{ folder, target: folder, onBytes: paced(name, size, onProgress) },
	);
	try {
		return await place(file, address, sha256, connection.signal);
	} catch (error) {
		connection.signal?.throwIfAborted();
		if (codeOf(error) === "ERR_ALFA_RUNTIME_CORRUPT") throw error;
		const other = await readManifest(installedDirectory()); // another process was faster, and took the archive away
		if (other?.sha256 !== sha256) throw error;
		return other;
	} finally {
		// Also where its content was wrong: with the right hash it would be found whole again and again.
		if (!connection.signal?.aborted)
			await rm(file, { force: true }).catch(() => {});
	}
}

function result(
	directory: string,
	{ version, from, sha256, files }: Manifest,
	cached: boolean,
	stated?: Stated,
): GpuInstalled {
	return {
		directory,
		version,
		from,
		sha256,
		files,
		cached,
		...(stated && { hashBy: stated.by }),
		...(stated?.unasked !== undefined && { unasked: stated.unasked }),
	};
}

async function expectHash(
	file: string,
	{ sha256, by }: Stated,
	signal: AbortSignal | undefined,
): Promise<void> {
	const digest = new Digest(0);
	await digestFile(file, digest, Infinity, signal).catch(
		(cause: NodeJS.ErrnoException) => {
			if (cause.code === undefined || cause.syscall === undefined) throw cause;
			throw new AlfaError(
				"ERR_ALFA_RUNTIME",
				`${file} cannot be read (${cause.code}); give the archive ${gpuArchive.name} as it was downloaded`,
				{ cause },
			);
		},
	);
	const found = digest.end().sha256;
	if (found === sha256) return;
	const whose = {
		sha256: "as it was given",
		GitHub: "as GitHub states it",
		"alfa-vad": `which ${gpuArchive.name} has as far as this package knows`,
	}[by];
	throw new AlfaError(
		"ERR_ALFA_RUNTIME_CORRUPT",
		`${file} is not the archive that is wanted: expected SHA-256 ${sha256}, ${whose}, found ${found}. ` +
			"Copy it again; if it is right and the hash is not, give the right one: --sha256 HASH",
	);
}

/** Unpacks beside, looks at what came, and lets the folder appear whole under its name. */
async function place(
	archive: string,
	from: string,
	sha256: string,
	signal: AbortSignal | undefined,
): Promise<Manifest> {
	const directory = installedDirectory(),
		beside = join(gpuDirectory(), ownName(ortVersion, sha256));
	try {
		return await onDisk(beside, async () => {
			await mkdir(beside);
			const names = await unpackLibraries(archive, beside, signal);
			const { problems } = inspectRuntime(beside, "alfa gpu install");
			if (problems.length > 0) {
				throw new AlfaError(
					"ERR_ALFA_RUNTIME_CORRUPT",
					`${archive} is not the GPU build of ONNX Runtime ${ortVersion}: ${problems.join("; ").replaceAll(`${beside}/`, "").replaceAll(beside, "its lib/")}. Nothing of it was kept`,
				);
			}
			const files = await Promise.all(
				names.sort().map(async (file) => ({
					file,
					size: (await stat(join(beside, file))).size,
				})),
			);
			const manifest: Manifest = {
				format: 1,
				version: ortVersion,
				archive: gpuArchive.name,
				from,
				sha256,
				files,
			};
			await writeManifest(beside, manifest);
			await replace(directory, beside, sha256);
			return manifest;
		});
	} finally {
		await rm(beside, { recursive: true, force: true }).catch(() => {});
	}
}

/** A process that has the old files mapped keeps them. Where another process was faster, its folder stays. */
async function replace(
	directory: string,
	beside: string,
	sha256: string,
): Promise<void> {
	const old = join(gpuDirectory(), ownName(ortVersion, sha256));
	const hadOld = await rename(directory, old).then(
		() => true,
		() => false,
	);
	try {
		await rename(beside, directory);
	} catch (error) {
		if ((await readManifest(directory))?.sha256 !== sha256) throw error;
	} finally {
		if (hadOld) await rm(old, { recursive: true, force: true }).catch(() => {});
	}
}
