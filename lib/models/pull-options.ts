// The options of pullModel: types, checks, and defaults from the environment.
import {
	commonChecks,
	defaultTimeout,
	serverAddress,
	sha256Hash,
	withoutTrailingSlashes,
} from "../download/option-checks.js";
import type { DownloadProgress } from "../download/progress.js";
import type { Connection } from "../download/request.js";
import { AlfaError } from "../errors.js";
import {
	type Check,
	checkOptions,
	isPlain,
	text,
	wrongType,
	wrongValue,
} from "../options/validate.js";
import { readObject } from "../util/read-once.js";
import { modelHub } from "./hub-client.js";

export type { DownloadProgress as PullProgress } from "../download/progress.js";

export interface PullOptions {
	/** Branch, tag or commit of the model's repository. Default: 'main', or the revision in the cache. */
	revision?: string;
	/** Address of the hub. Default: HF_ENDPOINT, else https://huggingface.co. */
	endpoint?: string;
	/** Expected SHA-256 by file name. They are checked in addition to the hashes that the hub states. */
	sha256?: Record<string, string>;
	/**
	 * Ask the hub even if the complete model is in the cache. Only files that differ are
	 * downloaded. Default false.
	 */
	refresh?: boolean;
	/** How often a failed connection is tried again without progress, 0 to 100. Default 4. */
	retries?: number;
	/**
	 * Milliseconds in which an answer must begin, and in which each further 16 KiB must arrive, 1 to
	 * 3600000. Default 30000.
	 */
	timeout?: number;
	signal?: AbortSignal;
	/** Called at the start and the end of each file, and at most ten times a second between. */
	onProgress?: (progress: DownloadProgress) => void;
}

const hashesByFile: Check<Record<string, string>> = (value, name) => {
	if (!isPlain(value))
		throw wrongType("an object of SHA-256 by file name", name, value);
	const hashes = readObject(value, name);
	for (const [file, hash] of Object.entries(hashes))
		sha256Hash(hash, `${name}['${file}']`);
	return hashes as Record<string, string>;
};

const revision: Check<string> = (value, name) => {
	const revision = text(value, name);
	if (!/^[\w][\w./-]{0,199}$/.test(revision) || revision.includes(".."))
		throw wrongValue("a branch, tag or commit", name, value);
	return revision;
};

/** A checked copy. */
export function checkPullOptions(options: unknown): PullOptions {
	return checkOptions(options, "options", {
		...commonChecks,
		revision,
		endpoint: serverAddress,
		sha256: hashesByFile,
	});
}

/**
 * The connection to the hub, with the address and the token from the environment. Throws
 * ERR_ALFA_DOWNLOAD for a bad token.
 */
export function hubConnection({
	endpoint,
	timeout = defaultTimeout,
	signal,
}: PullOptions): Connection {
	const address =
		endpoint ?? (process.env["HF_ENDPOINT"] || "https://huggingface.co");
	if (endpoint === undefined) serverAddress(address, "HF_ENDPOINT");
	return {
		server: modelHub,
		endpoint: withoutTrailingSlashes(address),
		token: tokenFromEnvironment(),
		timeout,
		signal,
	};
}

/** A header accepts printable ASCII only. The message must not contain the token. */
function tokenFromEnvironment(): string | undefined {
	const token = process.env["HF_TOKEN"]?.trim() || undefined;
	if (token === undefined || /^[\x21-\x7e]+$/.test(token)) return token;
	throw new AlfaError(
		"ERR_ALFA_DOWNLOAD",
		"HF_TOKEN contains characters that no token has. Set it to the token and nothing else, or unset it",
	);
}
