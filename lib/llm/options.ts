// The options for a language model's server: types, checks and defaults. No message here shows a
// value that may be a secret.
import { argumentError, rangeError } from "../errors.js";
import {
	boolean,
	type Check,
	checkOptions,
	isPlain,
	number,
	text,
	typeName,
	wrongType,
} from "../options/validate.js";
import { readObject } from "../util/read-once.js";
import { isSecretHeader } from "./secrets.js";

export interface LlmOptions {
	/**
	 * Root of an OpenAI-compatible API, such as 'http://localhost:11434/v1' for Ollama, vLLM,
	 * llama.cpp, or a service.
	 */
	baseURL: string;
	/** The model's name on the server. */
	model: string;
	/**
	 * Default: the environment variable ALFA_LLM_KEY, else OPENAI_API_KEY (over https or to this
	 * machine only), else no key. It is sent to the server and stored nowhere.
	 */
	apiKey?: string;
	/**
	 * Allows a key over http, which is not encrypted, to another machine. Default false: such a call throws a RangeError
	 * before any request. Set it only for a network that you trust.
	 */
	allowHttp?: boolean;
	/** Additional headers for each request. Default: none. */
	headers?: Record<string, string>;
	/** Milliseconds for one complete answer, at most 300000, the limit of Node's fetch. Default 120000. */
	timeout?: number;
	/**
	 * How often a request is repeated after 429, 5xx, a time-out or a broken connection, 0 to 20.
	 * Default 3.
	 */
	maxRetries?: number;
	/** The most requests at the same time, 1 to 64. Default 2. */
	concurrency?: number;
	/**
	 * Milliseconds before the first retry, which double for each further one, and the longest delay,
	 * which also limits Retry-After. Defaults 500 and 30000.
	 */
	backoff?: { first?: number; max?: number };
	/** The most bytes of one answer, 1024 to 2^26. A longer answer is an error. Default 1048576. */
	maxBytes?: number;
	/**
	 * Prices per million tokens, in any currency, for `usage.cost`. Default: what the server reports,
	 * if it does.
	 */
	price?: { prompt: number; completion: number };
}

export interface ResolvedLlm
	extends Required<
		Omit<LlmOptions, "apiKey" | "price" | "backoff" | "headers" | "allowHttp">
	> {
	key: string | undefined;
	headers: Record<string, string>;
	backoff: { first: number; max: number };
	price: LlmOptions["price"];
	/** Host and port. Messages and files contain this part of the address and no other. */
	host: string;
}

const maxTimeout = 300_000;
const maxDelay = 2 ** 31 - 1;

const expectString = (value: unknown, name: string): string => {
	if (typeof value === "string") return value;
	throw argumentError(
		`Expected a string for ${name} but received a value of type ${typeName(value)}`,
	);
};

const secret: Check<string> = (value, name) => {
	const key = expectString(value, name).trim();
	if (!/^[\x21-\x7e]+$/.test(key)) {
		throw rangeError(
			`Expected printable ASCII without spaces for ${name}. An HTTP header accepts nothing else`,
		);
	}
	return key;
};

