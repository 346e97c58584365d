// What is known about the GPU archive before it is downloaded: its address, its size and its SHA-256.
// Every archive is checked against a SHA-256: the user's, or else the one of GitHub's release API and
// the one of this package, which must agree.
import { jsonFetch } from "../download/json-request.js";
import { type Connection, request } from "../download/request.js";
import {
	requestWithRetry,
	ServerError,
	type ServerKind,
	statusError,
} from "../download/server-error.js";
import { AlfaError } from "../errors.js";
import { isPlain } from "../options/validate.js";
import { gpuArchive, ortVersion } from "./version.js";

/** Who stated the SHA-256: the option `sha256`, GitHub's release API, or this package. */
export type HashSource = "sha256" | "GitHub" | "alfa-vad";

export interface ExpectedArchive {
	sha256: string;
	/** Bytes. Left out if only the server of the archive can tell. */
	size?: number;
	hashBy: HashSource;
	/** Why GitHub's release API did not state the hash, if it was asked and did not. */
	githubProblem?: string;
}

/** The real archive has about 240 MB. */
const maxArchiveBytes = 2 ** 32;

const isArchiveSize = (size: unknown): size is number =>
	typeof size === "number" &&
	Number.isInteger(size) &&
	size >= 1 &&
	size <= maxArchiveBytes;

const releaseServer = (name: string): ServerKind => ({
	name,
	hashSource: "the release",
	corruptCode: "ERR_ALFA_RUNTIME_CORRUPT",
	explainStatus(status, message) {
		if (status === 404) {
			return new ServerError(
				`${message}: the file does not exist. A mirror must have it under v${ortVersion}/${gpuArchive.name}`,
				{ retryable: false },
			);
		}
		if (status !== 401 && status !== 403) return undefined;
		return new ServerError(
			`${message}: access is denied, or this address sent too many requests to GitHub`,
			{ retryable: false },
		);
	},
});

export const apiServer = releaseServer("GitHub's release API");
export const archiveServer = releaseServer("a server of release archives");

/** The archive's address on GitHub, or on a mirror of GitHub's folder of releases. */
export const archiveAddress = (endpoint: string) =>
	`${endpoint}/v${ortVersion}/${gpuArchive.name}`;

export interface HashOptions {
	/** The user's hash. If it is set, no other one counts. */
	givenHash: string | undefined;
	/** The hash that this package contains, if any. */
	knownHash: string | undefined;
	/**
	 * Whether the archive is a local file. The machine may be offline, so GitHub is asked only
	 * without a known hash.
	 */
	isLocal: boolean;
}

/**
 * Throws ERR_ALFA_DOWNLOAD if no hash is known, and ERR_ALFA_RUNTIME_CORRUPT if GitHub and this
 * package disagree.
 */
export async function findExpectedArchive(
	api: Connection,
	{ givenHash, knownHash, isLocal }: HashOptions,
): Promise<ExpectedArchive> {
	if (givenHash !== undefined)
		return { sha256: givenHash.toLowerCase(), hashBy: "sha256" };
	if (isLocal && knownHash !== undefined)
		return { sha256: knownHash, hashBy: "alfa-vad" };

	const answer = await askGitHub(api);
	if (typeof answer === "string") {
		if (knownHash !== undefined) {
			return {
				sha256: knownHash,
				hashBy: "alfa-vad",
				githubProblem: answer,
			};
		}
		throw new AlfaError(
			"ERR_ALFA_DOWNLOAD",
			`The SHA-256 of ${gpuArchive.name} is not known, and an archive is never used unchecked: ${answer}. ` +
				"Give the hash: --sha256 HASH",
		);
	}
	if (knownHash !== undefined && answer.sha256 !== knownHash) {
		throw new AlfaError(
			"ERR_ALFA_RUNTIME_CORRUPT",
			`${gpuArchive.name} has changed: this package expects SHA-256 ${knownHash}, ` +
				`but GitHub states ${answer.sha256}. Nothing was downloaded. ` +
				"If you have a reason to trust the new archive, give its hash: --sha256 HASH",
		);
	}
	return { ...answer, hashBy: "GitHub" };
}

/**
 * Size and hash of the archive, or why GitHub does not state them. There is no retry, because the
 * known hash is enough.
 */
async function askGitHub(
	api: Connection,
): Promise<{ sha256: string; size: number } | string> {
	const release = `v${ortVersion}`;
	const address = `${api.endpoint}/repos/microsoft/onnxruntime/releases/tags/${release}`;
	const fetchJson = jsonFetch(
		api,
		`release ${release} of microsoft/onnxruntime`,
	);
	let answer: unknown;
	try {
		answer = await (await fetchJson(address)).json();
	} catch (error) {
		api.signal?.throwIfAborted();
		if (!(error instanceof ServerError)) throw error;
		return error.message;
	}
	const { host } = new URL(api.endpoint);
	const asset = findAsset(answer);
	if (!asset)
		return `${host} does not list ${gpuArchive.name} in release ${release}`;
	const { digest, size } = asset;
	const [, sha256] = /^sha256:([0-9a-f]{64})$/.exec(String(digest)) ?? [];
	if (sha256 === undefined)
		return `${host} does not state a SHA-256 of ${gpuArchive.name}`;
	if (!isArchiveSize(size))
		return `${host} states an impossible size of ${gpuArchive.name}`;
	return { sha256, size };
}

function findAsset(release: unknown): Record<string, unknown> | undefined {
	const assets = isPlain(release) ? release["assets"] : undefined;
	if (!Array.isArray(assets)) return undefined;
	return assets.filter(isPlain).find(({ name }) => name === gpuArchive.name);
}

/**
 * The archive's size as its own server states it. The hash is checked later, so the size needs no
 * trust.
 */
export function requestArchiveSize(
	connection: Connection,
	address: string,
	retries: number,
): Promise<number> {
	const headers = { "accept-encoding": "identity" };
	const attempt = () =>
		request(connection, address, { headers }, async (response) => {
			if (response.status !== 200)
				throw statusError(response, gpuArchive.name, connection.server);
			const size = Number(response.headers.get("content-length") ?? NaN);
			if (isArchiveSize(size)) return size;
			throw new ServerError(
				`${response.host} does not state a possible size of ${gpuArchive.name}`,
				{ retryable: false },
			);
		});
	return requestWithRetry(attempt, { retries, signal: connection.signal });
}
