// Which files of a repository make a checkpoint. Names come from here, never from the hub: its list is only looked into.

import { ask } from "../download/request.js";
import { fromStatus, withRetry } from "../download/server-error.js";
import { AlfaError } from "../errors.js";
import { isPlain } from "../options/validate.js";
import type { Hub, Repository, StatedFile } from "./hub-client.js";
import {
	clipTokenizer,
	type KnownFile,
	type KnownModel,
} from "./known-models.js";

export interface Choice {
	repository: Repository;
	file: string;
}

/** The files of a model that the registry has. `revision` is of the model's own repository. */
export async function chooseKnown(
	hub: Hub,
	{ name, repo, files }: KnownModel,
	revision: string,
): Promise<Choice[]> {
	const repositories = new Map<string, Promise<Repository>>();
	const repositoryOf = (from: string) => {
		if (!repositories.has(from))
			repositories.set(
				from,
				hub.repository(from, from === repo ? revision : "main"),
			);
		return repositories.get(from)!;
	};
	const choices: Choice[] = [];
	for (const { file, from, optional } of files) {
		const holder = await firstWith(file, from, repositoryOf);
		if (holder) choices.push({ repository: holder, file });
		else if (!optional)
			throw incomplete(name, `${file} is in none of ${from.join(", ")}`);
	}
	return choices;
}

async function firstWith(
	file: string,
	from: KnownFile["from"],
	repositoryOf: (repo: string) => Promise<Repository>,
): Promise<Repository | undefined> {
	for (const repo of from) {
		const repository = await repositoryOf(repo);
		if (repository.names.has(file)) return repository;
	}
	return undefined;
}

/** The files of any repository: open_clip's layout where its weights are there as safetensors, else transformers' or timm's. */
export async function chooseByLayout(
	hub: Hub,
	repo: string,
	revision: string,
): Promise<Choice[]> {
	const repository = await hub.repository(repo, revision);
	const { names } = repository;
	const pick = (...files: string[]) =>
		files
			.filter((file) => names.has(file))
			.map((file) => ({ repository, file }));
	if (
		names.has("open_clip_config.json") &&
		names.has("open_clip_model.safetensors")
	) {
		const choices = pick(
			"open_clip_config.json",
			"open_clip_model.safetensors",
			"tokenizer.json",
		);
		if (
			!names.has("tokenizer.json") &&
			(await usesClipTokenizer(hub, repository))
		)
			choices.push({
				repository: await hub.repository(clipTokenizer, "main"),
				file: "tokenizer.json",
			});
		return choices;
	}
	if (names.has("config.json") && names.has("model.safetensors"))
		return pick(
			"config.json",
			"model.safetensors",
			"preprocessor_config.json",
			"tokenizer.json",
		);
	const shards =
		names.has("model.safetensors.index.json") ||
		names.has("open_clip_model.safetensors.index.json");
	const pickles = ["pytorch_model.bin", "open_clip_pytorch_model.bin"].find(
		(name) => names.has(name),
	);
	throw incomplete(
		repo,
		shards
			? "its weights are in several files"
			: pickles
				? `its weights are a PyTorch pickle, ${pickles}, which can run code when opened and is not read`
				: "it has none of them",
	);
}

function incomplete(name: string, found: string): AlfaError {
	return new AlfaError(
		"ERR_ALFA_MODEL_UNSUPPORTED",
		`${name} holds no checkpoint that is read here: ${found}. ` +
			"Expected open_clip_config.json and open_clip_model.safetensors, or config.json and model.safetensors; another revision or repository may have them",
	);
}

/** open_clip takes CLIP's own tokenizer where its config names no other; the size of the vocabulary must agree. */
async function usesClipTokenizer(
	hub: Hub,
	repository: Repository,
): Promise<boolean> {
	const [stated] = await hub.stated(repository, ["open_clip_config.json"]);
	const config = await readJson(hub, stated!);
	const model =
		isPlain(config) && isPlain(config["model_cfg"]) ? config["model_cfg"] : {};
	const text = isPlain(model["text_cfg"]) ? model["text_cfg"] : {};
	return (
		text["hf_tokenizer_name"] === undefined &&
		text["tokenizer_kwargs"] === undefined &&
		(text["vocab_size"] ?? 49_408) === 49_408
	);
}

/** A small file, read to decide by; it is downloaded and checked like the others later. */
function readJson(
	{ connection, retries }: Hub,
	{ repo, commit, file, size }: StatedFile,
): Promise<unknown> {
	return withRetry(
		() =>
			ask(
				connection,
				`${connection.endpoint}/${repo}/resolve/${commit}/${file}`,
				{},
				async (reply) => {
					if (reply.status !== 200)
						throw fromStatus(
							reply.status,
							reply.headers,
							reply.host,
							`${file} of ${repo}`,
							connection.server,
						);
					const pieces: Uint8Array[] = [];
					let bytes = 0;
					for await (const piece of reply.chunks()) {
						bytes += piece.byteLength;
						if (bytes > size) break;
						pieces.push(piece);
					}
					try {
						return JSON.parse(Buffer.concat(pieces).toString()) as unknown;
					} catch {
						return undefined;
					}
				},
			),
		{ retries, signal: connection.signal },
	);
}
