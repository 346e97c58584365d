// Prompt sets on disk: JSON, read with every problem told by its place, written whole or not at all.
import { open, stat } from "node:fs/promises";
import { AlfaError } from "../errors.js";
import { visibleText, visibleJson } from "../util/escape.js";
import { writeFileAtomic } from "../util/atomic-file.js";
import { brokenPlace } from "./json-error-position.js";
import { type PromptProblem, promptProblems } from "./prompt-problems.js";
import { type PromptSet, toPromptSet } from "./prompt-set.js";

const mostBytes = 16 * 2 ** 20;

export function promptFileError(
	message: string,
	options?: { cause?: unknown },
): AlfaError {
	return new AlfaError("ERR_ALFA_PROMPT_FILE", message, options);
}

/** The set in a file. Rejects with ERR_ALFA_PROMPT_FILE, the first problem and its place in the message. */
export async function readPromptSet(file: string): Promise<PromptSet> {
	const { value, problems } = await inspectPromptFile(file);
	const [first, ...more] = problems.filter(({ kind }) => kind === "form");
	if (!first) return toPromptSet(value, "");
	throw promptFileError(
		`${visibleText(file, 500)}: ${first.place && `${first.place}: `}${first.message}${more.length > 0 ? ` (and ${more.length} problems more: alfa prompts --check lists them)` : ""}`,
	);
}

/** What is in a file, and every problem of it. Rejects only where it cannot be read at all. */
export async function inspectPromptFile(
	file: string,
): Promise<{ value: unknown; problems: PromptProblem[] }> {
	const text = (await readText(file)).replace(/^\ufeff/, "");
	try {
		const value: unknown = JSON.parse(text);
		return { value, problems: promptProblems(value) };
	} catch (error) {
		if (!(error instanceof SyntaxError)) throw error;
		return {
			value: undefined,
			problems: [
				{
					kind: "form",
					place: brokenPlace(text),
					message: `no JSON: ${visibleText(error.message)}`,
				},
			],
		};
	}
}

/** Writes a set beside `file` and renames it there: readers see the old or the new one, never a part. */
export async function writePromptSet(
	file: string,
	set: PromptSet,
): Promise<void> {
	const whole = toPromptSet(set, "", "the prompt set");
	const [problem] = promptProblems(whole).filter(({ kind }) => kind === "form");
	if (problem)
		throw promptFileError(
			`The prompt set is not written to ${visibleText(file, 500)}: ${problem.place}: ${problem.message}`,
		);
	try {
		await writeFileAtomic(file, `${visibleJson(whole)}\n`);
	} catch (cause) {
		throw promptFileError(
			`${visibleText(file, 500)} cannot be written (${(cause as NodeJS.ErrnoException).code}); give a file in a folder that exists and is yours`,
			{ cause },
		);
	}
}

async function readText(file: string): Promise<string> {
	try {
		const found = await stat(file);
		if (!found.isFile())
			throw promptFileError(
				`${visibleText(file, 500)} is no file; give the JSON file of a prompt set`,
			);
		if (found.size > mostBytes)
			throw promptFileError(
				`${visibleText(file, 500)} has ${found.size} bytes; a prompt set has at most ${mostBytes}`,
			);
		await using handle = await open(file);
		return await handle.readFile("utf8");
	} catch (cause) {
		if (cause instanceof AlfaError) throw cause;
		throw promptFileError(
			`${visibleText(file, 500)} cannot be read (${(cause as NodeJS.ErrnoException).code}); give the JSON file of a prompt set`,
			{ cause },
		);
	}
}
