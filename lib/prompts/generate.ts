// Prompts by a language model (T_G of method.md 3): ask, clean, and ask again until there are enough or asking ends.

import { AlfaError, type ErrorCode } from "../errors.js";
import { LlmClient, type Question } from "../llm/client.js";
import { llmError } from "../llm/errors.js";
import { itemsOf } from "../llm/parse.js";
import type { LlmUsage } from "../llm/usage.js";
import { abortable, onAbort } from "../util/abort.js";
import {
	type Cleaned,
	cleanDescriptors,
	cleanPrompts,
	cleanTexts,
	type Dropped,
} from "./filter.js";
import {
	type GenerateOptions,
	type ResolvedGenerate,
	resolveGenerate,
} from "./generate-options.js";
import type { PromptSet } from "./prompt-set.js";
import {
	descriptorQuestion,
	labelQuestion,
	labels,
	questionsVersion,
} from "./questions.js";

type Kind = Dropped["label"];

export interface GenerateFailure {
	label: Kind;
	code: ErrorCode;
	message: string;
}

export interface GenerateResult {
	prompts: PromptSet;
	/** Every text that is not among the prompts, and why. */
	dropped: Dropped[];
	/** Questions that stayed without an answer, though the others sufficed. */
	failures: GenerateFailure[];
	usage: LlmUsage;
}

const rounds = 3;

/**
 * A prompt set for a class from any OpenAI-compatible server. Rejects with ERR_ALFA_LLM_... where the server cannot be
 * asked or its answers hold fewer than `perLabel.min` usable prompts of a label, or with the signal's reason.
 */
export async function generatePrompts(
	options: GenerateOptions,
): Promise<GenerateResult> {
	const resolved = resolveGenerate(options);
	options.signal?.throwIfAborted();
	const own = new AbortController();
	const forget = onAbort(options.signal, () =>
		own.abort(options.signal!.reason),
	);
	try {
		const client = await LlmClient.open(resolved.llm);
		return await new Generation(
			resolved,
			client,
			own,
			options.onProgress,
		).run();
	} finally {
		forget();
		own.abort(); // of one fatal failure the others learn here
	}
}

class Generation {
	readonly #answers: Record<Kind, string[][]> = {
		normal: [],
		abnormal: [],
		descriptors: [],
	}; // by sample
	readonly #failures: (GenerateFailure & { error: AlfaError })[] = [];
	#answered = 0;
	#planned = 0;

	constructor(
		readonly options: ResolvedGenerate,
		readonly client: LlmClient,
		readonly own: AbortController,
		readonly onProgress: GenerateOptions["onProgress"],
	) {}

	async run(): Promise<GenerateResult> {
		const { className, samples, descriptors, max, min, llm } = this.options;
		const cleaned: Partial<Record<Kind, Cleaned>> = {};
		for (let round = 0; round < rounds; round++) {
			// A label is asked for again while it lacks prompts and the round before had any answer.
			const wanting = labels.filter(
				(label) =>
					round === 0 ||
					(cleaned[label]!.kept.length < min &&
						this.#answers[label].length > (round - 1) * samples),
			);
			const jobs = wanting.flatMap((label) =>
				Array.from(
					{ length: samples },
					(_, i) => () => this.#ask(label, round * samples + i),
				),
			);
			if (
				descriptors > 0 &&
				!cleaned.descriptors?.kept.length &&
				(wanting.length > 0 || round === 1)
			)
				jobs.push(() => this.#ask("descriptors", round));
			if (jobs.length === 0) break;
			this.#planned += jobs.length;
			await Promise.all(jobs.map((job) => job()));
			for (const label of wanting)
				cleaned[label] = await abortable(
					cleanPrompts(this.#texts(label), {
						...this.options,
						class: className,
						label,
						max,
					}),
					this.own.signal,
				);
			cleaned.descriptors = cleanDescriptors(
				this.#texts("descriptors"),
				descriptors,
			);
		}
		for (const label of labels)
			if (cleaned[label]!.kept.length < min)
				throw this.#tooFew(label, cleaned[label]!);
		const phrases = cleaned.descriptors!.kept;
		return {
			prompts: {
				class: className,
				normal: cleaned.normal!.kept,
				abnormal: cleaned.abnormal!.kept,
				...(phrases.length > 0 && { descriptors: phrases }),
				source: {
					kind: "llm",
					model: this.client.secrets.hide(llm.model),
					baseURL: llm.host,
					date: new Date().toISOString(),
					questionsVersion,
					samples: this.#answered,
				},
			},
			dropped: [...labels, "descriptors" as const].flatMap(
				(kind) => cleaned[kind]!.dropped,
			),
			failures: this.#failures.map(({ label, code, message }) => ({
				label,
				code,
				message,
			})),
			usage: this.client.usage.total(),
		};
	}

	async #ask(kind: Kind, sample: number): Promise<void> {
		const { className, max } = this.options;
		if (this.#count(kind) >= max) return void this.#planned--;
		const question: Question =
			kind === "descriptors"
				? descriptorQuestion(className)
				: labelQuestion(kind, className, sample);
		try {
			this.#answers[kind][sample] = itemsOf(
				await this.client.ask(question, this.own.signal),
			);
			this.#answered++;
		} catch (error) {
			// One question in many may fail for good; the first one, or a refusal that will come again, ends the whole.
			const lasting =
				!(error instanceof AlfaError) ||
				["ERR_ALFA_LLM_AUTH", "ERR_ALFA_LLM_REQUEST"].includes(error.code);
			if (lasting || this.#answered === 0) {
				this.own.abort(error);
				throw error;
			}
			this.#failures.push({
				label: kind,
				code: error.code,
				message: error.message,
				error,
			});
		}
		if (this.onProgress) {
			const { requests, retries } = this.client.usage;
			const kept = {
				normal: this.#count("normal"),
				abnormal: this.#count("abnormal"),
				descriptors: this.#count("descriptors"),
			};
			this.onProgress({
				answered: this.#answered,
				planned: this.#planned,
				requests,
				retries,
				kept,
			});
		}
	}

	#texts(kind: Kind): string[] {
		return this.#answers[kind].flat();
	}

	#count(kind: Kind): number {
		const texts = this.#texts(kind);
		return (
			kind === "descriptors"
				? cleanDescriptors(texts, this.options.descriptors)
				: cleanTexts(texts, kind, this.options.className)
		).kept.length;
	}

	#tooFew(label: Kind, { kept, dropped }: Cleaned): Error {
		const {
			llm: { host },
			min,
			className,
		} = this.options;
		const came = `${kept.length} usable ${label} prompts of "${className}" came from ${host} where at least ${min} are needed`;
		const failed = this.#failures.findLast(
			(failure) => failure.label === label,
		);
		if (failed)
			return new AlfaError(failed.code, `${came}: ${failed.message}`, {
				cause: failed.error,
			});
		const reasons = new Map<string, number>();
		for (const { reason } of dropped)
			reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
		const why = [...reasons]
			.map(([reason, count]) => `${reason} ${count}`)
			.join(", ");
		const { requests } = this.client.usage;
		return llmError(
			"ERR_ALFA_LLM_TOO_FEW",
			`${came} (${requests} requests, ${dropped.length} texts dropped${why && `: ${why}`}); ` +
				"take a model that follows instructions better, raise samples, or lower perLabel.min",
		);
	}
}
