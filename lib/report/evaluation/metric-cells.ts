// Metric values as table cells: percent with one decimal, followed by the standard deviation. A value that could not be
// computed is a dash with a footnote, never a zero.
import { escapeHtml } from "../../util/escape.js";
import type { MetricValue } from "./results.js";

export function percent(value: number): string {
	return (100 * value).toFixed(1);
}

/** With a sign: '+0.6', '−1.2', '0.0'. */
export function signedPercent(value: number): string {
	const text = percent(Math.abs(value));
	if (text === "0.0") return text;
	return `${value < 0 ? "\u2212" : "+"}${text}`;
}

/** The footnotes of one table. Equal texts share a footnote. */
export class Footnotes {
	readonly #idPrefix: string;
	readonly #texts: string[] = [];

	constructor(idPrefix: string) {
		this.#idPrefix = idPrefix;
	}

	/** A link to the footnote with this text. `label` stands before the number. */
	link(text: string, label: string, hiddenText: string): string {
		const number = this.#numberOf(text);
		const title = escapeHtml(text);
		const hidden = `<span class="hidden"> ${hiddenText} ${number}</span>`;
		const href = `#${this.#idPrefix}-${number}`;
		const mark = `${label}<sup>${number}</sup>${hidden}`;
		return `<a class="none" href="${href}" title="${title}">${mark}</a>`;
	}

	html(): string {
		if (this.#texts.length === 0) return "";
		const items = this.#texts.map(
			(text, i) =>
				`<li id="${this.#idPrefix}-${i + 1}"><bdi>${escapeHtml(text)}</bdi></li>`,
		);
		return `<ol class="notes">${items.join("")}</ol>`;
	}

	/** Counts from 1. */
	#numberOf(text: string): number {
		const index = this.#texts.indexOf(text);
		return index < 0 ? this.#texts.push(text) : index + 1;
	}
}

export interface MetricCellOptions {
	/** Whether the value is the best of its column. */
	best?: boolean;
	/** The number of categories of the dataset. A mean over fewer categories gets a footnote. */
	categoryCount?: number;
}

export function metricCell(
	value: (MetricValue & { readonly categories?: number }) | undefined,
	footnotes: Footnotes,
	{ best = false, categoryCount }: MetricCellOptions = {},
): string {
	const mean = value?.mean ?? null;
	if (mean === null) {
		const link = footnotes.link(
			value?.reason ?? "Not measured.",
			"–",
			"not measured, see note",
		);
		return `<td>${link}<i></i></td>`;
	}
	const std = value?.std ?? null;
	const deviation = std === null ? "" : `±${percent(std)}`;
	const note = partialMeanNote(value?.categories, categoryCount, footnotes);
	const bestClass = best ? ' class="best"' : "";
	const bestText = best ? '<span class="hidden"> (best)</span>' : "";
	return `<td${bestClass}>${percent(mean)}${bestText}<i>${deviation}${note}</i></td>`;
}

function partialMeanNote(
	count: number | undefined,
	total: number | undefined,
	footnotes: Footnotes,
): string {
	if (count === undefined || total === undefined || count >= total) return "";
	const text = `Mean over the ${count} of ${total} categories in which this metric can be computed.`;
	return footnotes.link(text, "", "see note");
}
