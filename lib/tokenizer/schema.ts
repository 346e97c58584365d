// What a tokenizer.json may contain: the parts of CLIP's tokenizers and nothing else. Other parts can run expressions
// that never end or steps that multiply the text, so they are refused by name.
import { isPlain } from "../options/validate.js";
import { visibleText } from "../util/escape.js";

/** `code` is an error code of this package. The message continues the name of the file. */
export class TokenizerError extends Error {
	readonly code: string;

	constructor(code: string, message: string) {
		super(message);
		this.code = code;
	}
}

/** Checks a value and returns what the tokenizer is built from. `place` is such as "model.vocab". */
type Rule = (value: unknown, place: string) => unknown;

const maxTokens = 2 ** 20;
const maxTokenLength = 1024;
const maxAddedTokens = 4096;
const maxSteps = 8;

/** CLIP's words, letters and digits; transformers 5 writes the special tokens in front of them. */
const words = "'s|'t|'re|'ve|'m|'ll|'d|[\\p{L}]+|[\\p{N}]|[^\\s\\p{L}\\p{N}]+";
const wordPatterns = [words, `<\\|startoftext\\|>|<\\|endoftext\\|>|${words}`];

function corrupt(place: string, expected: string, value: unknown): never {
	throw new TokenizerError(
		"ERR_ALFA_MODEL_CORRUPT",
		` is not a tokenizer in Hugging Face's format: ${place || "the file"} is ${describe(value)}; ` +
			`expected ${expected}. ` +
			"Download the checkpoint's own tokenizer.json again",
	);
}

function unsupported(place: string, expected: string, found: string): never {
	throw new TokenizerError(
		"ERR_ALFA_MODEL_UNSUPPORTED",
		` is not a tokenizer of CLIP: ${place} is ${found}; expected ${expected}. ` +
			"Only CLIP's tokenizers are supported",
	);
}

function describe(value: unknown): string {
	if (value === undefined) return "missing";
	if (typeof value === "string") return `'${visibleText(value, 60)}'`;
	if (Array.isArray(value)) return `an array of ${value.length}`;
	return typeof value === "object" && value !== null
		? "an object"
		: String(value);
}

const flag: Rule = (value, place) =>
	value === undefined || typeof value === "boolean"
		? value
		: corrupt(place, "true or false", value);

const tokenId: Rule = (value, place) =>
	Number.isInteger(value) &&
	(value as number) >= 0 &&
	(value as number) < maxTokens
		? value
		: corrupt(place, `an integer from 0 to ${maxTokens - 1}`, value);

const token: Rule = (value, place) => {
	if (typeof value !== "string" || value === "")
		return corrupt(place, "a text", value);
	if (value.length <= maxTokenLength) return value;
	return unsupported(
		place,
		`at most ${maxTokenLength} characters`,
		`a text of ${value.length} characters`,
	);
};

/** Only these values. */
function oneOf(...values: unknown[]): Rule {
	const expected = values
		.filter((value) => value !== undefined)
		.map((value) => (value === "" ? "''" : describe(value)))
		.join(" or ");
	return (value, place) =>
		values.includes(value)
			? value
			: unsupported(place, expected, describe(value));
}

const optional =
	(rule: Rule): Rule =>
	(value, place) =>
		value === undefined || value === null ? null : rule(value, place);

function list(rule: Rule, max: number): Rule {
	return (value, place) => {
		if (!Array.isArray(value)) return corrupt(place, "an array", value);
		if (value.length > max)
			return unsupported(place, `at most ${max} elements`, describe(value));
		return value.map((each, i) => rule(each, `${place}[${i}]`));
	};
}

/** An object with these keys and no others. */
function object(rules: Record<string, Rule>): Rule {
	return (value, place) => {
		if (!isPlain(value)) return corrupt(place, "an object", value);
		const path = (key: string) => (place ? `${place}.${key}` : key);
		const unknown = Object.keys(value).find(
			(key) => !Object.hasOwn(rules, key),
		);
		if (unknown !== undefined) {
			const known = Object.keys(rules).join(", ");
			unsupported(
				path(visibleText(unknown, 60)),
				`only ${known}`,
				"an unknown key",
			);
		}
		const checked = Object.entries(rules).map(([key, rule]) => [
			key,
			rule(value[key], path(key)),
		]);
		return Object.fromEntries(checked.filter(([, each]) => each !== undefined));
	};
}

/** An object whose `type` names one of these kinds. */
function kindOf(kinds: Record<string, Record<string, Rule>>): Rule {
	return (value, place) => {
		if (!isPlain(value)) return corrupt(place, "an object with a type", value);
		const { type } = value;
		if (typeof type !== "string")
			return corrupt(`${place}.type`, "a text", type);
		const rules = Object.hasOwn(kinds, type) ? kinds[type] : undefined;
		if (!rules) {
			const known = Object.keys(kinds).join(", ");
			return unsupported(`${place}.type`, `one of ${known}`, describe(type));
		}
		return object({ type: (each) => each, ...rules })(value, place);
	};
}

/** `steps` is the key of a Sequence's list. A Sequence contains no other one. */
function kindOrSequence(
	steps: string,
	kinds: Record<string, Record<string, Rule>>,
): Rule {
	const sequence = { Sequence: { [steps]: list(kindOf(kinds), maxSteps) } };
	return optional(kindOf({ ...kinds, ...sequence }));
}

