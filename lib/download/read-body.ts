/**
 * Reads a body into memory. Resolves to undefined, and cancels the rest, if it is longer than
 * `maxBytes`.
 */
export async function readBody(
	chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
	maxBytes: number,
): Promise<Buffer<ArrayBuffer> | undefined> {
	const parts: Uint8Array[] = [];
	let size = 0;
	for await (const chunk of chunks) {
		size += chunk.byteLength;
		if (size > maxBytes) return undefined; // leaving the loop cancels the body
		parts.push(chunk);
	}
	return Buffer.concat(parts);
}
