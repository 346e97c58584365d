// Prompts from a language model (T_G in sec. 3 of method.md). It asks, filters the answers, and asks
// again until there are enough prompts or no more rounds.
import { AlfaError, type ErrorCode } from "../errors.js";
import { LlmClient } from "../llm/client.js";
import { llmError } from "../llm/errors.js";
import { parseList } from "../llm/parse-list.js";
import type { LlmUsage } from "../llm/usage.js";
import { onAbort } from "../util/abort.js";
import { visibleText } from "../util/escape.js";
import { CollectedAnswers, type Kind } from "./collected-answers.js";
import type { Dropped, FilterResult } from "./filter.js";
import {
	type GenerateOptions,
	type ResolvedGenerate,
	resolveGenerate,
} from "./generate-options.js";
import type { PromptSet } from "./prompt-set.js";
import {
	descriptorQuestion,
	type Label,
	labelQuestion,
	labels,
	promptPrefixes,
	questionsVersion,
} from "./questions.js";

export interface GenerateFailure {
	label: Kind;
	code: ErrorCode;
	message: string;
}

export interface GenerateResult {
	prompts: PromptSet;
	/** Every text that is not among the prompts, with the reason. */
	dropped: Dropped[];
	/** Questions without an answer. The answers to the other questions were enough. */
	failures: GenerateFailure[];
	usage: LlmUsage;
}

const maxRounds = 3;

/** After so many answers about a label without one usable prompt, further answers do not help. */
const maxUselessAnswers = 3;

/** Failures that would come back with every further question. */
const permanentCodes: readonly ErrorCode[] = [
	"ERR_ALFA_LLM_AUTH",
	"ERR_ALFA_LLM_REQUEST",
	"ERR_ALFA_LLM_TOO_FEW",
];

/**
 * Asks an OpenAI-compatible server for a prompt set of a class. Rejects with ERR_ALFA_LLM_... if
 * the server fails or its answers hold fewer than `perLabel.min` usable prompts of a label, with the
 * signal's reason, or with a TypeError or RangeError for a wrong option.
 */
export async function generatePrompts(
	options: GenerateOptions,
): Promise<GenerateResult> {
	const resolved = resolveGenerate(options);
	const { signal, onProgress } = resolved;
	signal?.throwIfAborted();
	const controller = new AbortController();
	const removeListener = onAbort(signal, () =>
		controller.abort(signal!.reason),
	);
	try {
		const client = await LlmClient.open(resolved.llm);
		return await new Generation(resolved, client, controller, onProgress).run();
	} finally {
		removeListener();
		controller.abort(); // stops the other questions after a permanent failure
	}
}

/** One call of generatePrompts. */
class Generation {
	readonly #options: ResolvedGenerate;
	readonly #client: LlmClient;
	readonly #controller: AbortController;
	readonly #onProgress: GenerateOptions["onProgress"];
	readonly #answers: CollectedAnswers;
	readonly #failures: { label: Kind; error: AlfaError }[] = [];
	/** Labels with a usable prompt. */
	readonly #usefulLabels = new Set<Label>();
	#answered = 0;
	#planned = 0;

	constructor(
		options: ResolvedGenerate,
		client: LlmClient,
		controller: AbortController,
		onProgress: GenerateOptions["onProgress"],
	) {
		this.#options = options;
		this.#client = client;
		this.#controller = controller;
		this.#onProgress = onProgress;
		this.#answers = new CollectedAnswers(options);
	}

