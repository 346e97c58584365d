// fetch for the client: the headers are ours alone, redirects are not followed, and a body is read whole, up to a bound.

export class TooLarge extends Error {}

/** The client gets only headers that it needs; the key is in `headers` here and unknown to it. */
export function boundedFetch(
	headers: Record<string, string>,
	maxBytes: number,
): typeof fetch {
	return async (url, init) => {
		const answer = await fetch(url, {
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
		const body = await bodyOf(answer, maxBytes);
		const kept = ["content-type", "retry-after", "retry-after-ms"].flatMap(
			(name): [string, string][] => {
				const value = answer.headers.get(name);
				return value === null ? [] : [[name, value]];
			},
		);
		return new Response([204, 205, 304].includes(answer.status) ? null : body, {
			status: answer.status,
			headers: kept,
		});
	};
}

/** All bytes, decompressed; the connection is dropped once there are more than `maxBytes`. */
async function bodyOf(
	answer: Response,
	maxBytes: number,
): Promise<Buffer<ArrayBuffer>> {
	const chunks: Uint8Array[] = [];
	let size = 0;
	for await (const chunk of answer.body ?? []) {
		size += chunk.byteLength;
		if (size > maxBytes)
			throw new TooLarge(
				`sent more than the ${maxBytes} bytes that an answer may have`,
			); // ends the loop, which cancels the body
		chunks.push(chunk);
	}
	return Buffer.concat(chunks);
}
