// The options of installGpuRuntime: types, checks, and defaults from the environment.
import {
	commonChecks,
	defaultTimeout,
	serverAddress,
	sha256Hash,
	withoutTrailingSlashes,
} from "../download/option-checks.js";
import type { DownloadProgress } from "../download/progress.js";
import type { Connection } from "../download/request.js";
import { checkOptions, path } from "../options/validate.js";
import { apiServer, archiveServer } from "./expected-archive.js";

export interface GpuInstallOptions {
	/** Path of the archive, for machines without internet. With a known hash, no request is made. */
	from?: string;
	/**
	 * The archive's SHA-256. Default: the one that GitHub's release API states, which must equal the one
	 * in this package, or the latter if the API does not answer.
	 */
	sha256?: string;
	/** Install again even if a complete runtime is installed. Default false. */
	refresh?: boolean;
	/**
	 * Address of a mirror of https://github.com/microsoft/onnxruntime/releases/download. It must have the
	 * folder v1.30.0/. Default: ALFA_ORT_MIRROR, else GitHub.
	 */
	mirror?: string;
	/** How often a failed connection is tried again without progress, 0 to 100. Default 4. */
	retries?: number;
	/**
	 * Milliseconds in which an answer must begin, and in which each further 16 KiB must arrive, 1 to
	 * 3600000. Default 30000.
	 */
	timeout?: number;
	signal?: AbortSignal;
	/** Called at the start and the end, and at most ten times a second between. */
	onProgress?: (progress: DownloadProgress) => void;
}

export function checkInstallOptions(options: unknown): GpuInstallOptions {
	return checkOptions(options, "options", {
		...commonChecks,
		from: path,
		sha256: sha256Hash,
		mirror: serverAddress,
	});
}

const githubReleases =
	"https://github.com/microsoft/onnxruntime/releases/download";

/**
 * Milliseconds. The release API gets less time than a download, because the installation works
 * without it.
 */
const maxApiTimeout = 10_000;

/** The connections to GitHub's release API and to the server of the archive. Neither gets a token. */
export function releaseConnections({
	mirror,
	timeout = defaultTimeout,
	signal,
}: GpuInstallOptions): { api: Connection; archive: Connection } {
	const common = { token: undefined, signal };
	return {
		api: {
			...common,
			server: apiServer,
			endpoint: addressFromEnvironment(
				"ALFA_GITHUB_API",
				"https://api.github.com",
			),
			timeout: Math.min(timeout, maxApiTimeout),
		},
		archive: {
			...common,
			server: archiveServer,
			endpoint:
				mirror === undefined
					? addressFromEnvironment("ALFA_ORT_MIRROR", githubReleases)
					: withoutTrailingSlashes(mirror),
			timeout,
		},
	};
}

function addressFromEnvironment(variable: string, fallback: string): string {
	const address = process.env[variable] || fallback;
	serverAddress(address, variable);
	return withoutTrailingSlashes(address);
}
