// What a repository of a model hub contains, asked through @huggingface/hub. Every answer is
// untrusted: file names are only compared with the names that are wanted, and sizes and hashes are
// checked.
import type { HashKind } from "../download/digest.js";
import { jsonFetch } from "../download/json-request.js";
import type { Connection } from "../download/request.js";
import {
	requestWithRetry,
	ServerError,
	type ServerKind,
} from "../download/server-error.js";
import { isPlain } from "../options/validate.js";

export const modelHub: ServerKind = {
	name: "a model hub",
	hashSource: "the hub",
	corruptCode: "ERR_ALFA_MODEL_CORRUPT",
	explainStatus(status, message) {
		if (status === 401 || status === 403) {
			return new ServerError(
				`${message}. The repository does not exist, is private or gated, or HF_TOKEN gives no access to it. ` +
					"Check the name. For a gated repository, accept its terms on the hub's page, " +
					"and set HF_TOKEN to a token that may read it",
				{ retryable: false },
			);
		}
		if (status !== 404) return undefined;
		return new ServerError(
			`${message}: the repository, the revision or the file does not exist`,
			{ retryable: false },
			"ERR_ALFA_MODEL_NOT_FOUND",
		);
	},
};

export interface Repository {
	repo: string;
	commit: string;
	fileNames: ReadonlySet<string>;
}

/**
 * A file as the hub describes it. Files in Git LFS have a SHA-256, all others the SHA-1 of their
 * git blob.
 */
export interface HubFile {
	repo: string;
	commit: string;
	file: string;
	/** Bytes. */
	size: number;
	hash: { kind: HashKind; value: string };
}

const maxJsonBytes = 2 ** 26;
const maxFileBytes = 2 ** 38;

export class HubClient {
	readonly connection: Connection;
	readonly retries: number;

	constructor(connection: Connection, retries: number) {
		this.connection = connection;
		this.retries = retries;
	}

	/** The commit of a revision, and the names of its files. */
	async repository(repo: string, revision: string): Promise<Repository> {
		// Imported here, so that programs that download nothing do not load it.
		const { modelInfo } = await import("@huggingface/hub");
		const subject = `${repo} at ${revision}`;
		const { sha, filePaths } = await this.#call(subject, (fetch) =>
			modelInfo({
				name: repo,
				revision,
				hubUrl: this.connection.endpoint,
				additionalFields: ["sha", "filePaths"],
				fetch,
			}),
		);
		if (typeof sha !== "string" || !/^[0-9a-f]{40}$/.test(sha)) {
			throw this.#badAnswer(
				subject,
				"no commit of 40 hexadecimal digits",
			).toAlfaError();
		}
		if (!Array.isArray(filePaths))
			throw this.#badAnswer(subject, "no list of files").toAlfaError();
		return { repo, commit: sha, fileNames: new Set(filePaths) };
	}

	/** Sizes and hashes of these files, in the same order. */
	async describeFiles(
		{ repo, commit }: Repository,
		files: readonly string[],
	): Promise<HubFile[]> {
		const { pathsInfo } = await import("@huggingface/hub");
		const subject = `the files of ${repo}`;
		const answer: unknown[] = await this.#call(subject, (fetch) =>
			pathsInfo({
				repo: { type: "model", name: repo },
				paths: [...files],
				revision: commit,
				hubUrl: this.connection.endpoint,
				fetch,
			}),
		);
		return files.map((file) => {
			const entry = answer.find(
				(each) =>
					isPlain(each) && each["path"] === file && each["type"] === "file",
			);
			const checked = checkEntry(file, entry as FileEntry | undefined);
			if (typeof checked === "string")
				throw this.#badAnswer(subject, checked).toAlfaError();
			return { repo, commit, file, ...checked };
		});
	}

	/** The hub's library checks little of the answer. If it throws, the answer was wrong. */
	async #call<T>(
		subject: string,
		call: (fetch: typeof globalThis.fetch) => Promise<T>,
	): Promise<T> {
		const { signal } = this.connection;
		return requestWithRetry(
			async () => {
				try {
					return await call(jsonFetch(this.connection, subject));
				} catch (error) {
					if (error instanceof ServerError || signal?.aborted) throw error;
					throw this.#badAnswer(subject, "an answer of another form", error);
				}
			},
			{ retries: this.retries, signal },
		);
	}

	#badAnswer(subject: string, received: string, cause?: unknown): ServerError {
		const { host } = new URL(this.connection.endpoint);
		return new ServerError(
			`${host} gave ${received} for ${subject}. Check that the endpoint is a Hugging Face hub`,
			{ retryable: false, cause },
		);
	}
}

type FileEntry = Record<string, unknown>;

/** Size and hash from the hub's entry for a file, or what is wrong with the entry. */
function checkEntry(
	file: string,
	entry: FileEntry | undefined,
): Pick<HubFile, "size" | "hash"> | string {
	if (!entry) return `no entry for ${file}`;
	const lfs = isPlain(entry["lfs"]) ? entry["lfs"] : undefined;
	const { size, oid } = lfs ?? entry;
	const maxBytes = file.endsWith(".json") ? maxJsonBytes : maxFileBytes;
	const isSize =
		typeof size === "number" &&
		Number.isInteger(size) &&
		size >= 0 &&
		size <= maxBytes;
	if (!isSize) return `a size of ${file} that is not from 0 to ${maxBytes}`;
	const pattern = lfs ? /^[0-9a-f]{64}$/ : /^[0-9a-f]{40}$/;
	if (typeof oid !== "string" || !pattern.test(oid))
		return `no hash of ${file} to check it against`;
	return { size, hash: { kind: lfs ? "sha256" : "git", value: oid } };
}