const headers: Check<Record<string, string>> = (value, name) => {
	if (!isPlain(value)) {
		throw argumentError(
			`Expected an object of strings for ${name} but received a value of type ${typeName(value)}`,
		);
	}
	const copy = readObject(value, name);
	for (const [key, header] of Object.entries(copy)) {
		if (!/^[\w!#$%&'*+.^`|~-]+$/.test(key)) {
			throw rangeError(
				`Expected header names of letters, digits and hyphens in ${name}`,
			);
		}
		const headerName = `${name}['${key}']`;
		if (!/^[\t\x20-\x7e]*$/.test(expectString(header, headerName))) {
			throw rangeError(
				`Expected printable ASCII for ${headerName}. An HTTP header accepts nothing else`,
			);
		}
	}
	return copy as Record<string, string>;
};

const baseURL: Check<string> = (value, name) => {
	const address = expectString(value, name);
	const url = URL.canParse(address) ? new URL(address) : undefined;
	if (!url || !["http:", "https:"].includes(url.protocol)) {
		throw rangeError(
			`Expected an http: or https: URL for ${name}, such as http://localhost:11434/v1`,
		);
	}
	if (url.username || url.password || url.search || url.hash) {
		throw rangeError(
			`Expected a URL without user, password, query and fragment for ${name}. Put a key into apiKey or headers`,
		);
	}
	return address;
};

const milliseconds = number({ min: 1, max: maxDelay });
const checks = {
	baseURL,
	model: text,
	apiKey: secret,
	allowHttp: boolean,
	headers,
	timeout: number({ min: 1, max: maxTimeout }),
	maxRetries: number({ integer: true, min: 0, max: 20 }),
	concurrency: number({ integer: true, min: 1, max: 64 }),
	backoff: (value, name) =>
		checkOptions(value, name, { first: milliseconds, max: milliseconds }),
	maxBytes: number({ integer: true, min: 1024, max: 2 ** 26 }),
	price: (value, name) =>
		checkOptions(value, name, {
			prompt: number({ min: 0 }),
			completion: number({ min: 0 }),
		}),
} satisfies Record<keyof LlmOptions, Check>;

/** Checks the options, and fills in the defaults and the key from the environment. */
export function resolveLlm(
	options: unknown,
	name = "llm",
	environment: NodeJS.ProcessEnv = process.env,
): ResolvedLlm {
	const llm = checkOptions(options, name, checks);
	const { price, backoff } = llm;
	const address = baseURL(llm.baseURL, `${name}.baseURL`);
	const model = text(llm.model, `${name}.model`);
	const { prompt, completion } = price ?? {};
	const isComplete = prompt !== undefined && completion !== undefined;
	if (price && !isComplete)
		throw wrongType("{ prompt, completion }", `${name}.price`, price);
	const key = llm.apiKey ?? keyFromEnvironment(address, environment);
	checkEncryption({ ...llm, baseURL: address }, key, name);
	return {
		baseURL: address.replace(/\/+$/, ""),
		model,
		key,
		headers: llm.headers ?? {},
		timeout: llm.timeout ?? 120_000,
		maxRetries: llm.maxRetries ?? 3,
		concurrency: llm.concurrency ?? 2,
		maxBytes: llm.maxBytes ?? 2 ** 20,
		price: isComplete ? { prompt, completion } : undefined,
		backoff: { first: backoff?.first ?? 500, max: backoff?.max ?? 30_000 },
		host: new URL(address).host,
	};
}

/** Throws if a key would leave this machine without encryption. */
function checkEncryption(
	{
		baseURL,
		headers = {},
		allowHttp,
	}: Pick<LlmOptions, "baseURL" | "headers" | "allowHttp">,
	key: string | undefined,
	name: string,
): void {
	const header = Object.keys(headers).find(isSecretHeader);
	const hasSecret = key !== undefined || header !== undefined;
	if (!hasSecret || allowHttp || isPrivate(baseURL)) return;
	const secret =
		key === undefined
			? `the header ${header} of ${name}.headers`
			: `the key (${name}.apiKey or ALFA_LLM_KEY)`;
	throw rangeError(
		`Expected an https: URL for ${name}.baseURL, because ${secret} would be sent to ${new URL(baseURL).host} ` +
			`without encryption. Use https, or a server on this machine, or send no key. In a network that you trust, ` +
			`set ${name}.allowHttp to true (--llm-allow-http)`,
	);
}

/** OPENAI_API_KEY belongs to another service, so it is only sent if nobody on the way can read it. */
function keyFromEnvironment(
	address: string,
	environment: NodeJS.ProcessEnv,
): string | undefined {
	const key =
		environment["ALFA_LLM_KEY"]?.trim() ||
		(isPrivate(address) && environment["OPENAI_API_KEY"]?.trim()) ||
		undefined;
	if (key !== undefined)
		secret(key, "the environment variable ALFA_LLM_KEY or OPENAI_API_KEY");
	return key;
}

/** Whether the connection is encrypted or stays on this machine. */
function isPrivate(address: string): boolean {
	const { protocol, hostname } = new URL(address);
	return (
		protocol === "https:" ||
		hostname === "localhost" ||
		hostname === "[::1]" ||
		/^127(\.\d+){3}$/.test(hostname)
	);
}
