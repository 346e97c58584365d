// What is known of the GPU archive before it comes: its address, its hash, its size. The hash is always held to something:
// what the user says, or what GitHub's release API states, or what this package knows. The last two must not differ.

import { ask, type Connection, jsonFetch } from "../download/request.js";
import {
	fromStatus,
	type Server,
	ServerError,
	withRetry,
} from "../download/server-error.js";
import { AlfaError } from "../errors.js";
import { isPlain } from "../options/validate.js";
import { gpuArchive, ortVersion } from "./version.js";

export interface Stated {
	sha256: string;
	/** Bytes; undefined where only the server of the archive can say. */
	size?: number;
	by: "sha256" | "GitHub" | "alfa-vad";
	/** Why GitHub's word is not in it, though it was asked. */
	unasked?: string;
}

/** The real one is some 240 MB. */
export const mostArchiveBytes = 2 ** 32;

const github = (called: string): Server => ({
	called,
	states: "the release",
	corrupt: "ERR_ALFA_RUNTIME_CORRUPT",
	refusal(status, told) {
		if (status === 404)
			return new ServerError(
				`${told}: it is not there. A mirror must have it under v${ortVersion}/${gpuArchive.name}`,
				false,
			);
		return status === 401 || status === 403
			? new ServerError(
					`${told}: access is refused, or GitHub was asked too often from this address`,
					false,
				)
			: undefined;
	},
});

export const apiServer = github("GitHub's release API"),
	archiveServer = github("a server of release archives");

/** Of the archive on GitHub, or on a mirror of GitHub's folder of releases. */
export const archiveAddress = (endpoint: string) =>
	`${endpoint}/v${ortVersion}/${gpuArchive.name}`;

/** `known`: the hash that this package knows, if any. `given`: the user's own, which alone counts. */
export async function statedArchive(
	api: Connection,
	{
		given,
		known,
		local,
	}: { given: string | undefined; known: string | undefined; local: boolean },
): Promise<Stated> {
	if (given !== undefined) return { sha256: given.toLowerCase(), by: "sha256" };
	if (local && known !== undefined) return { sha256: known, by: "alfa-vad" }; // no request: the file may be all that there is
	const asked = await askGitHub(api);
	if (typeof asked === "string") {
		if (known !== undefined)
			return { sha256: known, by: "alfa-vad", unasked: asked };
		throw new AlfaError(
			"ERR_ALFA_DOWNLOAD",
			`The SHA-256 of ${gpuArchive.name} is not known, and nothing is taken unchecked: ${asked}. Give it: --sha256 HASH`,
		);
	}
	if (known !== undefined && asked.sha256 !== known) {
		throw new AlfaError(
			"ERR_ALFA_RUNTIME_CORRUPT",
			`${gpuArchive.name} is another one by now: this package knows SHA-256 ${known}, GitHub states ${asked.sha256}. ` +
				"Nothing was downloaded. If you have reason to trust that one, give it: --sha256 HASH",
		);
	}
	return { ...asked, by: "GitHub" };
}

/** Size and hash, or why GitHub does not say them. One try: there is another way to go on. */
async function askGitHub(
	api: Connection,
): Promise<{ sha256: string; size: number } | string> {
	const address = `${api.endpoint}/repos/microsoft/onnxruntime/releases/tags/v${ortVersion}`;
	let answer: unknown;
	try {
		answer = await withRetry(
			async () =>
				(
					await jsonFetch(
						api,
						`release v${ortVersion} of microsoft/onnxruntime`,
					)(address)
				).json(),
			{ retries: 0, signal: api.signal },
		);
	} catch (error) {
		api.signal?.throwIfAborted();
		return (error as Error).message.replace(/; attempts: .*$/, "");
	}
	const { host } = new URL(api.endpoint);
	const assets =
		isPlain(answer) && Array.isArray(answer["assets"]) ? answer["assets"] : [];
	const asset = assets.find(
		(each) => isPlain(each) && each["name"] === gpuArchive.name,
	) as Record<string, unknown> | undefined;
	if (!asset)
		return `${host} lists no ${gpuArchive.name} in release v${ortVersion}`;
	const { digest, size } = asset;
	const [, sha256] = /^sha256:([0-9a-f]{64})$/.exec(String(digest)) ?? [];
	if (sha256 === undefined)
		return `${host} states no SHA-256 of ${gpuArchive.name}`;
	if (
		typeof size !== "number" ||
		!Number.isInteger(size) ||
		size < 1 ||
		size > mostArchiveBytes
	)
		return `${host} states a size of ${gpuArchive.name} that none can be`;
	return { sha256, size };
}

/** Bytes, as the archive's own server says; its word is believed only as far as the hash bears it out. */
export function sizeAt(
	connection: Connection,
	address: string,
	retries: number,
): Promise<number> {
	return withRetry(
		() =>
			ask(
				connection,
				address,
				{ headers: { "accept-encoding": "identity" } },
				async ({ status, headers, host }) => {
					if (status !== 200)
						throw fromStatus(
							status,
							headers,
							host,
							gpuArchive.name,
							connection.server,
						);
					const size = Number(headers.get("content-length") ?? NaN);
					if (!Number.isInteger(size) || size < 1 || size > mostArchiveBytes)
						throw new ServerError(
							`${host} does not say how large ${gpuArchive.name} is, or something that it cannot be`,
							false,
						);
					return size;
				},
			),
		{ retries, signal: connection.signal },
	);
}
