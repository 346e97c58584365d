// Asks an OpenAI-compatible server one question at a time. Handles time-outs, retries and the form
// of the answer.
import type OpenAI from "openai";
import { withRetry } from "../download/retry.js";
import { onAbort } from "../util/abort.js";
import { Semaphore } from "../util/semaphore.js";
import { boundedFetch } from "./bounded-fetch.js";
import { readCompletion } from "./completion.js";
import { LlmFailure, toLlmFailure } from "./errors.js";
import type { ResolvedLlm } from "./options.js";
import { SecretRedactor } from "./secrets.js";
import { UsageMeter } from "./usage.js";

/**
 * The ways to ask for an answer, the strictest first. A server that refuses one is asked in the
 * next way.
 */
const answerForms = ["json_schema", "json_object", "plain"] as const;
export type AnswerForm = (typeof answerForms)[number];

export interface Question {
	/** The words of the question. They describe the form too, because not every model is held to a schema. */
	text(form: AnswerForm): string;
	/** The JSON schema of the answer, and a name for it. */
	schema: { name: string; schema: Record<string, unknown> };
}

/** Statuses of servers that do not support the form of the answer. */
const unsupportedFormStatuses: (number | undefined)[] = [400, 422];

export class LlmClient {
	readonly usage: UsageMeter;
	readonly secrets: SecretRedactor;
	readonly #options: ResolvedLlm;
	readonly #client: OpenAI;
	readonly #semaphore: Semaphore;
	/** Index into `answerForms`. It never decreases. */
	#formIndex = 0;

	private constructor(options: ResolvedLlm, client: OpenAI) {
		this.#options = options;
		this.#client = client;
		this.secrets = new SecretRedactor(options.key, options.headers);
		this.usage = new UsageMeter(options.price);
		this.#semaphore = new Semaphore(options.concurrency);
	}

	static async open(options: ResolvedLlm): Promise<LlmClient> {
		// Imported here, so that programs that ask no LLM do not load it.
		const { default: OpenAI } = await import("openai");
		// Every option that the client would read from the environment is set: the environment may hold
		// keys of other services, or a log level that prints headers.
		const client = new OpenAI({
			baseURL: options.baseURL,
			apiKey: "in-the-headers",
			adminAPIKey: null,
			organization: null,
			project: null,
			webhookSecret: null,
			logLevel: "off",
			maxRetries: 0,
			timeout: 2 ** 31 - 1,
			fetch: boundedFetch(requestHeaders(options), options.maxBytes),
		});
		return new LlmClient(options, client);
	}

	/**
	 * Resolves to the text of the answer, with secrets removed. Throws ERR_ALFA_LLM_... when all
	 * attempts have failed, or the signal's reason.
	 */
	ask(question: Question, signal: AbortSignal): Promise<string> {
		return this.#semaphore.run(async () => {
			while (true) {
				signal.throwIfAborted();
				const formIndex = this.#formIndex;
				try {
					return await this.#askWithRetry(
						question,
						answerForms[formIndex]!,
						signal,
					);
				} catch (error) {
					if (!(error instanceof LlmFailure)) throw error;
					const hasNextForm = formIndex + 1 < answerForms.length;
					// The text of such an answer is different for each server, so it is not read.
					if (!unsupportedFormStatuses.includes(error.status) || !hasNextForm)
						throw error.toAlfaError(this.#options.host);
					this.#formIndex = Math.max(this.#formIndex, formIndex + 1);
				}
			}
		});
	}

	#askWithRetry(
		question: Question,
		form: AnswerForm,
		signal: AbortSignal,
	): Promise<string> {
		const { maxRetries, backoff } = this.#options;
		return withRetry(() => this.#attempt(question, form, signal), {
			retries: maxRetries,
			backoff,
			signal,
			onRetry: () => {
				this.usage.retries++;
			},
		});
	}

	async #attempt(
		question: Question,
		form: AnswerForm,
		signal: AbortSignal,
	): Promise<string> {
		const { model, timeout } = this.#options;
		const controller = new AbortController();
		let timedOut = false;
		const timer = setTimeout(() => {
			timedOut = true;
			controller.abort();
		}, timeout);
		const removeListener = onAbort(signal, () => controller.abort());
		this.usage.requests++;
		try {
			const response = await this.#client.chat.completions
				.create(
					{
						model,
						messages: [{ role: "user", content: question.text(form) }],
						...responseFormat(form, question),
					},
					{ signal: controller.signal },
				)
				.asResponse();
			// The client reads only JSON that is declared as JSON.
			const { text, usage } = readCompletion(await bodyText(response));
			this.usage.add(usage);
			return this.secrets.redact(text);
		} catch (error) {
			if (signal.aborted) throw signal.reason;
			throw toLlmFailure(error, timedOut, timeout, this.secrets);
		} finally {
			clearTimeout(timer);
			removeListener();
		}
	}
}

/** The body in the encoding that its content type names. UTF-8 if it names none that is known. */
async function bodyText(response: Response): Promise<string> {
	const bytes = await response.arrayBuffer();
	const type = response.headers.get("content-type") ?? "";
	const charset = /charset="?([\w-]+)/i.exec(type)?.[1] ?? "utf-8";
	try {
		return new TextDecoder(charset).decode(bytes);
	} catch {
		return new TextDecoder().decode(bytes);
	}
}

function responseFormat(form: AnswerForm, { schema }: Question) {
	if (form === "plain") return {};
	if (form === "json_object")
		return { response_format: { type: "json_object" as const } };
	return {
		response_format: {
			type: "json_schema" as const,
			json_schema: { ...schema, strict: true },
		},
	};
}

/** Names in lower case, so that a header of the user replaces the key's. */
function requestHeaders({ key, headers }: ResolvedLlm): Record<string, string> {
	const authorization =
		key === undefined ? {} : { authorization: `Bearer ${key}` };
	const lowerCase = Object.entries(headers).map(([name, value]) => [
		name.toLowerCase(),
		value,
	]);
	return { ...authorization, ...Object.fromEntries(lowerCase) };
}
