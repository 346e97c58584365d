// Models from a Hugging Face hub into the cache: whole and checked, or not there.
import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { download, type WantedFile } from "../download/download.js";
import { sweepParts } from "../download/partial-file.js";
import { onDisk } from "../download/write-error.js";
import { AlfaError, rangeError } from "../errors.js";
import { listed } from "../options/validate.js";
import { chooseByLayout, chooseKnown } from "./choose-files.js";
import { Hub, type StatedFile } from "./hub-client.js";
import { checkModelName, knownModel } from "./known-models.js";
import {
	checkPullOptions,
	connectionOf,
	type PullOptions,
	type PullProgress,
} from "./pull-options.js";
import {
	findPulled,
	type Manifest,
	modelFolder,
	type Pulled,
	type PulledFile,
	versionOf,
	writeManifest,
} from "./pulled-models.js";

export interface PulledModel {
	name: string;
	/** Where the files are; `Engine.open({ model: name })` finds them by the name. */
	directory: string;
	repo: string;
	revision: string;
	commit: string;
	files: PulledFile[];
	/** Whether it was there before, and no request was made. */
	cached: boolean;
}

/**
 * Downloads a model by its name, one of `alfa models list` or any owner/name of the hub, checks every file against the hash
 * that the hub states, and resolves once it is whole in the cache. What an earlier try left is continued. A model that is
 * there already costs no request, unless `refresh`. Rejects with ERR_ALFA_MODEL_NOT_FOUND, ERR_ALFA_MODEL_UNSUPPORTED (no
 * safetensors there), ERR_ALFA_DOWNLOAD, ERR_ALFA_MODEL_CORRUPT (a wrong hash or size), ERR_ALFA_WRITE, the signal's reason,
 * or a TypeError or RangeError for a wrong option. HF_TOKEN, where set, is sent to the hub alone.
 */
export async function pullModel(
	name: string,
	options: PullOptions = {},
): Promise<PulledModel> {
	checkModelName(name);
	const {
		revision,
		sha256,
		refresh,
		retries = 4,
		signal,
		onProgress,
	} = checkPullOptions(options);
	signal?.throwIfAborted();
	const before = await findPulled(name);
	if (before && !refresh && serves(before, revision)) {
		expectHashes(
			before.manifest.files.map((each) => [each.file, each.sha256]),
			sha256,
			name,
		);
		for (const { file, size } of before.manifest.files)
			onProgress?.({ file, received: size, total: size });
		return result(before, true);
	}
	const hub = new Hub(connectionOf(options), retries);
	const stated = await statedFiles(hub, name, revision ?? "main");
	expectHashes(
		stated.map(({ file, hash }) => [
			file,
			hash.kind === "sha256" ? hash.value : undefined,
		]),
		sha256,
		name,
	);
	const folder = modelFolder(name),
		version = versionOf(stated.map(({ file, hash }) => [file, hash.value])),
		directory = join(folder, version);
	await onDisk(directory, () => mkdir(directory, { recursive: true }));
	const files: PulledFile[] = [];
	for (const each of stated) {
		const { file, repo, commit, size } = each;
		const hash = await download(hub, wanted(hub, each), {
			folder,
			target: directory,
			onBytes: paced(file, size, onProgress),
		});
		files.push({ file, repo, commit, size, sha256: hash });
	}
	expectHashes(
		files.map((each) => [each.file, each.sha256]),
		sha256,
		name,
	);
	const { repo, commit } = stated[0]!;
	const manifest: Manifest = {
		format: 1,
		name,
		repo,
		revision: revision ?? "main",
		commit,
		version,
		files,
	};
	await writeManifest(manifest);
	await sweepParts(folder);
	// An engine that has the old weights mapped keeps them.
	if (before && before.manifest.version !== version)
		await rm(before.directory, { recursive: true, force: true }).catch(
			() => {},
		);
	return result({ manifest, directory }, false);
}

const wanted = (
	{ connection: { endpoint } }: Hub,
	{ repo, commit, file, size, hash }: StatedFile,
): WantedFile => ({
	file,
	what: `${file} of ${repo}`,
	address: `${endpoint}/${repo}/resolve/${commit}/${file}`,
	size,
	hash,
});

const serves = ({ manifest, missing }: Pulled, revision: string | undefined) =>
	missing.length === 0 &&
	(revision === undefined ||
		revision === manifest.revision ||
		revision === manifest.commit);

function result(
	{
		manifest: { name, repo, revision, commit, files },
		directory,
	}: Pick<Pulled, "manifest" | "directory">,
	cached: boolean,
): PulledModel {
	return { name, directory, repo, revision, commit, files, cached };
}

async function statedFiles(
	hub: Hub,
	name: string,
	revision: string,
): Promise<StatedFile[]> {
	const known = knownModel(name);
	const choices = known
		? await chooseKnown(hub, known, revision)
		: await chooseByLayout(hub, name, revision);
	const repositories = [
		...new Set(choices.map(({ repository }) => repository)),
	];
	const stated = await Promise.all(
		repositories.map((each) =>
			hub.stated(
				each,
				choices
					.filter(({ repository }) => repository === each)
					.map(({ file }) => file),
			),
		),
	);
	return stated.flat();
}

/** What the user knows of the files, against what is known here of them by now. */
function expectHashes(
	found: readonly (readonly [file: string, sha256: string | undefined])[],
	wanted: Record<string, string> = {},
	name: string,
): void {
	const names = found.map(([file]) => file);
	for (const [file, hash] of Object.entries(wanted)) {
		if (!names.includes(file))
			throw rangeError(
				`Expected files of ${name} in sha256, ${listed(names)}, but received '${file}'`,
			);
		const is = found.find(([each]) => each === file)![1];
		if (is !== undefined && is !== hash.toLowerCase()) {
			throw new AlfaError(
				"ERR_ALFA_MODEL_CORRUPT",
				`${file} of ${name} is not the file that is wanted: expected SHA-256 ${hash.toLowerCase()}, found ${is}. Take the revision that has it`,
			);
		}
	}
}

/** Tells of the first and the last bytes, and of those between ten times a second. */
export function paced(
	file: string,
	total: number,
	onProgress: ((progress: PullProgress) => void) | undefined,
): (received: number) => void {
	let last = -Infinity;
	return (received) => {
		const now = performance.now();
		if (!onProgress || (now - last < 100 && received !== total)) return;
		last = now;
		onProgress({ file, received, total });
	};
}
