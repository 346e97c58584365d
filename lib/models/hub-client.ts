// What a repository of a model hub holds, asked through @huggingface/hub. Every answer is untrusted: names are only compared
// with those that are wanted, numbers and hashes are checked.

import { type Connection, jsonFetch } from "../download/request.js";
import { ServerError, withRetry } from "../download/server-error.js";
import { isPlain } from "../options/validate.js";

export interface Repository {
	repo: string;
	commit: string;
	names: ReadonlySet<string>;
}

/** As the hub states it. A file in Git LFS has a SHA-256, every other one the SHA-1 of its git blob. */
export interface StatedFile {
	repo: string;
	commit: string;
	file: string;
	size: number;
	hash: { kind: "sha256" | "git"; value: string };
}

const mostBytes = 2 ** 38;

export class Hub {
	constructor(
		readonly connection: Connection,
		readonly retries: number,
	) {}

	async repository(repo: string, revision: string): Promise<Repository> {
		const { modelInfo } = await import("@huggingface/hub"); // here and not above: who downloads nothing does not load it
		const what = `${repo} at ${revision}`;
		const { sha, filePaths } = await this.#withRetry(what, (fetch) =>
			modelInfo({
				name: repo,
				revision,
				hubUrl: this.connection.endpoint,
				additionalFields: ["sha", "filePaths"],
				fetch,
			}),
		);
		if (typeof sha !== "string" || !/^[0-9a-f]{40}$/.test(sha))
			throw this.#strange(what, "no commit of 40 hexadecimal digits");
		if (!Array.isArray(filePaths))
			throw this.#strange(what, "no list of files");
		return { repo, commit: sha, names: new Set(filePaths) };
	}

	/** Those files, in their order. */
	async stated(
		{ repo, commit }: Repository,
		files: readonly string[],
	): Promise<StatedFile[]> {
		const { pathsInfo } = await import("@huggingface/hub");
		const what = `the files of ${repo}`;
		const answer: unknown[] = await this.#withRetry(what, (fetch) =>
			pathsInfo({
				repo: { type: "model", name: repo },
				paths: [...files],
				revision: commit,
				hubUrl: this.connection.endpoint,
				fetch,
			}),
		);
		return files.map((file) => {
			const found = answer.find(
				(each) =>
					isPlain(each) && each["path"] === file && each["type"] === "file",
			) as Record<string, unknown> | undefined;
			if (!found) throw this.#strange(what, `nothing of ${file}`);
			const lfs = isPlain(found["lfs"]) ? found["lfs"] : undefined;
			const size = lfs ? lfs["size"] : found["size"],
				value = lfs ? lfs["oid"] : found["oid"];
			const most = file.endsWith(".json") ? 2 ** 26 : mostBytes;
			if (
				typeof size !== "number" ||
				!Number.isInteger(size) ||
				size < 0 ||
				size > most
			)
				throw this.#strange(
					what,
					`a size of ${file} that is none from 0 to ${most}`,
				);
			if (
				typeof value !== "string" ||
				!(lfs ? /^[0-9a-f]{64}$/ : /^[0-9a-f]{40}$/).test(value)
			)
				throw this.#strange(what, `no hash of ${file} to check it against`);
			return {
				repo,
				commit,
				file,
				size,
				hash: { kind: lfs ? "sha256" : "git", value },
			};
		});
	}

	/** The client takes much for granted of an answer; what it trips over is the answer's fault. */
	async #withRetry<T>(
		what: string,
		call: (fetch: typeof globalThis.fetch) => Promise<T>,
	): Promise<T> {
		const { signal } = this.connection;
		return withRetry(
			async () => {
				try {
					return await call(jsonFetch(this.connection, what));
				} catch (error) {
					if (error instanceof ServerError || signal?.aborted) throw error;
					throw this.#trouble(what, "an answer of another form", error);
				}
			},
			{ retries: this.retries, signal },
		);
	}

	#trouble(what: string, found: string, cause?: unknown): ServerError {
		return new ServerError(
			`${new URL(this.connection.endpoint).host} gave ${found} for ${what}; is the endpoint a Hugging Face hub?`,
			false,
			{ cause },
		);
	}

	#strange(what: string, found: string): Error {
		return this.#trouble(what, found).asError();
	}
}
