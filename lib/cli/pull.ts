// alfa models pull and verify.
import { InvalidArgumentError, type Command } from "commander";
import { argumentError } from "../errors.js";
import { knownModels } from "../models/known-models.js";
import { pullModel } from "../models/pull.js";
import { verifyModels, type FileCheck } from "../models/verify.js";
import { fetching } from "./fetching.js";
import { jsonOption } from "./options.js";
import { colour, note, print, printJson, safe } from "./terminal.js";

interface PullFlags {
	revision?: string;
	endpoint?: string;
	sha256?: Record<string, string>;
	refresh?: boolean;
	json?: boolean;
}

function addHash(
	text: string,
	before: Record<string, string> = {},
): Record<string, string> {
	const [, file, hash] = /^([^=]+)=([0-9a-fA-F]{64})$/.exec(text) ?? [];
	if (file === undefined || hash === undefined)
		throw new InvalidArgumentError(
			"Expected FILE=HASH, the hash as 64 hexadecimal digits.",
		);
	return { ...before, [file]: hash };
}

/** Adds `pull` and `verify` to `alfa models`; `done` gets the exit status. */
export function pullCommands(
	models: Command,
	done: (status: number) => void,
): void {
	models
		.command("pull")
		.description(
			"downloads a checkpoint from the Hugging Face hub and checks it; continues what an earlier try left",
		)
		.argument(
			"<name>",
			`${knownModels
				.slice(0, 3)
				.map(({ name }) => name)
				.join(", ")}, ... (see alfa models list), or owner/name on the hub`,
		)
		.option("--revision <revision>", "branch, tag or commit (default: main)")
		.option(
			"--endpoint <url>",
			"address of the hub (default: HF_ENDPOINT, else https://huggingface.co)",
		)
		.option(
			"--sha256 <file=hash>",
			"also check that file against this SHA-256; may be given several times",
			addHash,
		)
		.option("--refresh", "ask the hub even where the model is in the cache")
		.addOption(jsonOption())
		.action(async (name: string, flags: PullFlags) =>
			done(await pull(name, flags)),
		);
	models
		.command("verify")
		.description(
			"reads the files of pulled checkpoints again and compares them with their hashes; exits 1 where one is damaged",
		)
		.argument("[name]", "a pulled model (default: all)")
		.addOption(jsonOption())
		.action(async (name: string | undefined, flags: { json?: boolean }) =>
			done(await verify(name, flags)),
		);
}

async function pull(
	name: string,
	{ json, ...options }: PullFlags,
): Promise<number> {
	const model = await fetching((hooks) =>
		pullModel(name, { ...options, ...hooks }),
	);
	if (!model) return 1;
	if (json) printJson(model);
	else print(`${safe(model.name)}  ${safe(model.directory)}`);
	note(
		model.cached
			? "It was there before; --refresh asks the hub for a newer one"
			: `${safe(model.repo)} at ${model.commit}, whole and checked`,
	);
	return 0;
}

async function verify(
	name: string | undefined,
	{ json }: { json?: boolean },
): Promise<number> {
	if (name?.trim() === "")
		throw argumentError("Expected a model's name but received an empty one");
	const verdicts: FileCheck[] = [];
	for await (const verdict of verifyModels(name)) {
		verdicts.push(verdict);
		const { model, file, problem } = verdict;
		if (!json)
			print(
				`${problem === undefined ? colour("green", "ok") : colour("red", "no")}  ${safe(model)}  ${safe(file)}${problem === undefined ? "" : ` ${safe(problem)}`}`,
			);
	}
	if (json) printJson(verdicts);
	else if (verdicts.length === 0)
		note("No model was pulled, so there is nothing to verify");
	const damaged = new Set(
		verdicts
			.filter(({ problem }) => problem !== undefined)
			.map(({ model }) => model),
	);
	for (const model of damaged)
		note(
			`alfa: get what is damaged again: alfa models pull ${safe(model)} --refresh`,
		);
	return damaged.size > 0 ? 1 : 0;
}
