// alfa prompts: shows, generates, saves and checks prompt sets. Texts from a model or a file are escaped
// before printing.
import { existsSync } from "node:fs";
import type { Command } from "commander";
import { PromptSetCache } from "../../cache/prompt-sets.js";
import { Engine } from "../../engine.js";
import { argumentError } from "../../errors.js";
import { cleanClassName } from "../../prompts/class-name.js";
import {
	type GenerateResult,
	generatePrompts,
} from "../../prompts/generate.js";
import {
	fallbackSet,
	libraryNames,
	librarySet,
} from "../../prompts/library.js";
import {
	inspectPromptFile,
	writePromptSet,
} from "../../prompts/prompt-file.js";
import type { PromptSet } from "../../prompts/prompt-set.js";
import { slugOf } from "../../prompts/slug.js";
import { visibleJson } from "../../util/escape.js";
import { jsonOption, wholeNumber } from "../options.js";
import { colour, log, print, printable } from "../terminal.js";

interface PromptsFlags {
	llm?: string;
	llmModel?: string;
	keyEnv?: string;
	llmAllowHttp?: boolean;
	samples?: number;
	/** Seconds. */
	timeout?: number;
	model?: string;
	out?: string;
	fresh?: boolean;
	list?: boolean;
	check?: string;
	show?: boolean;
	json?: boolean;
}

/** A prompt set, and the details of its generation if it is new. */
type PromptsResult = { prompts: PromptSet } & Partial<GenerateResult>;

export function addPrompts(program: Command): void {
	program
		.command("prompts")
		.description(
			"show the prompts of a class, generate them with a language model, save and check them",
		)
		.argument("[name]", 'what the images show, such as "metal nut"')
		.option(
			"--llm <url>",
			"generate new prompts: root of an OpenAI-compatible API, such as http://localhost:11434/v1",
		)
		.option("--llm-model <name>", "name of the language model")
		.option(
			"--key-env <name>",
			"environment variable with the API key (default: ALFA_LLM_KEY; over https or on this machine, also " +
				"OPENAI_API_KEY)",
		)
		.option(
			"--llm-allow-http",
			"send the API key over http, without encryption, to another machine",
		)
		.option(
			"--samples <number>",
			"number of answers to request per label (default: 4)",
			wholeNumber(1),
		)
		.option(
			"--timeout <seconds>",
			"time limit for one answer (default: 120)",
			wholeNumber(1),
		)
		.option(
			"--out <file>",
			"write the prompt set to this file (default with --llm: prompts-NAME.json)",
		)
		.option(
			"--model <model>",
			"a checkpoint whose text tower finds near duplicates and texts that are too long",
		)
		.option(
			"--fresh",
			"ask the language model even if its prompts for this class are in the cache",
		)
		.option("--list", "list the classes of the library")
		.option(
			"--check <file>",
			"check the file of a prompt set; exit status 1 if it has a problem",
		)
		.option("--show", "print the prompts even if they are saved to a file")
		.addOption(jsonOption())
		.action(prompts);
}

async function prompts(
	name: string | undefined,
	flags: PromptsFlags,
): Promise<void> {
	if (flags.list) return list(flags);
	if (flags.check !== undefined) return checkFile(flags.check, flags);
	if (name === undefined) {
		throw argumentError(
			"Expected a class name, --list or --check FILE; see alfa prompts --help",
		);
	}
	if (flags.llm !== undefined) return generate(name, flags.llm, flags);
	checkFlagsWithoutLlm(flags);
	const set = librarySet(name) ?? fallbackSet(cleanClassName(name));
	return deliver({ prompts: set }, flags.out, flags);
}

const llmFlags = {
	llmModel: "--llm-model",
	llmAllowHttp: "--llm-allow-http",
	keyEnv: "--key-env",
	samples: "--samples",
	timeout: "--timeout",
} as const;

function checkFlagsWithoutLlm(flags: PromptsFlags): void {
	for (const [key, flag] of Object.entries(llmFlags)) {
		if (flags[key as keyof typeof llmFlags] !== undefined) {
			throw argumentError(`Expected --llm URL together with ${flag}`);
		}
	}
}

