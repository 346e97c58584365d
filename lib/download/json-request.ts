// JSON documents from a server, read completely and with limits.
import { parseJson } from "../util/json.js";
import { readBody } from "./read-body.js";
import { type Connection, type HttpResponse, request } from "./request.js";
import { ServerError, statusError } from "./server-error.js";

const maxBytes = 16 * 2 ** 20;

/**
 * A `fetch` for a server's client library. It resolves only to complete JSON documents; everything
 * else rejects with a ServerError that names `subject`. The library never sees the token.
 */
export function jsonFetch(
	connection: Connection,
	subject: string,
): typeof fetch {
	return (input, init) => {
		const hasBody = init?.body != null;
		const options = {
			method: init?.method ?? "GET",
			headers: {
				accept: "application/json",
				...(hasBody && { "content-type": "application/json" }),
			},
			...(hasBody && { body: String(init.body) }),
		};
		return request(connection, String(input), options, async (response) => {
			if (response.status < 200 || response.status > 299)
				throw statusError(response, subject, connection.server);
			const text = await readDocument(connection, response, subject);
			return new Response(text, {
				headers: { "content-type": "application/json" },
			});
		});
	};
}

async function readDocument(
	{ timeout, server }: Connection,
	response: HttpResponse,
	subject: string,
): Promise<string> {
	const chunks = beforeDeadline(response, subject, 4 * timeout);
	const body = await readBody(chunks, maxBytes);
	if (!body) {
		throw new ServerError(
			`${response.host} sent more than the ${maxBytes} bytes that are allowed for ${subject}`,
			{ retryable: false },
		);
	}
	const text = body.toString().replace(/^\ufeff/, "");
	try {
		parseJson(text);
	} catch (cause) {
		const received = /^\s*</.test(text)
			? "an HTML page, perhaps the login page of a proxy"
			: "something else";
		throw new ServerError(
			`${response.host} answered for ${subject} with ${received}. ` +
				`Expected the JSON of ${server.name}. Check the endpoint`,
			{ retryable: false, cause },
		);
	}
	return text;
}

/** The response's chunks, as long as they arrive within `ms` milliseconds from now. */
async function* beforeDeadline(
	response: HttpResponse,
	subject: string,
	ms: number,
): AsyncGenerator<Uint8Array> {
	const deadline = performance.now() + ms;
	for await (const chunk of response.chunks()) {
		if (performance.now() > deadline) {
			throw new ServerError(
				`${response.host} is too slow: its answer for ${subject} is not complete after ${ms / 1000} s`,
				{ retryable: true },
			);
		}
		yield chunk;
	}
}
