// Shows the progress of an evaluation on stderr.
import type { EvaluateProgress } from "../evaluate/options.js";
import { log, printable, StatusLine } from "./terminal.js";

const barWidth = 24;
/** Milliseconds between two updates of the status line. */
const updateInterval = 80;

const phaseText: Record<EvaluateProgress["phase"], string> = {
	references: "references",
	images: "images",
	figures: "metrics",
	report: "report",
};

/** In a terminal, a progress bar. Elsewhere, one line per category. */
export class EvaluationProgress {
	readonly #line = new StatusLine();
	#lastCategory = "";
	#lastUpdate = 0;

	show(progress: EvaluateProgress): void {
		if (this.#line.isSupported) this.#showInTerminal(progress);
		else this.#showInLog(progress);
	}

	clear(): void {
		this.#line.clear();
	}

	#showInTerminal(progress: EvaluateProgress): void {
		const { phase, done, total } = progress;
		if (performance.now() - this.#lastUpdate < updateInterval && done < total)
			return;
		this.#lastUpdate = performance.now();
		const bar = "█"
			.repeat(Math.round(barWidth * shareDone(progress)))
			.padEnd(barWidth, "░");
		const category = categoryText(progress);
		this.#line.write(
			`${bar} ${done}/${total}${timeLeft(progress)}  ${category} (${phaseText[phase]})`,
		);
	}

	#showInLog(progress: EvaluateProgress): void {
		if (progress.phase !== "figures") return;
		const category = categoryText(progress);
		if (category === this.#lastCategory) return;
		this.#lastCategory = category;
		log(
			`${category}: ${Math.round(100 * shareDone(progress))} %${timeLeft(progress)}`,
		);
	}
}

function shareDone({ done, total }: EvaluateProgress): number {
	return total === 0 ? 1 : done / total;
}

function categoryText({ dataset, category }: EvaluateProgress): string {
	return dataset === category
		? printable(category)
		: `${printable(dataset)} ${printable(category)}`;
}

function timeLeft({ left }: EvaluateProgress): string {
	if (left === undefined) return "";
	const seconds = Math.max(0, Math.round(left));
	const hours = Math.floor(seconds / 3600);
	const minutes = Math.floor(seconds / 60) % 60;
	if (hours > 0) return `, ${hours} h ${minutes} min left`;
	if (minutes > 0) return `, ${minutes} min ${seconds % 60} s left`;
	return `, ${seconds} s left`;
}
