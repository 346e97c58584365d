// Metric values as table cells with footnotes. ../metric-cells.ts does the same for plain HTML.
import type { MetricValue } from "../results.js";
import { createElement, isolatedText } from "./dom.js";

export function percent(value: number): string {
	return (100 * value).toFixed(1);
}

/** The footnotes of one table. Equal texts share a footnote. */
export class Footnotes {
	readonly #idPrefix: string;
	readonly #texts: string[] = [];

	constructor(idPrefix: string) {
		this.#idPrefix = idPrefix;
	}

	/** A dash that links to the footnote with this text. */
	dash(text: string): HTMLElement {
		const index = this.#texts.indexOf(text);
		const number = index < 0 ? this.#texts.push(text) : index + 1;
		return createElement(
			"a",
			{ class: "none", href: `#${this.#idPrefix}-${number}`, title: text },
			"–",
			createElement("sup", {}, String(number)),
			createElement(
				"span",
				{ class: "hidden" },
				` not measured, see note ${number}`,
			),
		);
	}

	fill(list: HTMLElement): void {
		const items = this.#texts.map((text, i) =>
			createElement(
				"li",
				{ id: `${this.#idPrefix}-${i + 1}` },
				isolatedText(text, ""),
			),
		);
		list.replaceChildren(...items);
	}
}

export function metricCell(
	value: MetricValue | undefined,
	footnotes: Footnotes,
	best: boolean,
): HTMLElement {
	const mean = value?.mean ?? null;
	if (mean === null) {
		return createElement(
			"td",
			{},
			footnotes.dash(value?.reason ?? "Not measured."),
			createElement("i"),
		);
	}
	const std = value?.std ?? null;
	return createElement(
		"td",
		{ class: best && "best" },
		percent(mean),
		...(best ? [createElement("span", { class: "hidden" }, " (best)")] : []),
		createElement("i", {}, std === null ? "" : `±${percent(std)}`),
	);
}
