// The tokenizer's thread. To build CLIP's tokenizer takes a tenth of a second, and so does a long text.
import { readFileSync } from "node:fs";
import { parentPort, workerData } from "node:worker_threads";
import { Tokenizer } from "@huggingface/tokenizers";

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

export interface TokenizeReply {
	id: number;
	ids?: Int32Array;
	lengths?: Int32Array;
	error?: { code: string; message: string };
}

class TokenizerError extends Error {
	readonly code: string;

	constructor(code: string, message: string) {
		super(message);
		this.code = code;
	}
}

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
		return readFileSync(file, "utf8");
	} catch (error) {
		throw new TokenizerError(
			"ERR_ALFA_MODEL_NOT_FOUND",
			`The tokenizer ${file} cannot be read (${(error as Error).message}). ` +
				"Put the checkpoint's own tokenizer.json beside its weights",
		);
	}
}

function parseTokenizer(json: string): Tokenizer {
	try {
		return new Tokenizer(JSON.parse(json) as object, {});
	} catch (error) {
		throw new TokenizerError(
			"ERR_ALFA_MODEL_CORRUPT",
			`${file} is not a tokenizer in Hugging Face's format: ${(error as Error).message}`,
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

parentPort!.on("message", (job: TokenizeJob) => {
	parentPort!.postMessage(handle(job));
});
