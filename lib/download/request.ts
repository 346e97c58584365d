// HTTP requests with limits: few redirects, no token for other hosts, and no connection that is too slow.
import { onAbort } from "../util/abort.js";
import {
	connectionError,
	ServerError,
	type ServerKind,
} from "./server-error.js";
import { StallTimer } from "./stall-timer.js";

export interface Connection {
	server: ServerKind;
	/** The server's address, without a slash at the end. */
	endpoint: string;
	/** Sent to the endpoint's origin only. */
	token: string | undefined;
	/** Milliseconds in which an answer must begin, and in which each further 16 KiB must arrive. */
	timeout: number;
	signal: AbortSignal | undefined;
}

export interface HttpRequest {
	method?: string;
	headers?: Record<string, string>;
	body?: string;
}

export interface HttpResponse {
	status: number;
	headers: Headers;
	/** The host that answered, after redirects. */
	host: string;
	/** The content's hash as the endpoint states it. A host that it redirects to is not believed. */
	etag: string | undefined;
	chunks(): AsyncGenerator<Uint8Array>;
}

const maxRedirects = 5;
const redirectStatuses = [301, 302, 303, 307, 308];

/**
 * Sends one request, follows redirects, and resolves to what `use` makes of the response. The
 * connection is closed when `use` is done, even if it did not read the whole body. Throws
 * ServerError or the signal's reason.
 */
export async function request<T>(
	connection: Connection,
	address: string,
	options: HttpRequest,
	use: (response: HttpResponse) => Promise<T>,
): Promise<T> {
	const { signal } = connection;
	signal?.throwIfAborted();
	const controller = new AbortController();
	const removeListener = onAbort(signal, () =>
		controller.abort(signal!.reason),
	);
	const stallTimer = new StallTimer(controller, connection.timeout);
	try {
		const { response, host, etag } = await followRedirects(
			connection,
			new URL(address),
			options,
			stallTimer,
		);
		stallTimer.restart(host);
		const { status, headers } = response;
		const chunks = () => readChunks(response, host, stallTimer);
		return await use({ status, headers, host, etag, chunks });
	} finally {
		stallTimer.stop();
		removeListener();
		controller.abort();
	}
}

async function followRedirects(
	connection: Connection,
	start: URL,
	options: HttpRequest,
	stallTimer: StallTimer,
): Promise<{ response: Response; host: string; etag: string | undefined }> {
	const endpoint = new URL(connection.endpoint);
	let url = start;
	let etag: string | undefined;
	for (let redirects = 0; ; redirects++) {
		const { host } = url;
		stallTimer.restart(host);
		const response = await send(
			url,
			options,
			authorization(connection, url),
			stallTimer.controller.signal,
		);
		if (url.origin === endpoint.origin) etag ??= contentHash(response.headers);
		const location = redirectStatuses.includes(response.status)
			? response.headers.get("location")
			: null;
		if (location === null) return { response, host, etag };
		response.body?.cancel().catch(() => {});
		if (redirects === maxRedirects) {
			throw new ServerError(
				`${host} redirects too often: at most ${maxRedirects} redirects are followed`,
				{ retryable: false },
			);
		}
		url = redirectTarget(url, location);
	}
}

async function send(
	url: URL,
	{ method = "GET", headers = {}, body }: HttpRequest,
	extraHeaders: Record<string, string>,
	signal: AbortSignal,
): Promise<Response> {
	try {
		return await fetch(url, {
			method,
			body: body ?? null,
			redirect: "manual",
			signal,
			headers: { ...headers, ...extraHeaders, "user-agent": "alfa-vad" },
		});
	} catch (error) {
		throw connectionError(error, url.host);
	}
}

const loopback = /^(localhost|127(\.\d+){3}|\[::1\])$/;

/** The token's header, for the endpoint's origin only, and without encryption only for this machine. */
function authorization(
	{ token, endpoint }: Connection,
	url: URL,
): Record<string, string> {
	const isEndpoint = url.origin === new URL(endpoint).origin;
	const isSecure = url.protocol === "https:" || loopback.test(url.hostname);
	if (token === undefined || !isEndpoint || !isSecure) return {};
	return { authorization: `Bearer ${token}` };
}

function redirectTarget(from: URL, location: string): URL {
	if (!URL.canParse(location, from.href)) {
		throw new ServerError(
			`${from.host} redirects to an invalid address. Expected an https address`,
			{ retryable: false },
		);
	}
	const target = new URL(location, from);
	const isAllowed =
		target.protocol === "https:" ||
		(target.protocol === "http:" && from.protocol === "http:");
	if (!isAllowed) {
		const protocol = target.protocol.slice(0, 20);
		throw new ServerError(
			`${from.host} redirects to an address with the protocol ${protocol}. Expected an https address`,
			{ retryable: false },
		);
	}
	target.username = "";
	target.password = "";
	return target;
}

/**
 * The hash in the headers of a Hugging Face hub: x-linked-etag, or the ETag of an answer that names
 * a commit.
 */
function contentHash(headers: Headers): string | undefined {
	const ownEtag = headers.has("x-repo-commit") ? headers.get("etag") : null;
	const value = headers.get("x-linked-etag") ?? ownEtag;
	return value?.replace(/^W\//, "").replaceAll('"', "");
}

async function* readChunks(
	response: Response,
	host: string,
	stallTimer: StallTimer,
): AsyncGenerator<Uint8Array> {
	const reader = response.body?.getReader();
	while (reader) {
		const { done, value } = await reader.read().catch((error: unknown) => {
			throw connectionError(error, host);
		});
		if (done) return;
		stallTimer.count(value.byteLength);
		yield value;
	}
}