async function generate(
	name: string,
	baseURL: string,
	flags: PromptsFlags,
): Promise<void> {
	const { llmModel: model, samples, timeout } = flags;
	if (model === undefined)
		throw argumentError("Expected --llm-model NAME together with --llm");
	const apiKey = readKey(flags.keyEnv);
	const cache = new PromptSetCache((message) =>
		log(`alfa: ${printable(message)}`),
	);
	const cached = flags.fresh
		? undefined
		: await cache.get({ class: name, model });
	if (cached) {
		log(
			"These prompts come from the cache; --fresh asks the language model again",
		);
		return deliver({ prompts: cached }, flags.out, flags);
	}
	await using engine =
		flags.model === undefined
			? undefined
			: await Engine.open({ model: flags.model });
	const result = await generatePrompts({
		...(engine && {
			embed: (texts: string[]) => engine.embedText(texts),
			countTokens: (text: string) => engine.countTokens(text),
		}),
		class: name,
		llm: {
			baseURL,
			model,
			...(apiKey !== undefined && { apiKey }),
			...(flags.llmAllowHttp && { allowHttp: true }),
			...(timeout !== undefined && { timeout: 1000 * timeout }),
		},
		...(samples !== undefined && { samples }),
		onProgress: ({ answered, planned, kept }) => {
			if (!process.stderr.isTTY) return;
			log(
				`${answered} of ${planned} answers: ${kept.normal} normal, ${kept.abnormal} abnormal`,
			);
		},
	});
	logSummary(result);
	await cache.put({ class: name, model }, result.prompts);
	const file = flags.out ?? (flags.json ? undefined : unusedFile(name));
	return deliver(result, file, flags);
}

/** Saves the prompts and prints them. */
async function deliver(
	result: PromptsResult,
	file: string | undefined,
	flags: PromptsFlags,
): Promise<void> {
	if (file !== undefined) await writePromptSet(file, result.prompts);
	if (flags.json) {
		print(visibleJson({ ...result, file }));
		return;
	}
	if (file === undefined || flags.show) printPrompts(result);
	if (file !== undefined) log(`The prompts are in ${printable(file)}`);
}

function printPrompts({ prompts, dropped = [] }: PromptsResult): void {
	const { class: name, normal, abnormal, descriptors = [], source } = prompts;
	print(
		`${printable(name)}: ${countsText(prompts)} (${printable(source.kind)})`,
	);
	const sections = {
		normal,
		abnormal,
		descriptors,
		dropped: dropped.map(
			({ text, label, reason }) => `${label}, ${reason}: ${text}`,
		),
	};
	for (const [title, texts] of Object.entries(sections)) {
		if (texts.length === 0) continue;
		print(`\n${colour("bold", title)}`);
		for (const text of texts) print(`  ${printable(text)}`);
	}
}

function countsText({ normal, abnormal, descriptors = [] }: PromptSet): string {
	return `${normal.length} normal, ${abnormal.length} abnormal, ${descriptors.length} descriptors`;
}

function logSummary({
	prompts,
	dropped,
	failures,
	usage,
}: GenerateResult): void {
	const counts = new Map<string, number>();
	for (const { reason } of dropped)
		counts.set(reason, (counts.get(reason) ?? 0) + 1);
	const reasons = [...counts]
		.map(([reason, count]) => `${reason} ${count}`)
		.join(", ");
	log(
		`kept: ${countsText(prompts)}; dropped: ${dropped.length}${reasons && ` (${reasons})`}`,
	);
	const { requests, retries, promptTokens, completionTokens, cost } = usage;
	const costText = cost === undefined ? "" : `; cost: ${cost.toFixed(4)}`;
	log(
		`${requests} requests, ${retries} of them retries; tokens: ${promptTokens} in, ${completionTokens} out${costText}`,
	);
	for (const { label, message } of failures) {
		log(`alfa: a request for ${label} prompts failed: ${printable(message)}`);
	}
}

function list({ json }: PromptsFlags): void {
	const names = libraryNames();
	if (json) print(visibleJson(names));
	else for (const name of names) print(printable(name));
}

async function checkFile(file: string, { json }: PromptsFlags): Promise<void> {
	const { value, problems } = await inspectPromptFile(file);
	if (problems.length > 0) process.exitCode = 1;
	if (json) {
		print(visibleJson({ file, ok: problems.length === 0, problems }));
	} else if (problems.length === 0) {
		const { normal, abnormal } = value as PromptSet;
		print(
			`${printable(file)}: ${normal.length} normal, ${abnormal.length} abnormal, no problem`,
		);
	} else {
		for (const { place, message } of problems) {
			const location = place ? `${printable(place)}: ` : "";
			print(`${printable(file)}: ${location}${printable(message)}`);
		}
	}
}

/** Messages contain neither the name nor the value: a user who confuses them gives the key as the name. */
function readKey(variable: string | undefined): string | undefined {
	if (variable === undefined) return undefined;
	const key = /^\w+$/.test(variable)
		? process.env[variable]?.trim()
		: undefined;
	if (key) return key;
	throw argumentError(
		"The environment variable that --key-env names is not set; set it, and give its name instead of the key itself",
	);
}

/** A file that does not exist, so that prompts that were paid for are not overwritten. */
function unusedFile(name: string): string {
	const stem = `prompts-${slugOf(name)}`;
	let file = `${stem}.json`;
	for (let i = 2; existsSync(file); i++) file = `${stem}-${i}.json`;
	return file;
}
