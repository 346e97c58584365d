// Where a language model is asked and how withRetry: the types and the door. No message here shows a value that may be a key.
import {
	checkOptions,
	isPlain,
	number,
	text,
	typeName,
	wrongType,
	type Check,
} from "../options/validate.js";
import { argumentError, rangeError } from "../errors.js";

export interface LlmOptions {
	/** Root of an OpenAI-compatible API: 'http://localhost:11434/v1' (Ollama), a vLLM or llama.cpp server, a service. */
	baseURL: string;
	/** The model's name as the server knows it. */
	model: string;
	/** Default: ALFA_LLM_KEY of the environment, else OPENAI_API_KEY (over https or on this machine), else none. Sent to the server, kept nowhere. */
	apiKey?: string;
	/** More headers for each request. Default none. */
	headers?: Record<string, string>;
	/** Milliseconds for one whole answer, at most 300000, which is what Node's fetch waits. Default 120000. */
	timeout?: number;
	/** Repetitions of one request after 429, 5xx, time-outs and broken connections. Default 3. */
	maxRetries?: number;
	/** Requests in flight at once. Default 2. */
	concurrency?: number;
	/** Milliseconds before the first repetition, doubled for each further one, and the longest wait (Retry-After too). Default 500 and 30000. */
	backoff?: { first?: number; max?: number };
	/** Bytes that one answer may have; a longer one is cut off and refused. Default 1048576. */
	maxBytes?: number;
	/** Price of a million tokens, in a currency of yours, for `usage.cost`. Default: what the server reports, if it does. */
	price?: { prompt: number; completion: number };
}

export interface ResolvedLlm
	extends Required<
		Omit<LlmOptions, "apiKey" | "price" | "backoff" | "headers">
	> {
	key: string | undefined;
	headers: Record<string, string>;
	backoff: { first: number; max: number };
	price: LlmOptions["price"];
	/** Name and port: what may be told and stored of the address. */
	host: string;
}

const secret: Check = (value, name) => {
	if (typeof value !== "string")
		throw argumentError(
			`Expected a string for ${name} but received a value of type ${typeName(value)}`,
		);
	if (!/^[\x21-\x7e]+$/.test(value.trim()))
		throw rangeError(
			`Expected printable ASCII without spaces for ${name}, which cannot be sent otherwise`,
		);
};

const headers: Check = (value, name) => {
	if (!isPlain(value))
		throw argumentError(
			`Expected an object of strings for ${name} but received a value of type ${typeName(value)}`,
		);
	for (const [key, held] of Object.entries(value)) {
		if (!/^[\w!#$%&'*+.^`|~-]+$/.test(key))
			throw rangeError(
				`Expected header names of letters, digits and hyphens in ${name}`,
			);
		if (typeof held !== "string")
			throw argumentError(
				`Expected a string for ${name}['${key}'] but received a value of type ${typeName(held)}`,
			);
		if (!/^[\t\x20-\x7e]*$/.test(held))
			throw rangeError(
				`Expected printable ASCII for ${name}['${key}'], which cannot be sent otherwise`,
			);
	}
};

const address: Check = (value, name) => {
	if (typeof value !== "string")
		throw argumentError(
			`Expected a string for ${name} but received a value of type ${typeName(value)}`,
		);
	const url = URL.canParse(value) ? new URL(value) : undefined;
	if (!url || !["http:", "https:"].includes(url.protocol))
		throw rangeError(
			`Expected an http: or https: URL for ${name}, such as http://localhost:11434/v1`,
		);
	if (url.username || url.password || url.search || url.hash) {
		throw rangeError(
			`Expected a plain URL for ${name}, without user, password, query and fragment; a key goes into apiKey or headers`,
		);
	}
};

const ms = number({ min: 1, max: 2 ** 31 - 1 });
const longest = 300_000;
const shape: Record<keyof LlmOptions, Check> = {
	baseURL: address,
	model: text,
	apiKey: secret,
	headers,
	timeout: number({ min: 1, max: longest }),
	maxRetries: number({ integer: true, min: 0, max: 20 }),
	concurrency: number({ integer: true, min: 1, max: 64 }),
	backoff: (value, name) => checkOptions(value, name, { first: ms, max: ms }),
	maxBytes: number({ integer: true, min: 1024, max: 2 ** 26 }),
	price: (value, name) =>
		checkOptions(value, name, {
			prompt: number({ min: 0 }),
			completion: number({ min: 0 }),
		}),
};

/** Whether a key that was meant for another service may go there unasked: nobody on the way can read it. */
function isPrivate(baseURL: string): boolean {
	const { protocol, hostname } = new URL(baseURL);
	return (
		protocol === "https:" ||
		hostname === "localhost" ||
		hostname === "[::1]" ||
		/^127(\.\d+){3}$/.test(hostname)
	);
}

/** Checks the options, takes the key from the environment where none is given, fills in defaults. */
export function resolveLlm(
	given: unknown,
	name = "llm",
	environment: NodeJS.ProcessEnv = process.env,
): ResolvedLlm {
	checkOptions(given, name, shape);
	const {
		baseURL,
		model,
		apiKey,
		headers = {},
		timeout = 120_000,
		maxRetries = 3,
		concurrency = 2,
		backoff,
		maxBytes = 2 ** 20,
		price,
	} = given as LlmOptions;
	address(baseURL, `${name}.baseURL`);
	text(model, `${name}.model`);
	if (price && (price.prompt === undefined || price.completion === undefined))
		throw wrongType("{ prompt, completion }", `${name}.price`, price);
	const ambient =
		environment["ALFA_LLM_KEY"]?.trim() ||
		(isPrivate(baseURL) && environment["OPENAI_API_KEY"]?.trim()) ||
		undefined;
	if (apiKey === undefined && ambient !== undefined)
		secret(ambient, "the environment's ALFA_LLM_KEY or OPENAI_API_KEY");
	return {
		baseURL: baseURL.replace(/\/+$/, ""),
		model,
		key: apiKey?.trim() ?? ambient,
		headers,
		timeout,
		maxRetries,
		concurrency,
		maxBytes,
		price,
		backoff: { first: backoff?.first ?? 500, max: backoff?.max ?? 30_000 },
		host: new URL(baseURL).host,
	};
}