	async run(): Promise<GenerateResult> {
		for (let round = 0; round < maxRounds; round++) {
			const openLabels = labels.filter((label) =>
				this.#needsMore(label, round),
			);
			const questions = this.#planRound(openLabels, round);
			if (questions.length === 0) break;
			this.#planned += questions.length;
			await Promise.all(
				questions.map(([kind, sample]) => this.#ask(kind, sample)),
			);
			await this.#answers.filter(openLabels, this.#controller.signal);
		}
		for (const label of labels) {
			const result = this.#answers.result(label)!;
			if (result.kept.length < this.#options.min)
				throw this.#tooFewPrompts(label, result);
		}
		return {
			prompts: this.#promptSet(),
			dropped: [...labels, "descriptors" as const].flatMap(
				(kind) => this.#answers.result(kind)!.dropped,
			),
			failures: this.#failures.map(({ label, error: { code, message } }) => ({
				label,
				code,
				message,
			})),
			usage: this.#client.usage.total(),
		};
	}

	/** Whether the label lacks prompts, and its previous round had at least one answer. */
	#needsMore(label: Label, round: number): boolean {
		if (round === 0) return true;
		const { min, samples } = this.#options;
		const hasTooFew = this.#answers.result(label)!.kept.length < min;
		const hadAnswers = this.#answers.sampleCount(label) > (round - 1) * samples;
		return hasTooFew && hadAnswers;
	}

	#planRound(
		openLabels: readonly Label[],
		round: number,
	): [kind: Kind, sample: number][] {
		const { samples, descriptors } = this.#options;
		const questions: [Kind, number][] = openLabels.flatMap((label) =>
			Array.from({ length: samples }, (_, i): [Kind, number] => [
				label,
				round * samples + i,
			]),
		);
		const lacksDescriptors =
			descriptors > 0 && !this.#answers.result("descriptors")?.kept.length;
		// If only descriptors are missing, there is one further round for them.
		if (lacksDescriptors && (openLabels.length > 0 || round === 1))
			questions.push(["descriptors", round]);
		return questions;
	}

	async #ask(kind: Kind, sample: number): Promise<void> {
		const { className, max } = this.#options;
		if (this.#answers.countKept(kind) >= max) {
			this.#planned--;
			return;
		}
		const question =
			kind === "descriptors"
				? descriptorQuestion(className)
				: labelQuestion(kind, className, sample);
		try {
			const answer = await this.#client.ask(question, this.#controller.signal);
			this.#answers.add(kind, sample, parseList(answer));
			this.#answered++;
			this.#stopIfUseless(kind, answer);
		} catch (error) {
			this.#recordFailure(kind, error);
		}
		this.#reportProgress();
	}

	/** Throws if the first answers about a label contain no usable prompt. */
	#stopIfUseless(kind: Kind, answer: string): void {
		if (kind === "descriptors" || this.#usefulLabels.has(kind)) return;
		if (this.#answers.countKept(kind) > 0) {
			this.#usefulLabels.add(kind);
			return;
		}
		const count = this.#answers.answerCount(kind);
		if (count < maxUselessAnswers) return;
		const { llm, className } = this.#options;
		const { dropped } = this.#answers.textResult(kind);
		throw llmError(
			"ERR_ALFA_LLM_TOO_FEW",
			`${llm.host} gave 0 usable ${kind} prompts of "${className}" in ${count} answers. ` +
				`${describeUseless(kind, answer, dropped)}. ` +
				"Use a model that follows instructions better, or check llm.model",
		);
	}

	/** Single questions may fail. Permanent failures, and failures before the first answer, end the call. */
	#recordFailure(label: Kind, error: unknown): void {
		const isPermanent =
			!(error instanceof AlfaError) || permanentCodes.includes(error.code);
		if (isPermanent || this.#answered === 0) {
			this.#controller.abort(error);
			throw error;
		}
		this.#failures.push({ label, error });
	}

	#reportProgress(): void {
		if (!this.#onProgress) return;
		const { requests, retries } = this.#client.usage;
		this.#onProgress({
			answered: this.#answered,
			planned: this.#planned,
			requests,
			retries,
			kept: {
				normal: this.#answers.countKept("normal"),
				abnormal: this.#answers.countKept("abnormal"),
				descriptors: this.#answers.countKept("descriptors"),
			},
		});
	}

	#promptSet(): PromptSet {
		const { className, llm } = this.#options;
		const kept = (kind: Kind) => this.#answers.result(kind)!.kept;
		const descriptors = kept("descriptors");
		return {
			class: className,
			normal: kept("normal"),
			abnormal: kept("abnormal"),
			...(descriptors.length > 0 && { descriptors }),
			source: {
				kind: "llm",
				model: this.#client.secrets.redact(llm.model),
				baseURL: llm.host,
				date: new Date().toISOString(),
				questionsVersion,
				samples: this.#answered,
			},
		};
	}

	#tooFewPrompts(label: Label, { kept, dropped }: FilterResult): Error {
		const { llm, min, className } = this.#options;
		const summary =
			`${llm.host} gave ${kept.length} usable ${label} prompts of "${className}", ` +
			`but at least ${min} are needed`;
		const failure = this.#failures.findLast((each) => each.label === label);
		if (failure) {
			const { code, message } = failure.error;
			return new AlfaError(code, `${summary}: ${message}`, {
				cause: failure.error,
			});
		}
		const { requests } = this.#client.usage;
		const reasons = countReasons(dropped);
		const details =
			`${requests} requests, ${dropped.length} texts dropped` +
			(reasons && `: ${reasons}`);
		return llmError(
			"ERR_ALFA_LLM_TOO_FEW",
			`${summary} (${details}). Use a model that follows instructions better, raise samples, or lower perLabel.min`,
		);
	}
}

/** Whether a message may quote a dropped text: plain words that only miss the expected form. */
const isQuotable = ({ text, reason }: Dropped) =>
	["beginning", "class", "label", "length"].includes(reason) &&
	/^[\p{L}\p{N} ,.!?'’-]+$/u.test(text) &&
	text.includes(" ");

/** What came instead of prompts, and what was expected. */
function describeUseless(
	label: Label,
	answer: string,
	dropped: readonly Dropped[],
): string {
	if (answer.trim() === "") return "The answers have no text";
	const example = dropped.find(isQuotable);
	const quoted = example
		? `, for example '${visibleText(example.text, 100)}' (${example.reason})`
		: "";
	return (
		`Expected sentences that begin with "${promptPrefixes[label]}" but received ` +
		`${dropped.length} other texts (${countReasons(dropped)})${quoted}`
	);
}

/** Such as "beginning 12, duplicate 11". */
function countReasons(dropped: readonly Dropped[]): string {
	const counts = new Map<string, number>();
	for (const { reason } of dropped)
		counts.set(reason, (counts.get(reason) ?? 0) + 1);
	return [...counts].map(([reason, count]) => `${reason} ${count}`).join(", ");
}
