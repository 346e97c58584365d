// How far an evaluation is, and how long the rest will take.
import type { Dataset } from "../datasets/dataset.js";
import type { EvaluateProgress } from "./options.js";
import type { Plan } from "./systems.js";

export class Clock {
	readonly #total: number;
	readonly #begun = performance.now();
	#done = 0;
	#fresh = 0; // images of this run, not of the one that it goes on with
	#dataset = "";
	#category = "";

	constructor(
		datasets: readonly Dataset[],
		plan: Plan,
		readonly report: ((progress: EvaluateProgress) => void) | undefined,
	) {
		const passes =
			Number(plan.looks.some(({ mutual }) => !mutual)) +
			plan.looks.filter(({ mutual }) => mutual).length;
		this.#total =
			passes *
			datasets.reduce(
				(sum, { categories }) =>
					sum + categories.reduce((count, { test }) => count + test.length, 0),
				0,
			);
	}

	enter(dataset: string, category: string): void {
		this.#dataset = dataset;
		this.#category = category;
	}

	reference(): void {
		this.#say("references");
	}
	figures(): void {
		this.#say("figures");
	}

	image(known: boolean): void {
		this.#done++;
		if (!known) this.#fresh++;
		this.#say("images");
	}

	#say(phase: EvaluateProgress["phase"]): void {
		const spent = (performance.now() - this.#begun) / 1000;
		const left =
			this.#fresh > 0
				? (spent / this.#fresh) * (this.#total - this.#done)
				: undefined;
		this.report?.({
			phase,
			dataset: this.#dataset,
			category: this.#category,
			done: this.#done,
			total: this.#total,
			...(left !== undefined && { left }),
		});
	}
}
