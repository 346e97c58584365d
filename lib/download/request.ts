// Requests to a model hub, or another server that files come from, all bounded: redirects followed here, few and never with the token to another host; an answer that
// comes too slowly is dropped.
import { onAbort } from "../util/abort.js";
import {
	fromNetwork,
	fromStatus,
	type Server,
	ServerError,
} from "./server-error.js";

export interface Connection {
	server: Server;
	/** Without a slash at its end. */
	endpoint: string;
	token: string | undefined;
	/** ms in which an answer must begin, and in which every further `leastBytes` must come. */
	timeout: number;
	signal: AbortSignal | undefined;
}

export interface Reply {
	status: number;
	headers: Headers;
	/** Who answered in the end. */
	host: string;
	/** The content's hash as the hub itself states it, not the host that it sends on to. */
	etag: string | undefined;
	chunks(): AsyncGenerator<Uint8Array>;
}

export interface Request {
	method?: string;
	headers?: Record<string, string>;
	body?: string;
}

const mostHops = 5;
const leastBytes = 16_384;
const mostJson = 16 * 2 ** 20;

const loopback = /^(localhost|127(\.\d+){3}|\[::1\])$/;

/** Whether the token may go there: to the hub alone, and in the clear only within this machine. */
function opens(url: URL, endpoint: string): boolean {
	return (
		url.origin === new URL(endpoint).origin &&
		(url.protocol === "https:" || loopback.test(url.hostname))
	);
}

/** One request and what `use` makes of its answer; the connection is dropped where `use` leaves any of it. */
export async function ask<T>(
	connection: Connection,
	address: string,
	{ method = "GET", headers = {}, body }: Request,
	use: (reply: Reply) => Promise<T>,
): Promise<T> {
	const { endpoint, token, timeout, signal } = connection;
	signal?.throwIfAborted();
	const controller = new AbortController();
	const forget = onAbort(signal, () => controller.abort(signal!.reason));
	let url = new URL(address),
		came = 0;
	let timer: NodeJS.Timeout | undefined;
	const watch = () => {
		came = leastBytes; // the first look only starts the count
		clearInterval(timer);
		const look = () => {
			if (came < leastBytes)
				controller.abort(
					new ServerError(
						`${url.host} sends too slowly: fewer than ${leastBytes} bytes in ${timeout / 1000} s`,
						true,
					),
				);
			came = 0;
		};
		look();
		timer = setInterval(look, timeout);
	};
	try {
		for (let hops = 0, etag: string | undefined; ; hops++) {
			watch();
			const { host } = url;
			const authorization =
				token !== undefined && opens(url, endpoint)
					? { authorization: `Bearer ${token}` }
					: {};
			const response = await fetch(url, {
				method,
				body: body ?? null,
				redirect: "manual",
				signal: controller.signal,
				headers: { ...headers, ...authorization, "user-agent": "alfa-vad" },
			}).catch((error: unknown) => {
				throw fromNetwork(error, host);
			});
			if (url.origin === new URL(endpoint).origin)
				etag ??= statedHash(response.headers);
			const location = [301, 302, 303, 307, 308].includes(response.status)
				? response.headers.get("location")
				: null;
			if (location === null) {
				watch();
				return await use({
					status: response.status,
					headers: response.headers,
					host,
					etag,
					chunks: () =>
						chunksOf(response, host, (bytes) => {
							came += bytes;
						}),
				});
			}
			response.body?.cancel().catch(() => {});
			if (hops === mostHops)
				throw new ServerError(
					`${host} redirects again and again; ${mostHops} redirects were followed`,
					false,
				);
			url = target(url, location);
		}
	} finally {
		clearInterval(timer);
		forget();
		controller.abort();
	}
}

function target(from: URL, location: string): URL {
	const to = URL.canParse(location, from.href)
		? new URL(location, from)
		: undefined;
	const fits =
		to &&
		(to.protocol === "https:" ||
			(to.protocol === "http:" && from.protocol === "http:"));
	if (!fits)
		throw new ServerError(
			`${from.host} redirects to ${to ? `another protocol (${to.protocol.slice(0, 20)})` : "something that is no address"}; expected an https one`,
			false,
		);
	to.username = to.password = "";
	return to;
}

function statedHash(headers: Headers): string | undefined {
	const value =
		headers.get("x-linked-etag") ??
		(headers.has("x-repo-commit") ? headers.get("etag") : null);
	return value?.replace(/^W\//, "").replaceAll('"', "");
}

async function* chunksOf(
	response: Response,
	host: string,
	count: (bytes: number) => void,
): AsyncGenerator<Uint8Array> {
	const reader = response.body?.getReader();
	while (reader) {
		const { done, value } = await reader.read().catch((error: unknown) => {
			throw fromNetwork(error, host);
		});
		if (done) return;
		count(value.byteLength);
		yield value;
	}
}

/** fetch for a server's client, which gets whole JSON documents; everything else is an error here. It never sees the token. */
export function jsonFetch(connection: Connection, what: string): typeof fetch {
	return (input, init) => {
		const headers = {
			accept: "application/json",
			...(init?.body != null && { "content-type": "application/json" }),
		};
		return ask(
			connection,
			String(input),
			{
				method: init?.method ?? "GET",
				headers,
				...(init?.body != null && { body: String(init.body) }),
			},
			async (reply) => {
				if (reply.status < 200 || reply.status > 299)
					throw fromStatus(
						reply.status,
						reply.headers,
						reply.host,
						what,
						connection.server,
					);
				const pieces: Uint8Array[] = [];
				const end = performance.now() + 4 * connection.timeout;
				let size = 0;
				for await (const piece of reply.chunks()) {
					size += piece.byteLength;
					if (size > mostJson)
						throw new ServerError(
							`${reply.host} sent more than the ${mostJson} bytes that its answer for ${what} may have`,
							false,
						);
					if (performance.now() > end)
						throw new ServerError(
							`${reply.host} sends its answer for ${what} too slowly: it is not whole after ${(4 * connection.timeout) / 1000} s`,
							true,
						);
					pieces.push(piece);
				}
				const text = Buffer.concat(pieces).toString();
				try {
					JSON.parse(text);
				} catch (cause) {
					const html = /^\s*</.test(text)
						? "an HTML page, such as a login page or a proxy sends"
						: "something else";
					throw new ServerError(
						`${reply.host} answered for ${what} with ${html}; expected the JSON of ${connection.server.called}. Is the endpoint right?`,
						false,
						{ cause },
					);
				}
				return new Response(text, {
					headers: { "content-type": "application/json" },
				});
			},
		);
	};
}