const byteLevel = {
	add_prefix_space: flag,
	trim_offsets: flag,
	use_regex: flag,
};

const normalizer = kindOrSequence("normalizers", {
	NFC: {},
	Lowercase: {},
	Replace: { pattern: object({ Regex: oneOf("\\s+") }), content: oneOf(" ") },
});

const preTokenizer = kindOrSequence("pretokenizers", {
	Split: {
		pattern: object({ Regex: oneOf(...wordPatterns) }),
		behavior: oneOf("Removed"),
		invert: oneOf(true),
	},
	ByteLevel: byteLevel,
});

/** [text, id] */
const tokenPair: Rule = (value, place) => {
	if (!Array.isArray(value) || value.length !== 2)
		return corrupt(place, "a text and an id", value);
	return [token(value[0], `${place}[0]`), tokenId(value[1], `${place}[1]`)];
};

const templatePart: Rule = (value, place) => {
	const isSpecial = isPlain(value) && value["SpecialToken"] !== undefined;
	const key = isSpecial ? "SpecialToken" : "Sequence";
	const id = isSpecial ? token : oneOf("A", "B");
	return object({ [key]: object({ id, type_id: tokenId }) })(value, place);
};

const templateParts = list(templatePart, maxSteps);

/** The text itself occurs once. */
const singleTemplate: Rule = (value, place) => {
	const parts = templateParts(value, place) as Record<string, unknown>[];
	const texts = parts.filter((part) => part["Sequence"] !== undefined);
	if (texts.length === 1) return parts;
	return unsupported(
		place,
		"the sequence A once",
		`a list with ${texts.length} sequences`,
	);
};

const specialTokens: Rule = (value, place) => {
	if (!isPlain(value)) return corrupt(place, "an object", value);
	const rule = object({
		id: token,
		ids: list(tokenId, maxSteps),
		tokens: list(token, maxSteps),
	});
	const entries = Object.entries(value);
	if (entries.length > maxSteps)
		unsupported(
			place,
			`at most ${maxSteps} tokens`,
			`${entries.length} tokens`,
		);
	return Object.fromEntries(
		entries.map(([key, each]) => [
			key,
			rule(each, `${place}.${visibleText(key, 60)}`),
		]),
	);
};

const postProcessor = kindOrSequence("processors", {
	RobertaProcessing: {
		sep: tokenPair,
		cls: tokenPair,
		trim_offsets: flag,
		add_prefix_space: flag,
	},
	TemplateProcessing: {
		single: singleTemplate,
		pair: optional(templateParts),
		special_tokens: specialTokens,
	},
	ByteLevel: byteLevel,
});

const addedToken = object({
	id: tokenId,
	content: token,
	single_word: flag,
	lstrip: flag,
	rstrip: flag,
	normalized: flag,
	special: flag,
});

/** The ids by text. */
const vocabulary: Rule = (value, place) => {
	if (!isPlain(value)) return corrupt(place, "an object", value);
	const entries = Object.entries(value);
	if (entries.length > maxTokens)
		unsupported(
			place,
			`at most ${maxTokens} tokens`,
			`${entries.length} tokens`,
		);
	for (const [text, id] of entries) {
		const name = `${place}['${visibleText(text, 60)}']`;
		token(text, name);
		tokenId(id, name);
	}
	return value;
};

/** "a b", or since version 0.20 of Hugging Face's library ["a", "b"]. */
const merge: Rule = (value, place) => {
	const parts = typeof value === "string" ? value.split(" ") : value;
	if (!Array.isArray(parts) || parts.length !== 2)
		return corrupt(place, "two texts", value);
	return parts.map((part) => token(part, place));
};

const model: Rule = (value, place) => {
	// Old files have no type.
	const typed = isPlain(value) ? { type: "BPE", ...value } : value;
	return kindOf({
		BPE: {
			vocab: vocabulary,
			merges: list(merge, maxTokens),
			unk_token: optional(token),
			dropout: oneOf(null, undefined, 0),
			continuing_subword_prefix: oneOf("", null, undefined),
			end_of_word_suffix: oneOf("</w>"),
			fuse_unk: oneOf(false, undefined),
			byte_fallback: oneOf(false, undefined),
			ignore_merges: oneOf(false, undefined),
		},
	})(typed, place);
};

// Texts are cut and padded by this package, whatever the file says.
const ignored = (...keys: string[]) =>
	optional(
		object(Object.fromEntries(keys.map((key) => [key, (): null => null]))),
	);

const tokenizerFile = object({
	version: (value) => value,
	truncation: ignored("direction", "max_length", "strategy", "stride"),
	padding: ignored(
		"strategy",
		"direction",
		"pad_to_multiple_of",
		"pad_id",
		"pad_type_id",
		"pad_token",
	),
	added_tokens: list(addedToken, maxAddedTokens),
	normalizer,
	pre_tokenizer: preTokenizer,
	post_processor: postProcessor,
	decoder: kindOrSequence("decoders", { ByteLevel: byteLevel }),
	model,
});

/**
 * The content of a tokenizer.json, as Hugging Face's library takes it. Throws a TokenizerError with
 * ERR_ALFA_MODEL_CORRUPT or ERR_ALFA_MODEL_UNSUPPORTED.
 */
export function checkTokenizer(value: unknown): object {
	return tokenizerFile(value, "") as object;
}
