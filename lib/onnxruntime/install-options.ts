// The options of installGpuRuntime: their types, the door, and what the environment adds to them.

import type { Connection } from "../download/request.js";
import { endpoint, type PullProgress } from "../models/pull-options.js";
import {
	boolean,
	type Check,
	checkOptions,
	func,
	number,
	signal,
	text,
	wrongType,
	wrongValue,
} from "../options/validate.js";
import { apiServer, archiveServer } from "./release.js";

export interface GpuInstallOptions {
	/** The archive as a file, for machines without internet; no request is made. */
	from?: string;
	/** The archive's SHA-256. Default: what GitHub's release API states, which must be what this package knows; where it cannot be asked, the latter. */
	sha256?: string;
	/** Install again what is whole there. Default false. */
	refresh?: boolean;
	/** A mirror of https://github.com/microsoft/onnxruntime/releases/download, with v1.30.0/ in it. Default: ALFA_ORT_MIRROR, else GitHub. */
	mirror?: string;
	/** How often a connection that failed is tried again in a row. Default 4. */
	retries?: number;
	/** ms in which an answer must begin, and in which every further 16 KiB must come. Default 30000. */
	timeout?: number;
	signal?: AbortSignal;
	/** At most ten times a second, and at the start and the end. */
	onProgress?: (progress: PullProgress) => void;
}

const hash: Check = (value, name) => {
	if (typeof value !== "string") throw wrongType("a SHA-256", name, value);
	if (!/^[0-9a-f]{64}$/i.test(value))
		throw wrongValue("a SHA-256 of 64 hexadecimal digits", name, value);
};

export function checkInstallOptions(given: unknown): GpuInstallOptions {
	checkOptions(given, "options", {
		from: text,
		sha256: hash,
		refresh: boolean,
		mirror: endpoint,
		signal,
		onProgress: func,
		retries: number({ integer: true, min: 0, max: 100 }),
		timeout: number({ integer: true, min: 1, max: 3_600_000 }),
	});
	return given as GpuInstallOptions;
}

const releases = "https://github.com/microsoft/onnxruntime/releases/download";
const patience = 10_000; // ms for the release API, without which there is another way to go on

/** To GitHub's API (ALFA_GITHUB_API: another address for it) and to where archives are. No token is sent to either. */
export function connectionsOf({
	mirror,
	timeout = 30_000,
	signal,
}: GpuInstallOptions): { api: Connection; archive: Connection } {
	const named = (name: string, fallback: string) => {
		const value = process.env[name] || fallback;
		endpoint(value, name);
		return value.replace(/\/+$/, "");
	};
	const common = { token: undefined, signal };
	return {
		api: {
			...common,
			server: apiServer,
			endpoint: named("ALFA_GITHUB_API", "https://api.github.com"),
			timeout: Math.min(timeout, patience),
		},
		archive: {
			...common,
			server: archiveServer,
			endpoint:
				mirror?.replace(/\/+$/, "") ?? named("ALFA_ORT_MIRROR", releases),
			timeout,
		},
	};
}
