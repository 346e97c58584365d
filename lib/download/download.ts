// Downloads one file into the cache. An interrupted download is continued, and the file appears
// only when its hash is right.
import { join } from "node:path";
import { codeOf, makeError } from "../errors.js";
import { type Hashes, type HashKind, hashFile } from "./digest.js";
import { PartialFile } from "./partial-file.js";
import { type Connection, type HttpResponse, request } from "./request.js";
import {
	requestWithRetry,
	ServerError,
	type ServerKind,
	statusError,
} from "./server-error.js";
import { withWriteErrors } from "./write-error.js";

export interface RemoteFile {
	/** The name that the file gets in the target folder. */
	file: string;
	/** What messages call the file, such as "config.json of owner/name". */
	subject: string;
	address: string;
	/** Bytes. */
	size: number;
	hash: { kind: HashKind; value: string };
}

export interface DownloadOptions {
	connection: Connection;
	/** How often a failed connection is tried again without progress. */
	retries: number;
	/** The folder for partial files. */
	folder: string;
	/** The folder for the complete file. */
	target: string;
	/** Called with the number of bytes on the disk. */
	onBytes: (received: number) => void;
}

/** A connection that broke after so many new bytes counts as the first failure again. */
const progressBytes = 2 ** 24;

/**
 * Resolves to the file's SHA-256. A file that is already in the target folder is hashed and not
 * downloaded.
 */
export async function downloadFile(
	remote: RemoteFile,
	{ connection, retries, folder, target, onBytes }: DownloadOptions,
): Promise<string> {
	const { size, hash } = remote;
	const { signal, server } = connection;
	const path = join(target, remote.file);
	const existing = await withWriteErrors(path, () =>
		hashFile(path, size, signal),
	);
	if (existing?.[hash.kind] === hash.value) {
		onBytes(size);
		return existing.sha256;
	}
	const partial = await PartialFile.open({
		folder,
		file: remote.file,
		hash: hash.value,
		size,
		signal,
	});
	try {
		onBytes(partial.received);
		await requestWithRetry(
			() => fetchRest(connection, remote, partial, onBytes),
			{ retries, signal, hasProgressed: progressWatcher(partial) },
		);
		const hashes = partial.hashes();
		if (hashes[hash.kind] !== hash.value)
			throw wrongHash(remote, hashes, server);
		await partial.moveTo(path);
		return hashes.sha256;
	} catch (error) {
		if (codeOf(error) === server.corruptCode) await partial.discard();
		else await partial.release();
		throw error;
	}
}

/** Whether `progressBytes` bytes have arrived since it last said so. */
function progressWatcher(partial: PartialFile): () => boolean {
	let start = partial.received;
	return () => {
		const hasProgressed = partial.received - start >= progressBytes;
		if (hasProgressed) start = partial.received;
		return hasProgressed;
	};
}

/** Requests the missing bytes and appends them. Resolves when the partial file is complete. */
async function fetchRest(
	connection: Connection,
	remote: RemoteFile,
	partial: PartialFile,
	onBytes: (received: number) => void,
): Promise<void> {
	const start = partial.received;
	if (start === remote.size) return;
	const headers = {
		"accept-encoding": "identity",
		...(start > 0 && { range: `bytes=${start}-` }),
	};
	const { server } = connection;
	await request(connection, remote.address, { headers }, async (response) => {
		await checkStatus(response, remote, partial, server);
		checkIdentity(response, remote, server);
		if (response.status === 206) checkRange(response, remote, start);
		else if (start > 0) await partial.restart(); // the server sends all bytes again
		await appendBody(response, remote, partial, server, onBytes);
	});
}

async function checkStatus(
	response: HttpResponse,
	{ subject }: RemoteFile,
	partial: PartialFile,
	server: ServerKind,
): Promise<void> {
	const { status, host } = response;
	if (status === 416 && partial.received > 0) {
		await partial.restart();
		throw new ServerError(`${host} cannot continue ${subject}`, {
			retryable: true,
		});
	}
	if (status !== 200 && status !== 206)
		throw statusError(response, subject, server);
}

/** Throws if the response is visibly not the file: its hash differs, or it is a web page. */
function checkIdentity(
	{ host, etag, headers }: HttpResponse,
	{ subject, hash }: RemoteFile,
	{ hashSource }: ServerKind,
): void {
	const isHash = etag?.length === hash.value.length && /^[0-9a-f]+$/.test(etag);
	if (isHash && etag !== hash.value) {
		throw new ServerError(
			`${capitalised(hashSource)} lists ${subject} with the hash ${hash.value} ` +
				`but serves a file with the hash ${etag}. Try again later`,
			{ retryable: false },
		);
	}
	if (headers.get("content-type")?.startsWith("text/html")) {
		throw new ServerError(
			`${host} sent an HTML page, perhaps the login page of a proxy, instead of ${subject}. Check the endpoint`,
			{ retryable: false },
		);
	}
}

function checkRange(
	{ host, headers }: HttpResponse,
	{ subject, size }: RemoteFile,
	start: number,
): void {
	const range = headers.get("content-range") ?? "";
	const [, first, , total] = /^bytes (\d+)-(\d+)\/(\d+|\*)$/.exec(range) ?? [];
	const isRightSize = total === "*" || Number(total) === size;
	if (Number(first) === start && isRightSize) return;
	const received = range
		? `the range ${JSON.stringify(range.slice(0, 80))}`
		: "no range";
	throw new ServerError(
		`${host} was asked for ${subject} from byte ${start} of ${size}, but answered with ${received}`,
		{ retryable: false },
	);
}

async function appendBody(
	response: HttpResponse,
	remote: RemoteFile,
	partial: PartialFile,
	server: ServerKind,
	onBytes: (received: number) => void,
): Promise<void> {
	const { host, headers } = response;
	const { subject, size } = remote;
	const length = Number(headers.get("content-length") ?? NaN);
	const isEncoded = headers.has("content-encoding");
	if (!isEncoded && length > size - partial.received)
		throw tooLong(host, remote, server);
	for await (const chunk of response.chunks()) {
		if (partial.received + chunk.byteLength > size)
			throw tooLong(host, remote, server);
		await partial.append(chunk);
		onBytes(partial.received);
	}
	if (partial.received < size) {
		throw new ServerError(
			`${host} ended ${subject} after ${partial.received} of the ${size} bytes that ${server.hashSource} states`,
			{ retryable: true },
		);
	}
}

const tooLong = (
	host: string,
	{ subject, size }: RemoteFile,
	{ corruptCode, hashSource }: ServerKind,
) =>
	makeError(
		corruptCode,
		`${host} sends more than the ${size} bytes of ${subject} that ${hashSource} states. ` +
			"The received bytes were deleted. Try again, or use another endpoint",
	);

function wrongHash(
	{ subject, hash: { kind, value } }: RemoteFile,
	found: Hashes,
	{ corruptCode }: ServerKind,
): Error {
	const name = kind === "git" ? "the git blob hash" : "SHA-256";
	return makeError(
		corruptCode,
		`${subject} is damaged: expected ${name} ${value}, found ${found[kind]}. ` +
			"The received bytes were deleted. Try again, or use another endpoint",
	);
}

const capitalised = (text: string) => text[0]!.toUpperCase() + text.slice(1);
