// The options of pullModel: their types, the door, and what the environment adds to them.

import type { Connection } from "../download/request.js";
import { modelHub } from "../download/server-error.js";
import { AlfaError } from "../errors.js";
import {
	boolean,
	type Check,
	checkOptions,
	func,
	isPlain,
	number,
	signal,
	text,
	wrongType,
	wrongValue,
} from "../options/validate.js";

export interface PullProgress {
	file: string;
	/** Bytes of it that are on the disk; falls to 0 where a server starts over. */
	received: number;
	total: number;
}

export interface PullOptions {
	/** Branch, tag or commit of the model's repository. Default 'main', or whatever is cached. */
	revision?: string;
	/** The hub's address. Default: HF_ENDPOINT, else https://huggingface.co. */
	endpoint?: string;
	/** SHA-256 by file name, checked beside what the hub states. */
	sha256?: Record<string, string>;
	/** Ask the hub even where the model is whole in the cache; only what differs is downloaded. Default false. */
	refresh?: boolean;
	/** How often a connection that failed is tried again in a row. Default 4. */
	retries?: number;
	/** ms in which an answer must begin, and in which every further 16 KiB must come. Default 30000. */
	timeout?: number;
	signal?: AbortSignal;
	/** At most ten times a second and file, and at the start and end of each. */
	onProgress?: (progress: PullProgress) => void;
}

export const endpoint: Check = (value, name) => {
	text(value, name);
	const url = URL.canParse(value as string)
		? new URL(value as string)
		: undefined;
	const fits =
		url &&
		/^https?:$/.test(url.protocol) &&
		!url.username &&
		!url.password &&
		!url.search &&
		!url.hash;
	if (!fits)
		throw wrongValue(
			"an http or https address without credentials, query and fragment",
			name,
			url?.password ? "one with credentials" : value,
		);
};

const hashes: Check = (value, name) => {
	if (!isPlain(value))
		throw wrongType("an object of SHA-256 by file name", name, value);
	for (const [file, hash] of Object.entries(value)) {
		if (typeof hash !== "string")
			throw wrongType("a SHA-256", `${name}['${file}']`, hash);
		if (!/^[0-9a-f]{64}$/i.test(hash))
			throw wrongValue(
				"a SHA-256 of 64 hexadecimal digits",
				`${name}['${file}']`,
				hash,
			);
	}
};

const revision: Check = (value, name) => {
	text(value, name);
	if (
		!/^[\w][\w./-]{0,199}$/.test(value as string) ||
		(value as string).includes("..")
	)
		throw wrongValue("a branch, tag or commit", name, value);
};

export function checkPullOptions(given: unknown): PullOptions {
	checkOptions(given, "options", {
		revision,
		endpoint,
		sha256: hashes,
		refresh: boolean,
		signal,
		onProgress: func,
		retries: number({ integer: true, min: 0, max: 100 }),
		timeout: number({ integer: true, min: 1, max: 3_600_000 }),
	});
	return given as PullOptions;
}

export function connectionOf({
	endpoint: given,
	timeout = 30_000,
	signal,
}: PullOptions): Connection {
	const address =
		given ?? (process.env["HF_ENDPOINT"] || "https://huggingface.co");
	if (given === undefined) endpoint(address, "HF_ENDPOINT");
	const token = process.env["HF_TOKEN"]?.trim() || undefined;
	// A header takes nothing else; the token itself must not be in the message.
	if (token !== undefined && !/^[\x21-\x7e]+$/.test(token))
		throw new AlfaError(
			"ERR_ALFA_DOWNLOAD",
			"HF_TOKEN holds characters that no token has; set it to the token alone, or unset it",
		);
	return {
		server: modelHub,
		endpoint: address.replace(/\/+$/, ""),
		token,
		timeout,
		signal,
	};
}
