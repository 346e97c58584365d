// Prompt sets that a language model wrote, kept between runs: what was paid for once is not asked for again.
import { createHash } from "node:crypto";
import { mkdir, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { AlfaError } from "../errors.js";
import { readPromptSet, writePromptSet } from "../prompts/prompt-file.js";
import type { PromptSet } from "../prompts/prompt-set.js";
import { questionsVersion } from "../prompts/questions.js";
import { slugOf } from "../prompts/slug.js";
import { cacheDirectory } from "./directory.js";

export interface PromptKey {
	class: string;
	model: string;
}

export class PromptSetCache {
	constructor(
		readonly warn: (message: string) => void,
		readonly directory = cacheDirectory(),
	) {}

	/** The set for a class by a model under the questions of this version; undefined where there is none, or a damaged one. */
	async get(key: PromptKey): Promise<PromptSet | undefined> {
		const file = this.#file(key);
		try {
			return await readPromptSet(file);
		} catch (error) {
			if (!(error instanceof AlfaError)) throw error;
			const trouble = (error.cause as NodeJS.ErrnoException | undefined)?.code; // the system's, not the content's
			if (trouble !== undefined && trouble !== "ENOENT")
				this.warn(
					`The cached prompts in ${file} could not be read (${trouble})`,
				);
			if (trouble !== undefined) return undefined;
			this.warn(`The cached prompts in ${file} are damaged and were discarded`);
			await rm(file, { force: true }).catch(() => {});
			return undefined;
		}
	}

	async put(key: PromptKey, set: PromptSet): Promise<void> {
		const file = this.#file(key);
		try {
			await mkdir(dirname(file), { recursive: true });
			await writePromptSet(file, set);
		} catch (error) {
			this.warn(
				`The prompts could not be cached in ${this.directory}: ${(error as Error).message}`,
			);
		}
	}

	#file({ class: name, model }: PromptKey): string {
		const digest = createHash("sha256")
			.update(JSON.stringify([name, questionsVersion, model]))
			.digest("hex")
			.slice(0, 16);
		return join(
			this.directory,
			"prompts",
			`${slugOf(name)}-${slugOf(model)}-${digest}.json`,
		);
	}
}
