// The tokenizer's thread. To build CLIP's tokenizer takes a tenth of a second, and so does a long text.
import { readFileSync, statSync } from "node:fs";
import { format } from "node:util";
import { parentPort, workerData } from "node:worker_threads";
import { Tokenizer } from "@huggingface/tokenizers";
import { parseJson } from "../util/json.js";
import { checkTokenizer, TokenizerError } from "./schema.js";

export interface TokenizerFile {
	/** Path of tokenizer.json. */
	file: string;
	/** The most tokens that the text tower reads. */
	context: number;
	/** The number of tokens that the text tower knows. */
	vocabulary: number;
}

export interface TokenizeJob {
	id: number;
	texts: string[];
	/** Whether texts are cut to `context` tokens. */
	truncate: boolean;
}

/** The answer to a job, or a message of the library for the log. */
export type WorkerMessage = TokenizeReply | { warning: string };

export interface TokenizeReply {
	id: number;
	ids?: Int32Array;
	lengths?: Int32Array;
	error?: { code: string; message: string };
}

/** CLIP's own file has 2 to 4 MB. */
const maxFileBytes = 32 << 20;

const { file, context, vocabulary } = workerData as TokenizerFile;
let tokenizer: Tokenizer | undefined;

function openTokenizer(): Tokenizer {
	const opened = parseTokenizer(readTokenizerFile());
	const hasStartAndEnd = opened.encode("").ids.length >= 2;
	if (hasStartAndEnd) return opened;
	throw new TokenizerError(
		"ERR_ALFA_MODEL_MISMATCH",
		`${file} adds no start and end tokens, which CLIP's text tower needs. ` +
			"Use the checkpoint's own tokenizer.json",
	);
}

function readTokenizerFile(): string {
	try {
		const { size } = statSync(file);
		if (size <= maxFileBytes) return readFileSync(file, "utf8");
		throw new TokenizerError(
			"ERR_ALFA_MODEL_UNSUPPORTED",
			`${file} has ${size} bytes, but a tokenizer of CLIP has at most ${maxFileBytes}. ` +
				"Use the checkpoint's own tokenizer.json",
		);
	} catch (error) {
		if (error instanceof TokenizerError) throw error;
		throw new TokenizerError(
			"ERR_ALFA_MODEL_NOT_FOUND",
			`The tokenizer ${file} cannot be read (${(error as Error).message}). ` +
				"Put the checkpoint's own tokenizer.json beside its weights",
		);
	}
}

function parseTokenizer(json: string): Tokenizer {
	try {
		return new Tokenizer(checkTokenizer(parseJson(json)), {});
	} catch (error) {
		const { message } = error as Error;
		if (error instanceof TokenizerError)
			throw new TokenizerError(error.code, file + message);
		throw new TokenizerError(
			"ERR_ALFA_MODEL_CORRUPT",
			`${file} is not a tokenizer in Hugging Face's format: ${message}`,
		);
	}
}

/** The ids with start and end token. A text that is cut keeps its end token. */
function encode(text: string, truncate: boolean): number[] {
	tokenizer ??= openTokenizer();
	const all: number[] = tokenizer.encode(text).ids;
	const isCut = truncate && all.length > context;
	const ids = isCut ? [...all.slice(0, context - 1), all.at(-1)!] : all;
	const unknown = ids.find((id) => !(id >= 0 && id < vocabulary));
	if (unknown === undefined) return ids;
	throw new TokenizerError(
		"ERR_ALFA_MODEL_MISMATCH",
		`${file} gives token ${unknown}, but the text tower knows only ${vocabulary} tokens. ` +
			"The tokenizer and the weights belong to different models",
	);
}

function handle({ id, texts, truncate }: TokenizeJob): TokenizeReply {
	try {
		const ids = texts.map((text) => encode(text, truncate));
		return {
			id,
			ids: Int32Array.from(ids.flat()),
			lengths: Int32Array.from(ids, ({ length }) => length),
		};
	} catch (error) {
		const code =
			error instanceof TokenizerError ? error.code : "ERR_ALFA_INTERNAL";
		return { id, error: { code, message: (error as Error).message } };
	}
}

// The library and Node write warnings to stderr, which belongs to the program.
const post = (message: WorkerMessage) => parentPort!.postMessage(message);
for (const name of ["debug", "log", "info", "warn", "error"] as const)
	console[name] = (...args: unknown[]) => post({ warning: format(...args) });
process.on("warning", ({ message }) => post({ warning: message }));

parentPort!.on("message", (job: TokenizeJob) => {
	post(handle(job));
});
