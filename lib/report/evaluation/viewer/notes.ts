// MetricValues as table cells, and the footnotes that say why some are missing; as ../figures.ts does for plain HTML.

function percent(value: number): string {
	return (100 * value).toFixed(1);
}

class FootNotes {
	readonly #texts: string[] = [];
	constructor(readonly id: string) {}

	link(text: string): HTMLElement {
		const at = this.#texts.indexOf(text);
		const number = at < 0 ? this.#texts.push(text) : at + 1;
		return make(
			"a",
			{ class: "none", href: `#${this.id}-${number}`, title: text },
			"–",
			make("sup", {}, String(number)),
			make("span", { class: "hidden" }, ` not measured, see note ${number}`),
		);
	}

	fill(list: HTMLElement): void {
		list.replaceChildren(
			...this.#texts.map((text, i) =>
				make("li", { id: `${this.id}-${i + 1}` }, bdi(text, "")),
			),
		);
	}
}

function figureCell(
	figure: MetricValue | undefined,
	notes: FootNotes,
	best: boolean,
): HTMLElement {
	if (figure?.mean == null)
		return make(
			"td",
			{},
			notes.link(figure?.reason ?? "Not measured."),
			make("i"),
		);
	return make(
		"td",
		{ class: best && "best" },
		percent(figure.mean),
		...(best ? [make("span", { class: "hidden" }, " (best)")] : []),
		make("i", {}, figure.std == null ? "" : `±${percent(figure.std)}`),
	);
}
