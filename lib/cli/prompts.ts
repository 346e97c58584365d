// alfa prompts: shows, makes, saves and checks prompt sets. What a model or a file says is escaped before it is shown.
import { existsSync } from "node:fs";
import { InvalidArgumentError, type Command } from "commander";
import { PromptSetCache } from "../cache/prompt-sets.js";
import { Engine } from "../engine.js";
import { argumentError } from "../errors.js";
import { visibleJson } from "../util/escape.js";
import { cleanClassName } from "../prompts/class-name.js";
import { generatePrompts, type GenerateResult } from "../prompts/generate.js";
import { fallbackSet, libraryNames, librarySet } from "../prompts/library.js";
import { inspectPromptFile, writePromptSet } from "../prompts/prompt-file.js";
import type { PromptSet } from "../prompts/prompt-set.js";
import { slugOf } from "../prompts/slug.js";
import { jsonOption } from "./options.js";
import { colour, note, print, safe } from "./terminal.js";

export interface PromptsFlags {
	llm?: string;
	llmModel?: string;
	keyEnv?: string;
	samples?: number;
	timeout?: number;
	model?: string;
	out?: string;
	fresh?: boolean;
	list?: boolean;
	check?: string;
	show?: boolean;
	json?: boolean;
}

const positive = (text: string) => {
	const value = Number(text);
	if (!Number.isInteger(value) || value < 1)
		throw new InvalidArgumentError("Expected a whole number above 0.");
	return value;
};

/** Adds `alfa prompts` to the program; `done` gets the exit status. */
export function promptsCommand(
	program: Command,
	done: (status: number) => void,
): void {
	program
		.command("prompts")
		.description(
			"the texts that stand for normal and abnormal: show, make by an LLM, save, check",
		)
		.argument("[name]", 'what the pictures show, such as "metal nut"')
		.option(
			"--llm <url>",
			"root of an OpenAI-compatible API that writes new prompts, such as http://localhost:11434/v1",
		)
		.option("--llm-model <name>", "the model's name there")
		.option(
			"--key-env <name>",
			"environment variable that holds the key (default: ALFA_LLM_KEY, else, over https or on this machine, OPENAI_API_KEY)",
		)
		.option(
			"--samples <number>",
			"answers asked for per label (default: 4)",
			positive,
		)
		.option("--timeout <seconds>", "for one answer (default: 120)", positive)
		.option(
			"--out <file>",
			"write the set there (default with --llm: prompts-NAME.json)",
		)
		.option(
			"--model <model>",
			"a checkpoint whose text tower finds near duplicates and texts that are too long",
		)
		.option(
			"--fresh",
			"ask the model even where its prompts are known from before",
		)
		.option("--list", "the classes that the library has")
		.option(
			"--check <file>",
			"say what is wrong with a prompt set's file; exits 1 where anything is",
		)
		.option("--show", "print the texts even where they are saved")
		.addOption(jsonOption())
		.action(async (name: string | undefined, flags: PromptsFlags) =>
			done(await prompts(name, flags)),
		);
}

/** Resolves to the exit status. */
export async function prompts(
	name: string | undefined,
	flags: PromptsFlags,
): Promise<number> {
	if (flags.list) return list(flags);
	if (flags.check !== undefined) return check(flags.check, flags);
	if (name === undefined)
		throw argumentError(
			"Expected a class name, --list or --check FILE; see alfa prompts --help",
		);
	if (flags.llm === undefined) {
		const stray = (["llmModel", "keyEnv", "samples", "timeout"] as const).find(
			(key) => flags[key] !== undefined,
		);
		if (stray)
			throw argumentError(
				`--${stray.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)} goes with --llm URL, which is missing`,
			);
		await deliver(
			{ prompts: librarySet(name) ?? fallbackSet(cleanClassName(name)) },
			flags.out,
			flags,
		);
		return 0;
	}
	if (flags.llmModel === undefined)
		throw argumentError("Expected --llm-model NAME beside --llm");
	const { llm: baseURL, llmModel: model, samples, timeout } = flags;
	const key = keyOf(flags.keyEnv);
	const cache = new PromptSetCache((message) => note(`alfa: ${safe(message)}`));
	const known = flags.fresh
		? undefined
		: await cache.get({ class: name, model });
	if (known) {
		note("These prompts were made before; --fresh asks again");
		await deliver({ prompts: known }, flags.out, flags);
		return 0;
	}
	await using engine =
		flags.model === undefined
			? undefined
			: await Engine.open({ model: flags.model });
	const judge = engine && {
		embed: (texts: string[]) => engine.embedText(texts),
		countTokens: (text: string) => engine.countTokens(text),
	};
	const result = await generatePrompts({
		...judge,
		class: name,
		llm: {
			baseURL,
			model,
			...(key !== undefined && { apiKey: key }),
			...(timeout !== undefined && { timeout: 1000 * timeout }),
		},
		...(samples !== undefined && { samples }),
		onProgress: ({ answered, planned, kept }) => {
			if (process.stderr.isTTY)
				note(
					`${answered} of ${planned} answers: ${kept.normal} normal, ${kept.abnormal} abnormal`,
				);
		},
	});
	summarise(result);
	await cache.put({ class: name, model }, result.prompts);
	await deliver(
		result,
		flags.out ?? (flags.json ? undefined : unusedName(name)),
		flags,
	);
	return 0;
}

