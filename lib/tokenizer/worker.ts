// The tokenizer's own thread: building CLIP's takes a tenth of a second, and a long text as much again.
import { readFileSync } from "node:fs";
import { parentPort, workerData } from "node:worker_threads";
import { Tokenizer } from "@huggingface/tokenizers";

export interface TokenizerFile {
	file: string;
	context: number;
	vocabulary: number;
}
/** whole: nothing is cut, for those who count. */
export interface TokenizeJob {
	id: number;
	texts: string[];
	whole: boolean;
}
export interface TokenizeReply {
	id: number;
	ids?: Int32Array;
	lengths?: Int32Array;
	error?: { code: string; message: string };
}

class Refusal extends Error {
	constructor(
		readonly code: string,
		message: string,
	) {
		super(message);
	}
}

const { file, context, vocabulary } = workerData as TokenizerFile;
let tokenizer: Tokenizer | undefined;

function open(): Tokenizer {
	let bytes;
	try {
		bytes = readFileSync(file, "utf8");
	} catch (error) {
		throw new Refusal(
			"ERR_ALFA_MODEL_NOT_FOUND",
			`${file}, which turns prompts into tokens, cannot be read (${(error as Error).message}); ` +
				"put the checkpoint's own tokenizer.json beside its weights",
		);
	}
	let made;
	try {
		made = new Tokenizer(JSON.parse(bytes) as object, {});
	} catch (error) {
		throw new Refusal(
			"ERR_ALFA_MODEL_CORRUPT",
			`${file} is not a tokenizer in Hugging Face's format: ${(error as Error).message}`,
		);
	}
	if (made.encode("").ids.length < 2) {
		throw new Refusal(
			"ERR_ALFA_MODEL_MISMATCH",
			`${file} adds no start and end tokens, which CLIP's text tower needs; take the checkpoint's own tokenizer.json`,
		);
	}
	return made;
}

/** ids with start and end token, unless `whole` at most `context` of them, the end token kept. */
function encode(text: string, whole: boolean): number[] {
	tokenizer ??= open();
	let ids: number[] = tokenizer.encode(text).ids;
	if (ids.length > context && !whole)
		ids = [...ids.slice(0, context - 1), ids[ids.length - 1]!];
	const wrong = ids.find((id) => !(id >= 0 && id < vocabulary));
	if (wrong !== undefined) {
		throw new Refusal(
			"ERR_ALFA_MODEL_MISMATCH",
			`${file} gives token ${wrong} where the text tower knows ${vocabulary} tokens; ` +
				"tokenizer and weights are of different models",
		);
	}
	return ids;
}

parentPort!.on("message", ({ id, texts, whole }: TokenizeJob) => {
	let reply: TokenizeReply;
	try {
		const all = texts.map((text) => encode(text, whole));
		reply = {
			id,
			ids: Int32Array.from(all.flat()),
			lengths: Int32Array.from(all, (each) => each.length),
		};
	} catch (error) {
		const code = error instanceof Refusal ? error.code : "ERR_ALFA_INTERNAL";
		reply = { id, error: { code, message: (error as Error).message } };
	}
	parentPort!.postMessage(reply);
});
