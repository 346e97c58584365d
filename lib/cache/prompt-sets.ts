// Keeps the prompt sets of language models between runs, so that nobody pays twice for the same set.
import { createHash } from "node:crypto";
import { rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { AlfaError } from "../errors.js";
import { readPromptSet, writePromptSet } from "../prompts/prompt-file.js";
import type { PromptSet } from "../prompts/prompt-set.js";
import { questionsVersion } from "../prompts/questions.js";
import { slugOf } from "../prompts/slug.js";
import { makeDirectory } from "../util/make-directory.js";
import { findCacheDirectory, noCacheDirectory } from "./directory.js";

export interface PromptKey {
	class: string;
	/** The language model's name. */
	model: string;
}

export class PromptSetCache {
	readonly #warn: (message: string) => void;
	/** undefined: there is no folder, so nothing is kept. */
	readonly #directory: string | undefined;

	constructor(
		warn: (message: string) => void,
		directory: string | undefined = findCacheDirectory(),
	) {
		this.#warn = warn;
		this.#directory = directory;
	}

	/**
	 * The set that the model wrote for the class with the current questions. Resolves to undefined if
	 * there is none or it is damaged.
	 */
	async get(key: PromptKey): Promise<PromptSet | undefined> {
		const file = this.#file(key);
		if (file === undefined) return undefined;
		try {
			return await readPromptSet(file);
		} catch (error) {
			if (!(error instanceof AlfaError)) throw error;
			await this.#handleReadError(file, error);
			return undefined;
		}
	}

	async put(key: PromptKey, set: PromptSet): Promise<void> {
		const file = this.#file(key);
		if (file === undefined) {
			this.#warn(`The prompts are not cached. ${noCacheDirectory}`);
			return;
		}
		try {
			await makeDirectory(dirname(file));
			await writePromptSet(file, set);
		} catch (error) {
			const { message } = error as Error;
			this.#warn(
				`The prompts could not be cached in ${this.#directory}: ${message}`,
			);
		}
	}

	/** An error with a cause comes from the file system. Without one, the content of the file is wrong. */
	async #handleReadError(file: string, { cause }: AlfaError): Promise<void> {
		const code = (cause as NodeJS.ErrnoException | undefined)?.code;
		if (code === "ENOENT") return;
		if (code !== undefined) {
			this.#warn(`The cached prompts in ${file} cannot be read (${code})`);
			return;
		}
		this.#warn(
			`The cached prompts in ${file} are damaged. The file was deleted`,
		);
		await rm(file, { force: true }).catch(() => {});
	}

	#file({ class: className, model }: PromptKey): string | undefined {
		if (this.#directory === undefined) return undefined;
		const digest = createHash("sha256")
			.update(JSON.stringify([className, questionsVersion, model]))
			.digest("hex")
			.slice(0, 16);
		const name = `${slugOf(className)}-${slugOf(model)}-${digest}.json`;
		return join(this.#directory, "prompts", name);
	}
}
