// One question to an OpenAI-compatible server: form of the answer, time limit, repetitions. Answers are text, without secrets.
import { onAbort } from "../util/abort.js";
import { Semaphore } from "../util/semaphore.js";
import { boundedFetch } from "./bounded-fetch.js";
import { BadAnswer, errorOf, failureOf } from "./errors.js";
import type { ResolvedLlm } from "./options.js";
import { persistently, type Attempt } from "./retry.js";
import { Secrets } from "./secrets.js";
import { UsageMeter } from "./usage.js";

/** How the answer is asked for, the strictest first; a server that refuses one is asked for the next. */
export const answerForms = ["json_schema", "json_object", "plain"] as const;
export type AnswerForm = (typeof answerForms)[number];

export interface Question {
	/** The words, which name the form too: models that are not held to a schema read them. */
	text(form: AnswerForm): string;
	/** JSON schema of the answer and its name. */
	schema: { name: string; schema: Record<string, unknown> };
}

type Client = InstanceType<typeof import("openai").default>;

export class LlmClient {
	readonly usage: UsageMeter;
	readonly secrets: Secrets;
	readonly #options: ResolvedLlm;
	readonly #client: Client;
	readonly #semaphore: Semaphore;
	#form = 0; // into answerForms; only grows

	private constructor(options: ResolvedLlm, client: Client, secrets: Secrets) {
		this.#options = options;
		this.#client = client;
		this.secrets = secrets;
		this.usage = new UsageMeter(options.price);
		this.#semaphore = new Semaphore(options.concurrency);
	}

	static async open(options: ResolvedLlm): Promise<LlmClient> {
		const { default: OpenAI } = await import("openai"); // here and not above: who never asks an LLM does not load it
		const headers = {
			...(options.key !== undefined && {
				authorization: `Bearer ${options.key}`,
			}),
			...lowerCase(options.headers),
		};
		// All that the client would take from the environment is set: keys of other services, a log level that prints headers.
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
			fetch: boundedFetch(headers, options.maxBytes),
		});
		return new LlmClient(
			options,
			client,
			new Secrets(options.key, options.headers),
		);
	}

	/** The answer's text. Throws ERR_ALFA_LLM_... once repetition does not help, or the signal's reason. */
	ask(question: Question, signal: AbortSignal): Promise<string> {
		return this.#semaphore.run(async () => {
			while (true) {
				signal.throwIfAborted();
				const form = this.#form;
				const { host, maxRetries, backoff } = this.#options;
				const outcome = await persistently(
					() => this.#attempt(question, answerForms[form]!, signal),
					{ maxRetries, backoff, signal },
					() => {
						this.usage.retries++;
					},
				);
				if ("value" in outcome) return outcome.value;
				const { failure, attempts } = outcome;
				// 400 and 422 say "not this request" in many words: the simpler form is tried whatever they are.
				const simpler =
					(failure.status === 400 || failure.status === 422) &&
					form + 1 < answerForms.length;
				if (!simpler) throw errorOf(failure, host, attempts);
				this.#form = Math.max(this.#form, form + 1);
			}
		});
	}

	async #attempt(
		question: Question,
		form: AnswerForm,
		signal: AbortSignal,
	): Promise<Attempt<string>> {
		signal.throwIfAborted();
		const { model, timeout } = this.#options;
		const own = new AbortController();
		let late = false;
		const timer = setTimeout(() => {
			late = true;
			own.abort();
		}, timeout);
		const forget = onAbort(signal, () => own.abort());
		this.usage.requests++;
		try {
			const completion: unknown = await this.#client.chat.completions.create(
				{
					model,
					messages: [{ role: "user", content: question.text(form) }],
					...formOf(form, question),
				},
				{ signal: own.signal },
			);
			const { choices, usage } = (completion ?? {}) as {
				choices?: { message?: { content?: unknown; refusal?: unknown } }[];
				usage?: unknown;
			};
			const message = Array.isArray(choices) ? choices[0]?.message : undefined;
			if (typeof message !== "object" || message === null)
				throw new BadAnswer("no choices[0].message in it");
			this.usage.add(usage);
			return {
				value:
					typeof message.content === "string"
						? this.secrets.hide(message.content)
						: "",
			}; // a refusal has no content
		} catch (error) {
			if (signal.aborted) throw signal.reason;
			return { failure: failureOf(error, late, timeout, this.secrets) };
		} finally {
			clearTimeout(timer);
			forget();
		}
	}
}

function formOf(form: AnswerForm, { schema }: Question) {
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

const lowerCase = (headers: Record<string, string>) =>
	Object.fromEntries(
		Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]),
	);
