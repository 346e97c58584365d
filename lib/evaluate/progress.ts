// Counts the processed images of an evaluation and estimates the remaining time.
import type { Dataset } from "../datasets/dataset.js";
import type { EvaluateProgress } from "./options.js";
import type { Plan } from "./plan.js";

export class ProgressTracker {
	readonly #total: number;
	readonly #startedAt = performance.now();
	readonly #onProgress: ((progress: EvaluateProgress) => void) | undefined;
	#done = 0;
	/** Images that this run processed; images of a resumed run are not counted. */
	#processed = 0;
	#dataset = "";
	#category = "";

	constructor(
		datasets: readonly Dataset[],
		{ configurations }: Plan,
		onProgress: ((progress: EvaluateProgress) => void) | undefined,
	) {
		this.#onProgress = onProgress;
		// All configurations that judge images one by one share one pass; each mutual configuration has its own.
		const mutual = configurations.filter(
			(configuration) => configuration.mutual,
		).length;
		const passes = mutual + Number(mutual < configurations.length);
		const categories = datasets.flatMap((dataset) => dataset.categories);
		this.#total =
			passes * categories.reduce((sum, { test }) => sum + test.length, 0);
	}

	startCategory(dataset: string, category: string): void {
		this.#dataset = dataset;
		this.#category = category;
	}

	categoryReady(): void {
		this.#report("references");
	}

	startMetrics(): void {
		this.#report("figures");
	}

	/** `known`: the result was already in the journal. */
	imageDone(known: boolean): void {
		this.#done++;
		if (!known) this.#processed++;
		this.#report("images");
	}

	#report(phase: EvaluateProgress["phase"]): void {
		const left = this.#secondsLeft();
		this.#onProgress?.({
			phase,
			dataset: this.#dataset,
			category: this.#category,
			done: this.#done,
			total: this.#total,
			...(left !== undefined && { left }),
		});
	}

	#secondsLeft(): number | undefined {
		if (this.#processed === 0) return undefined;
		const seconds = (performance.now() - this.#startedAt) / 1000;
		return (seconds / this.#processed) * (this.#total - this.#done);
	}
}
