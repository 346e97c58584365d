// Downloads models from a Hugging Face hub into the cache. A model is there completely and checked,
// or not at all.
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { downloadFile } from "../download/download.js";
import { defaultRetries } from "../download/option-checks.js";
import { removeAbandonedFiles } from "../download/partial-file.js";
import { throttleProgress } from "../download/progress.js";
import { withWriteErrors } from "../download/write-error.js";
import { AlfaError, rangeError } from "../errors.js";
import { listed } from "../options/validate.js";
import { makeDirectory } from "../util/make-directory.js";
import {
	type ChosenFile,
	chooseFilesByLayout,
	chooseKnownFiles,
	fileAddress,
	fileSubject,
} from "./choose-files.js";
import { HubClient, type HubFile } from "./hub-client.js";
import { checkModelName, findKnownModel } from "./known-models.js";
import {
	checkPullOptions,
	hubConnection,
	type PullOptions,
} from "./pull-options.js";
import {
	findPulledModel,
	type ModelManifest,
	modelFolder,
	type PulledFile,
	type PulledModelFolder,
	versionOf,
	writeManifest,
} from "./pulled-models.js";

export interface PulledModel {
	name: string;
	/** Where the files are. `Engine.open({ model: name })` finds them by the name. */
	directory: string;
	repo: string;
	revision: string;
	commit: string;
	files: PulledFile[];
	/** Whether the model was in the cache already, so that no request was made. */
	cached: boolean;
}

/**
 * Downloads a model and checks every file against the hash that the hub states. `name` is a name
 * that `alfa models list` shows, or owner/name of any repository on the hub. An interrupted
 * download is continued. No request is made for a model that is in the cache already, unless
 * `refresh` is set. HF_TOKEN, if it is set, is sent to the hub only.
 *
 * Rejects with ERR_ALFA_MODEL_NOT_FOUND, ERR_ALFA_MODEL_UNSUPPORTED (the repository has no
 * safetensors), ERR_ALFA_DOWNLOAD, ERR_ALFA_MODEL_CORRUPT (wrong hash or size), ERR_ALFA_WRITE, the
 * signal's reason, or a TypeError or RangeError for a wrong option.
 */
export async function pullModel(
	name: string,
	options: PullOptions = {},
): Promise<PulledModel> {
	checkModelName(name);
	const checked = checkPullOptions(options);
	const { revision, refresh, signal } = checked;
	signal?.throwIfAborted();
	const cached = await findPulledModel(name);
	if (cached && !refresh && isUsable(cached, revision))
		return reuse(cached, checked);
	return download(name, checked, cached);
}

const isUsable = (
	{ manifest, missing }: PulledModelFolder,
	revision: string | undefined,
) =>
	missing.length === 0 &&
	(revision === undefined ||
		revision === manifest.revision ||
		revision === manifest.commit);

function reuse(
	cached: PulledModelFolder,
	{ sha256, onProgress }: PullOptions,
): PulledModel {
	const { name, files } = cached.manifest;
	checkExpectedHashes(name, sha256, files);
	for (const { file, size } of files)
		onProgress?.({ file, received: size, total: size });
	return toPulledModel(cached.manifest, cached.directory, true);
}

async function download(
	name: string,
	options: PullOptions,
	previous: PulledModelFolder | undefined,
): Promise<PulledModel> {
	const { revision = "main", sha256, retries = defaultRetries } = options;
	const hub = new HubClient(hubConnection(options), retries);
	const hubFiles = await describeModel(hub, name, revision);
	checkExpectedHashes(
		name,
		sha256,
		hubFiles.map(({ file, hash: { kind, value } }) =>
			kind === "sha256" ? { file, sha256: value } : { file },
		),
	);
	const version = versionOf(
		hubFiles.map(({ file, hash }) => [file, hash.value]),
	);
	const directory = join(modelFolder(name), version);
	await withWriteErrors(directory, () => makeDirectory(directory));
	const files = await downloadFiles(hub, hubFiles, name, directory, options);
	checkExpectedHashes(name, sha256, files);

	const { repo, commit } = hubFiles[0]!;
	const manifest: ModelManifest = {
		format: 1,
		name,
		repo,
		revision,
		commit,
		version,
		files,
	};
	await writeManifest(manifest);
	await removeAbandonedFiles(modelFolder(name));
	if (previous && previous.manifest.version !== version)
		await removeOldVersion(previous.directory);
	return toPulledModel(manifest, directory, false);
}

async function downloadFiles(
	hub: HubClient,
	hubFiles: readonly HubFile[],
	name: string,
	directory: string,
	{ onProgress }: PullOptions,
): Promise<PulledFile[]> {
	const { connection, retries } = hub;
	const files: PulledFile[] = [];
	for (const hubFile of hubFiles) {
		const { file, repo, commit, size, hash } = hubFile;
		const sha256 = await downloadFile(
			{
				file,
				subject: fileSubject(hubFile),
				address: fileAddress(connection, hubFile),
				size,
				hash,
			},
			{
				connection,
				retries,
				folder: modelFolder(name),
				target: directory,
				onBytes: throttleProgress(file, size, onProgress),
			},
		);
		files.push({ file, repo, commit, size, sha256 });
	}
	return files;
}

/** An engine that has mapped the old weights keeps them. */
async function removeOldVersion(directory: string): Promise<void> {
	await rm(directory, { recursive: true, force: true }).catch(() => {});
}

function toPulledModel(
	{ name, repo, revision, commit, files }: ModelManifest,
	directory: string,
	cached: boolean,
): PulledModel {
	return { name, directory, repo, revision, commit, files, cached };
}

/** Sizes and hashes of all files of a model, repository by repository. */
async function describeModel(
	hub: HubClient,
	name: string,
	revision: string,
): Promise<HubFile[]> {
	const known = findKnownModel(name);
	const chosen = known
		? await chooseKnownFiles(hub, known, revision)
		: await chooseFilesByLayout(hub, name, revision);
	const files = await Promise.all(
		[...groupByRepository(chosen)].map(([repository, names]) =>
			hub.describeFiles(repository, names),
		),
	);
	return files.flat();
}

function groupByRepository(
	chosen: readonly ChosenFile[],
): Map<ChosenFile["repository"], string[]> {
	const groups = new Map<ChosenFile["repository"], string[]>();
	for (const { repository, file } of chosen)
		groups.set(repository, [...(groups.get(repository) ?? []), file]);
	return groups;
}

/** Compares the hashes that the user expects with those that are known so far. */
function checkExpectedHashes(
	name: string,
	expected: Record<string, string> = {},
	files: readonly { file: string; sha256?: string }[],
): void {
	for (const [file, expectedHash] of Object.entries(expected)) {
		const found = files.find((each) => each.file === file);
		if (!found) {
			const names = listed(files.map((each) => each.file));
			throw rangeError(
				`Expected files of ${name} in sha256, ${names}, but received '${file}'`,
			);
		}
		const hash = expectedHash.toLowerCase();
		if (found.sha256 === undefined || found.sha256 === hash) continue;
		throw new AlfaError(
			"ERR_ALFA_MODEL_CORRUPT",
			`${file} of ${name} is not the expected file: expected SHA-256 ${hash}, found ${found.sha256}. ` +
				"Pull the revision that has the expected file",
		);
	}
}