async function deliver(
	result: { prompts: PromptSet } & Partial<GenerateResult>,
	file: string | undefined,
	flags: PromptsFlags,
): Promise<void> {
	if (file !== undefined) await writePromptSet(file, result.prompts);
	if (flags.json) return print(visibleJson({ ...result, file }));
	if (file === undefined || flags.show) show(result);
	if (file !== undefined) note(`The prompts are in ${safe(file)}`);
}

function show({
	prompts: { class: name, normal, abnormal, descriptors = [], source },
	dropped = [],
}: { prompts: PromptSet } & Partial<GenerateResult>): void {
	print(
		`${safe(name)}: ${normal.length} normal, ${abnormal.length} abnormal, ${descriptors.length} descriptors (${safe(source.kind)})`,
	);
	for (const [title, texts] of Object.entries({
		normal,
		abnormal,
		descriptors,
		dropped: dropped.map(
			({ text, label, reason }) => `${label}, ${reason}: ${text}`,
		),
	})) {
		if (texts.length === 0) continue;
		print(`\n${colour("bold", title)}`);
		for (const text of texts) print(`  ${safe(text)}`);
	}
}

function summarise({
	prompts: { normal, abnormal, descriptors = [] },
	dropped,
	failures,
	usage,
}: GenerateResult): void {
	const reasons = [...new Set(dropped.map(({ reason }) => reason))].map(
		(reason) =>
			`${reason} ${dropped.filter((each) => each.reason === reason).length}`,
	);
	note(
		`kept: ${normal.length} normal, ${abnormal.length} abnormal, ${descriptors.length} descriptors; dropped: ${dropped.length}${reasons.length > 0 ? ` (${reasons.join(", ")})` : ""}`,
	);
	note(
		`${usage.requests} requests, ${usage.retries} of them repeated; tokens: ${usage.promptTokens} in, ${usage.completionTokens} out` +
			`${usage.cost === undefined ? "" : `; cost: ${usage.cost.toFixed(4)}`}`,
	);
	for (const { label, message } of failures)
		note(`alfa: a question (${label}) has no answer: ${safe(message)}`);
}

function list({ json }: PromptsFlags): number {
	const names = libraryNames();
	if (json) print(visibleJson(names));
	else for (const name of names) print(safe(name));
	return 0;
}

async function check(file: string, { json }: PromptsFlags): Promise<number> {
	const { value, problems } = await inspectPromptFile(file);
	if (json) print(visibleJson({ file, ok: problems.length === 0, problems }));
	else if (problems.length === 0)
		print(
			`${safe(file)}: ${(value as PromptSet).normal.length} normal, ${(value as PromptSet).abnormal.length} abnormal, no problem`,
		);
	else
		for (const { place, message } of problems)
			print(`${safe(file)}: ${place && `${safe(place)}: `}${safe(message)}`);
	return problems.length > 0 ? 1 : 0;
}

/** Neither name nor value is ever shown: who confuses the two gives the key as the name. */
function keyOf(variable: string | undefined): string | undefined {
	if (variable === undefined) return undefined;
	const key = /^\w+$/.test(variable)
		? process.env[variable]?.trim()
		: undefined;
	if (!key)
		throw argumentError(
			"The environment has no variable of the name that --key-env gives; set it, and give its name, not the key",
		);
	return key;
}

/** What was paid for is not written over: the default name counts up. */
function unusedName(name: string): string {
	const stem = `prompts-${slugOf(name)}`;
	let file = `${stem}.json`;
	for (let i = 2; existsSync(file); i++) file = `${stem}-${i}.json`;
	return file;
}
