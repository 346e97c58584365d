// One file from a server into the cache: asked for in one go or from where an earlier try ended, counted, hashed, and only then there.
import { join } from "node:path";
import { AlfaError, makeError } from "../errors.js";
import { type Hashes, hashesOf } from "./digest.js";
import { Part } from "./partial-file.js";
import { ask, type Connection, type Reply } from "./request.js";
import {
	fromStatus,
	type Server,
	ServerError,
	withRetry,
} from "./server-error.js";
import { onDisk } from "./write-error.js";

export interface Source {
	connection: Connection;
	retries: number;
}

export interface WantedFile {
	/** Its name here. */
	file: string;
	/** Its name in messages. */
	what: string;
	address: string;
	size: number;
	hash: { kind: "sha256" | "git"; value: string };
}

export interface Destination {
	/** Where parts lie. */
	folder: string;
	/** Where the whole file goes. */
	target: string;
	onBytes: (received: number) => void;
}

const muchProgress = 2 ** 24; // bytes after which a cut connection counts as the first again

/** Resolves to the file's SHA-256, whether or not it had to be downloaded. */
export async function download(
	source: Source,
	wanted: WantedFile,
	{ folder, target, onBytes }: Destination,
): Promise<string> {
	const { signal, server } = source.connection;
	const file = join(target, wanted.file);
	const there = await onDisk(file, () => hashesOf(file, wanted.size, signal));
	if (there && there[wanted.hash.kind] === wanted.hash.value) {
		onBytes(wanted.size);
		return there.sha256;
	}
	const part = await Part.take(
		folder,
		wanted.file,
		wanted.hash.value,
		wanted.size,
		signal,
	);
	try {
		onBytes(part.received);
		let before = part.received;
		const progressed = () => {
			const much = part.received - before >= muchProgress;
			if (much) before = part.received;
			return much;
		};
		await withRetry(
			() => rest(source, wanted, part, onBytes),
			{ retries: source.retries, signal },
			progressed,
		);
		const hashes = part.hashes();
		if (hashes[wanted.hash.kind] !== wanted.hash.value)
			throw corrupt(wanted, hashes, server);
		await part.become(file);
		return hashes.sha256;
	} catch (error) {
		if (error instanceof AlfaError && error.code === server.corrupt)
			await part.drop();
		else await part.leave();
		throw error;
	}
}

/** Asks for what is missing and takes it; returns once the part is whole. */
async function rest(
	{ connection }: Source,
	{ what, address, size, hash }: WantedFile,
	part: Part,
	onBytes: (received: number) => void,
): Promise<void> {
	const from = part.received;
	if (from === size) return;
	const headers = {
		"accept-encoding": "identity",
		...(from > 0 && { range: `bytes=${from}-` }),
	};
	const { server } = connection;
	await ask(connection, address, { headers }, async (reply) => {
		if (reply.status === 416 && from > 0) {
			await part.restart();
			throw new ServerError(`${reply.host} does not continue ${what}`, true, {
				after: 0,
			});
		}
		if (reply.status !== 200 && reply.status !== 206)
			throw fromStatus(reply.status, reply.headers, reply.host, what, server);
		expectSameFile(reply, what, hash.value, server);
		if (reply.status === 206) expectRange(reply, what, from, size);
		else if (from > 0) await part.restart(); // the server sends all of it again
		const length = Number(reply.headers.get("content-length") ?? NaN);
		if (!reply.headers.has("content-encoding") && length > size - part.received)
			throw tooLong(reply.host, what, size, server);
		for await (const piece of reply.chunks()) {
			if (part.received + piece.byteLength > size)
				throw tooLong(reply.host, what, size, server);
			await part.append(piece);
			onBytes(part.received);
		}
		if (part.received < size)
			throw new ServerError(
				`${reply.host} ended ${what} after ${part.received} of the ${size} bytes that ${server.states} states`,
				true,
			);
	});
}

function expectSameFile(
	{ host, etag, headers }: Reply,
	what: string,
	hash: string,
	server: Server,
): void {
	if (
		etag !== undefined &&
		etag !== hash &&
		etag.length === hash.length &&
		/^[0-9a-f]+$/.test(etag)
	) {
		throw new ServerError(
			`${server.states[0]!.toUpperCase()}${server.states.slice(1)} lists ${what} with the hash ${hash} but serves ${etag}; try again later`,
			false,
		);
	}
	if (headers.get("content-type")?.startsWith("text/html")) {
		throw new ServerError(
			`${host} sent an HTML page, such as a login page or a proxy sends, in place of ${what}; is the endpoint right?`,
			false,
		);
	}
}

function expectRange(
	{ host, headers }: Reply,
	what: string,
	from: number,
	size: number,
): void {
	const range = headers.get("content-range") ?? "nothing";
	const [, start, , total] = /^bytes (\d+)-(\d+)\/(\d+|\*)$/.exec(range) ?? [];
	if (Number(start) === from && (total === "*" || Number(total) === size))
		return;
	throw new ServerError(
		`${host} was asked for ${what} from byte ${from} of ${size} but answers with ${JSON.stringify(range.slice(0, 80))}`,
		false,
	);
}

const tooLong = (
	host: string,
	what: string,
	size: number,
	{ corrupt: code, states }: Server,
) =>
	makeError(
		code,
		`${host} sends more of ${what} than the ${size} bytes that ${states} states; what came was deleted. Try again, or another endpoint`,
	);

const corrupt = (
	{ what, hash: { kind, value } }: WantedFile,
	found: Hashes,
	{ corrupt: code }: Server,
) =>
	makeError(
		code,
		`${what} came whole but damaged: expected ${kind === "git" ? "the git blob" : "SHA-256"} ${value}, found ${found[kind]}. ` +
			"What came was deleted; try again, or another endpoint",
	);
