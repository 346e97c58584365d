// Chooses the files of a repository that make a checkpoint. The file names are fixed here. The
// hub's list only says which of them exist.
import { readBody } from "../download/read-body.js";
import { request } from "../download/request.js";
import { requestWithRetry, statusError } from "../download/server-error.js";
import { AlfaError } from "../errors.js";
import { isPlain } from "../options/validate.js";
import { tryParseJson } from "../util/json.js";
import type { HubClient, HubFile, Repository } from "./hub-client.js";
import {
	clipTokenizer,
	type KnownFile,
	type KnownModel,
} from "./known-models.js";

export interface ChosenFile {
	repository: Repository;
	file: string;
}

/** The files of a known model. `revision` applies to the model's own repository. */
export async function chooseKnownFiles(
	hub: HubClient,
	{ name, repo, files }: KnownModel,
	revision: string,
): Promise<ChosenFile[]> {
	const repositories = new Map<string, Promise<Repository>>();
	const openRepository = (each: string) => {
		const opened =
			repositories.get(each) ??
			hub.repository(each, each === repo ? revision : "main");
		repositories.set(each, opened);
		return opened;
	};
	const chosen: ChosenFile[] = [];
	for (const { file, from, optional } of files) {
		const repository = await firstWithFile(file, from, openRepository);
		if (repository) chosen.push({ repository, file });
		else if (!optional)
			throw unsupported(name, `${file} is in none of ${from.join(", ")}`);
	}
	return chosen;
}

async function firstWithFile(
	file: string,
	from: KnownFile["from"],
	openRepository: (repo: string) => Promise<Repository>,
): Promise<Repository | undefined> {
	for (const repo of from) {
		const repository = await openRepository(repo);
		if (repository.fileNames.has(file)) return repository;
	}
	return undefined;
}

/** The files of any repository, in the layout of open_clip, or else of transformers and timm. */
export async function chooseFilesByLayout(
	hub: HubClient,
	repo: string,
	revision: string,
): Promise<ChosenFile[]> {
	const repository = await hub.repository(repo, revision);
	const has = (file: string) => repository.fileNames.has(file);
	const existing = (...files: string[]) =>
		files.filter(has).map((file) => ({ repository, file }));

	if (has("open_clip_config.json") && has("open_clip_model.safetensors")) {
		const chosen = existing(
			"open_clip_config.json",
			"open_clip_model.safetensors",
			"tokenizer.json",
		);
		if (!has("tokenizer.json") && (await usesClipTokenizer(hub, repository))) {
			const tokenizer = await hub.repository(clipTokenizer, "main");
			chosen.push({ repository: tokenizer, file: "tokenizer.json" });
		}
		return chosen;
	}
	if (has("config.json") && has("model.safetensors")) {
		return existing(
			"config.json",
			"model.safetensors",
			"preprocessor_config.json",
			"tokenizer.json",
		);
	}
	throw unsupported(repo, describeOtherWeights(has));
}

function describeOtherWeights(has: (file: string) => boolean): string {
	const indexes = [
		"model.safetensors.index.json",
		"open_clip_model.safetensors.index.json",
	];
	if (indexes.some(has)) return "its weights are split into several files";
	const pickle = ["pytorch_model.bin", "open_clip_pytorch_model.bin"].find(has);
	if (pickle) {
		return (
			`its weights are a PyTorch pickle, ${pickle}. ` +
			"A pickle can run code when it is opened, so alfa-vad does not read it"
		);
	}
	return "the repository has none of the expected files";
}

function unsupported(name: string, reason: string): AlfaError {
	return new AlfaError(
		"ERR_ALFA_MODEL_UNSUPPORTED",
		`${name} has no checkpoint that alfa-vad can read: ${reason}. ` +
			"Expected open_clip_config.json and open_clip_model.safetensors, or config.json and model.safetensors. " +
			"Try another revision or repository",
	);
}

const clipVocabularySize = 49_408;

/**
 * open_clip uses CLIP's own tokenizer if the config names no other one. The size of the
 * vocabulary must agree.
 */
async function usesClipTokenizer(
	hub: HubClient,
	repository: Repository,
): Promise<boolean> {
	const [file] = await hub.describeFiles(repository, ["open_clip_config.json"]);
	const config = await readJson(hub, file!);
	const text = childObject(childObject(config, "model_cfg"), "text_cfg");
	return (
		text["hf_tokenizer_name"] === undefined &&
		text["tokenizer_kwargs"] === undefined &&
		(text["vocab_size"] ?? clipVocabularySize) === clipVocabularySize
	);
}

function childObject(value: unknown, key: string): Record<string, unknown> {
	const child = isPlain(value) ? value[key] : undefined;
	return isPlain(child) ? child : {};
}

/**
 * The content of a small file, or undefined if it is not JSON. The file is downloaded and
 * checked again later.
 */
function readJson(
	{ connection, retries }: HubClient,
	file: HubFile,
): Promise<unknown> {
	const attempt = () =>
		request(connection, fileAddress(connection, file), {}, async (response) => {
			if (response.status !== 200)
				throw statusError(response, fileSubject(file), connection.server);
			const body = await readBody(response.chunks(), file.size);
			return tryParseJson(body?.toString() ?? "");
		});
	return requestWithRetry(attempt, { retries, signal: connection.signal });
}

export const fileAddress = (
	{ endpoint }: { endpoint: string },
	{ repo, commit, file }: HubFile,
) => `${endpoint}/${repo}/resolve/${commit}/${file}`;

/** What messages call the file. */
export const fileSubject = ({ file, repo }: HubFile) => `${file} of ${repo}`;
