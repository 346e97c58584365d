// Text files of users, in the encodings that editors and shells write.
import { readFile, stat } from "node:fs/promises";
import { parseJson } from "./json.js";

/** Why a text file cannot be used, as the end of a sentence that starts with its name. */
export class TextFileError extends Error {}

/**
 * Reads a text file: UTF-8, or UTF-16 with a byte order mark (Windows PowerShell). The mark is removed. Throws a
 * TextFileError.
 */
export async function readTextFile(
	file: string,
	maxBytes: number,
): Promise<string> {
	return decodeText(await readBytes(file, maxBytes));
}

/** The same, parsed. A SyntaxError means that the text is not JSON. */
export async function readJsonFile(
	file: string,
	maxBytes: number,
): Promise<unknown> {
	return parseJson(await readTextFile(file, maxBytes));
}

async function readBytes(file: string, maxBytes: number): Promise<Buffer> {
	try {
		// Before it is opened: opening a pipe would wait for a writer.
		const stats = await stat(file);
		if (!stats.isFile()) throw new TextFileError("is not a file");
		if (stats.size > maxBytes) {
			throw new TextFileError(
				`has ${stats.size} bytes, but at most ${maxBytes} are allowed`,
			);
		}
		return await readFile(file);
	} catch (cause) {
		if (cause instanceof TextFileError) throw cause;
		const { code, message } = cause as NodeJS.ErrnoException;
		throw new TextFileError(`cannot be read (${code ?? message})`, { cause });
	}
}

function decodeText(bytes: Buffer): string {
	const encoding = encodingOf(bytes);
	try {
		return new TextDecoder(encoding, { fatal: true }).decode(bytes);
	} catch (cause) {
		const name = encoding.toUpperCase();
		throw new TextFileError(`is not valid ${name}; save it as UTF-8`, {
			cause,
		});
	}
}

function encodingOf(bytes: Buffer): string {
	if (bytes[0] === 0xff && bytes[1] === 0xfe) return "utf-16le";
	if (bytes[0] === 0xfe && bytes[1] === 0xff) return "utf-16be";
	return "utf-8";
}
