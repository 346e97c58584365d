// alfa models: lists, describes, downloads and verifies checkpoints.
import { type Command, InvalidArgumentError } from "commander";
import { Engine } from "../../engine.js";
import { argumentError } from "../../errors.js";
import { knownModels } from "../../models/known-models.js";
import { listModels } from "../../models/locate-model.js";
import { pullModel } from "../../models/pull.js";
import { type FileCheck, verifyModels } from "../../models/verify.js";
import { runDownload } from "../download-progress.js";
import { jsonOption, parseSha256 } from "../options.js";
import { colour, log, print, printable, printJson } from "../terminal.js";

interface JsonFlag {
	json?: boolean;
}

interface PullFlags extends JsonFlag {
	revision?: string;
	endpoint?: string;
	/** By file. */
	sha256?: Record<string, string>;
	refresh?: boolean;
}

export function addModels(program: Command): void {
	const models = program
		.command("models")
		.description("list checkpoints, and download and verify them");
	models
		.command("list", { isDefault: true })
		.description(
			"list the checkpoints on this machine and those that can be downloaded",
		)
		.addOption(jsonOption())
		.action(list);
	models
		.command("info")
		.description("describe a checkpoint")
		.argument("[model]", "name or folder", "demo")
		.addOption(jsonOption())
		.action(showInfo);
	const examples = knownModels.slice(0, 3).map(({ name }) => name);
	models
		.command("pull")
		.description(
			"download a checkpoint from the Hugging Face hub and verify it; continues an interrupted download",
		)
		.argument(
			"<name>",
			`${examples.join(", ")}, ... (see alfa models list), or owner/name on the hub`,
		)
		.option("--revision <revision>", "branch, tag or commit (default: main)")
		.option(
			"--endpoint <url>",
			"address of the hub (default: HF_ENDPOINT, else https://huggingface.co)",
		)
		.option(
			"--sha256 <file=hash>",
			"expected SHA-256 of a file; can be given several times",
			addHash,
		)
		.option(
			"--refresh",
			"ask the hub for changes even if the model is in the cache",
		)
		.addOption(jsonOption())
		.action(pull);
	models
		.command("verify")
		.description(
			"compare the files of downloaded checkpoints with their hashes; exit status 1 if one is damaged",
		)
		.argument("[name]", "a downloaded model (default: all)")
		.addOption(jsonOption())
		.action(verify);
}

function addHash(
	text: string,
	hashes: Record<string, string> = {},
): Record<string, string> {
	const [file, hash, ...rest] = text.split("=");
	if (!file || hash === undefined || rest.length > 0)
		throw new InvalidArgumentError("Expected FILE=HASH.");
	return { ...hashes, [file]: parseSha256(hash) };
}

async function list({ json }: JsonFlag): Promise<void> {
	const local = await listModels();
	const remote = knownModels.filter(
		({ name }) => !local.some((model) => model.name === name),
	);
	if (json) {
		printJson([
			...local,
			...remote.map(({ name, repo, about }) => ({
				name,
				source: "known",
				repo,
				about,
			})),
		]);
		return;
	}
	const width = Math.max(
		...[...local, ...remote].map(({ name }) => name.length),
	);
	for (const { name, directory } of local)
		print(`${printable(name).padEnd(width)}  ${printable(directory)}`);
	for (const { name, about } of remote) {
		const hint = `not downloaded (${about}): alfa models pull ${name}`;
		print(`${printable(name).padEnd(width)}  ${colour("dim", hint)}`);
	}
}

async function showInfo(model: string, { json }: JsonFlag): Promise<void> {
	await using engine = await Engine.open({ model });
	if (json) {
		printJson(engine.info);
		return;
	}
	for (const [key, value] of Object.entries(engine.info)) {
		print(`${key.padEnd(12)}  ${printable(String(value))}`);
	}
}

async function pull(
	name: string,
	{ json, ...options }: PullFlags,
): Promise<void> {
	const model = await runDownload((hooks) =>
		pullModel(name, { ...options, ...hooks }),
	);
	if (!model) {
		process.exitCode = 1;
		return;
	}
	if (json) printJson(model);
	else print(`${printable(model.name)}  ${printable(model.directory)}`);
	log(
		model.cached
			? "It was in the cache already; --refresh asks the hub for changes"
			: `${printable(model.repo)} at ${model.commit}, complete and verified`,
	);
}

async function verify(
	name: string | undefined,
	{ json }: JsonFlag,
): Promise<void> {
	if (name?.trim() === "")
		throw argumentError(
			"Expected the name of a model but received an empty one",
		);
	const files: FileCheck[] = [];
	const damagedModels = new Set<string>();
	for await (const file of verifyModels(name)) {
		files.push(file);
		if (file.problem !== undefined) damagedModels.add(file.model);
		if (!json) print(verifiedLine(file));
	}
	if (json) printJson(files);
	else if (files.length === 0)
		log("No model is downloaded, so there is nothing to verify");
	for (const model of damagedModels) {
		log(
			`alfa: download the damaged files again: alfa models pull ${printable(model)} --refresh`,
		);
	}
	if (damagedModels.size > 0) process.exitCode = 1;
}

function verifiedLine({ model, file, problem }: FileCheck): string {
	const name = `${printable(model)}  ${printable(file)}`;
	if (problem === undefined) return `${colour("green", "ok")}  ${name}`;
	return `${colour("red", "no")}  ${name} ${printable(problem)}`;
}
