// Reads and writes prompt sets as JSON files. A file is written completely or not at all.
import { AlfaError } from "../errors.js";
import { path as filePath } from "../options/validate.js";
import { writeFileAtomic } from "../util/atomic-file.js";
import { visibleJson, visibleText } from "../util/escape.js";
import { parseJson } from "../util/json.js";
import { readTextFile, TextFileError } from "../util/text-file.js";
import { jsonErrorPosition } from "./json-error-position.js";
import { type PromptProblem, promptProblems } from "./prompt-problems.js";
import { type PromptSet, toPromptSet } from "./prompt-set.js";

const maxFileBytes = 16 * 2 ** 20;

/**
 * Reads the prompt set in a file. Rejects with ERR_ALFA_PROMPT_FILE, and names the first problem and
 * its place in the message.
 */
export async function readPromptSet(file: string): Promise<PromptSet> {
	const { value, problems } = await inspectPromptFile(file);
	const [first, ...others] = formProblems(problems);
	if (!first) return toPromptSet(value, "");
	throw fileError(file, `: ${describe(first)}${countOthers(others.length)}`);
}

/**
 * The content of a file and all its problems. Rejects with ERR_ALFA_PROMPT_FILE only if the file
 * cannot be read.
 */
export async function inspectPromptFile(
	file: string,
): Promise<{ value: unknown; problems: PromptProblem[] }> {
	const text = await readText(filePath(file, "file"));
	try {
		const value = parseJson(text);
		return { value, problems: promptProblems(value) };
	} catch (error) {
		if (!(error instanceof SyntaxError)) throw error;
		const problem: PromptProblem = {
			kind: "form",
			place: jsonErrorPosition(text),
			message: `not JSON: ${visibleText(error.message)}`,
		};
		return { value: undefined, problems: [problem] };
	}
}

/**
 * Writes a prompt set to a file. Another process sees the old file or the new one, never a part of
 * it. Rejects with ERR_ALFA_PROMPT_FILE, or with a TypeError or RangeError for a wrong set.
 */
export async function writePromptSet(
	file: string,
	set: PromptSet,
): Promise<void> {
	filePath(file, "file");
	const complete = toPromptSet(set, "", "the prompt set");
	const [problem] = formProblems(promptProblems(complete));
	if (problem) {
		throw promptFileError(
			`The prompt set is not written to ${visibleText(file, 500)}: ${describe(problem)}`,
		);
	}
	try {
		await writeFileAtomic(file, `${visibleJson(complete)}\n`);
	} catch (cause) {
		const { code } = cause as NodeJS.ErrnoException;
		throw fileError(
			file,
			` cannot be written (${code}). Give a file in an existing folder that you may write to`,
			cause,
		);
	}
}

async function readText(file: string): Promise<string> {
	try {
		return await readTextFile(file, maxFileBytes);
	} catch (cause) {
		if (!(cause instanceof TextFileError)) throw cause;
		throw fileError(
			file,
			` ${cause.message}. Give the JSON file of a prompt set`,
			cause,
		);
	}
}

const formProblems = (problems: readonly PromptProblem[]) =>
	problems.filter(({ kind }) => kind === "form");

const describe = ({ place, message }: PromptProblem) =>
	place ? `${place}: ${message}` : message;

function countOthers(count: number): string {
	if (count === 0) return "";
	const noun = count === 1 ? "problem" : "problems";
	return ` (and ${count} more ${noun}: alfa prompts --check lists them)`;
}

const fileError = (file: string, problem: string, cause?: unknown) =>
	promptFileError(`${visibleText(file, 500)}${problem}`, cause);

const promptFileError = (message: string, cause?: unknown) =>
	new AlfaError(
		"ERR_ALFA_PROMPT_FILE",
		message,
		cause === undefined ? {} : { cause },
	);
