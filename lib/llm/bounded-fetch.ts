// A `fetch` for the OpenAI client. It sends only the headers that are given here, follows no
// redirects, and limits the size of the body.
import { readBody } from "../download/read-body.js";

/** A body with more bytes than are allowed. */
export class ResponseTooLarge extends Error {}

const keptHeaders = ["content-type", "retry-after", "retry-after-ms"];
const bodilessStatuses = [204, 205, 304];

/**
 * `headers` contains the key, which the OpenAI client does not know. The client sees only the
 * response headers it needs.
 */
export function boundedFetch(
	headers: Record<string, string>,
	maxBytes: number,
): typeof fetch {
	return async (url, init) => {
		const response = await fetch(url, {
			method: init?.method ?? "POST",
			body: init?.body ?? null,
			signal: init?.signal ?? null,
			redirect: "manual",
			headers: {
				accept: "application/json",
				"content-type": "application/json",
				"user-agent": "alfa-vad",
				...headers,
			},
		});
		const { status } = response;
		// The limit applies to the decompressed bytes.
		const body = await readBody(response.body ?? [], maxBytes);
		if (!body) {
			throw new ResponseTooLarge(
				`sent more than the ${maxBytes} bytes that an answer may have`,
			);
		}
		return new Response(bodilessStatuses.includes(status) ? null : body, {
			status,
			headers: keepHeaders(response.headers),
		});
	};
}

function keepHeaders(headers: Headers): [string, string][] {
	return keptHeaders.flatMap((name): [string, string][] => {
		const value = headers.get(name);
		return value === null ? [] : [[name, value]];
	});
}
