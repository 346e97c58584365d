// MetricValues as cells: percent with one decimal, the deviation or difference beside it, and a dash with a footnote where
// there is none. A dash is never a zero.
import { escapeHtml } from "../../util/escape.js";
import type { MetricValue } from "../../evaluate/results.js";

export function percent(value: number): string {
	return (100 * value).toFixed(1);
}

/** With its sign: '+0.6', '−1.2', '0.0'. */
export function difference(value: number): string {
	const text = percent(Math.abs(value));
	return text === "0.0" ? text : `${value < 0 ? "\u2212" : "+"}${text}`;
}

/** The footnotes of one table, each text once. */
export class Notes {
	readonly #texts: string[] = [];
	constructor(readonly id: string) {}

	/** From 1. */
	number(text: string): number {
		const at = this.#texts.indexOf(text);
		return at < 0 ? this.#texts.push(text) : at + 1;
	}

	html(): string {
		if (this.#texts.length === 0) return "";
		return `<ol class="notes">${this.#texts.map((text, i) => `<li id="${this.id}-${i + 1}"><bdi>${escapeHtml(text)}</bdi></li>`).join("")}</ol>`;
	}
}

export function figureCell(
	figure: (MetricValue & { readonly categories?: number }) | undefined,
	notes: Notes,
	{ best = false, of }: { best?: boolean; of?: number } = {},
): string {
	const mean = figure?.mean ?? null;
	if (mean === null)
		return `<td>${dash(figure?.reason ?? "Not measured.", notes)}<i></i></td>`;
	const std = figure?.std ?? null;
	const partial =
		of !== undefined &&
		figure?.categories !== undefined &&
		figure.categories < of
			? mark(
					notes,
					`Mean over the ${figure.categories} of ${of} categories in which it can be measured.`,
				)
			: "";
	return `<td${best ? ' class="best"' : ""}>${percent(mean)}${best ? '<span class="hidden"> (best)</span>' : ""}<i>${std === null ? "" : `±${percent(std)}`}${partial}</i></td>`;
}

function dash(reason: string, notes: Notes): string {
	const note = notes.number(reason);
	return `<a class="none" href="#${notes.id}-${note}" title="${escapeHtml(reason)}">–<sup>${note}</sup><span class="hidden"> not measured, see note ${note}</span></a>`;
}

function mark(notes: Notes, text: string): string {
	const note = notes.number(text);
	return `<a class="none" href="#${notes.id}-${note}" title="${escapeHtml(text)}"><sup>${note}</sup><span class="hidden"> see note ${note}</span></a>`;
}
