// The answers of a language model to the questions of one call of generatePrompts, and the prompts in
// them.
import { abortable } from "../util/abort.js";
import {
	type Dropped,
	type FilterResult,
	filterByText,
	filterDescriptors,
	filterPrompts,
} from "./filter.js";
import type { ResolvedGenerate } from "./generate-options.js";
import type { Label } from "./questions.js";

/** What a question asks for: prompts of a label, or descriptors. */
export type Kind = Dropped["label"];

export class CollectedAnswers {
	readonly #options: ResolvedGenerate;
	/** The items of each answer, by the sample of its question. */
	readonly #items: Record<Kind, string[][]> = {
		normal: [],
		abnormal: [],
		descriptors: [],
	};
	readonly #results: Partial<Record<Kind, FilterResult>> = {};

	constructor(options: ResolvedGenerate) {
		this.#options = options;
	}

	add(kind: Kind, sample: number, items: string[]): void {
		this.#items[kind][sample] = items;
	}

	/** The number of the last sample with an answer, plus one. */
	sampleCount(kind: Kind): number {
		return this.#items[kind].length;
	}

	/** How many questions of this kind have an answer. */
	answerCount(kind: Kind): number {
		return this.#items[kind].filter(Boolean).length;
	}

	/** How many texts remain so far. Near duplicates and tokens are not checked for this. */
	countKept(kind: Kind): number {
		return this.textResult(kind).kept.length;
	}

	/** The texts that remain so far, and the dropped ones. Near duplicates and tokens are not checked for this. */
	textResult(kind: Kind): FilterResult {
		const { className, descriptors } = this.#options;
		const texts = this.#texts(kind);
		return kind === "descriptors"
			? filterDescriptors(texts, descriptors)
			: filterByText(texts, kind, className);
	}

	/** Filters the descriptors and the prompts of these labels with all rules. */
	async filter(labels: readonly Label[], signal: AbortSignal): Promise<void> {
		const { className, descriptors, max } = this.#options;
		for (const label of labels) {
			const options = { ...this.#options, class: className, label, max };
			this.#results[label] = await abortable(
				filterPrompts(this.#texts(label), options),
				signal,
			);
		}
		this.#results.descriptors = filterDescriptors(
			this.#texts("descriptors"),
			descriptors,
		);
	}

	/** The result of the last `filter`. */
	result(kind: Kind): FilterResult | undefined {
		return this.#results[kind];
	}

	#texts(kind: Kind): string[] {
		return this.#items[kind].flat();
	}
}
