// Creates elements. Text is inserted only as text nodes and attribute values, so that no name can become markup.
import { page } from "./data.js";

export type Child = Node | string;
export type Attributes = Record<string, string | number | boolean>;

export function createElement<K extends keyof HTMLElementTagNameMap>(
	tag: K,
	attributes: Attributes = {},
	...children: Child[]
): HTMLElementTagNameMap[K] {
	const element = document.createElement(tag);
	for (const [name, value] of Object.entries(attributes)) {
		if (value !== false)
			element.setAttribute(name, value === true ? "" : String(value));
	}
	element.append(...children);
	return element;
}

/** An untrusted name. <bdi> isolates its text direction from the text around it. */
export function isolatedText(text: string, className = "name"): HTMLElement {
	return createElement("bdi", { class: className }, text);
}

/** A path that can wrap after its slashes. */
export function pathText(path: string): HTMLElement {
	const parts = path.split("/");
	const last = parts.pop()!;
	const folders = parts.flatMap((part): Child[] => [
		`${part}/`,
		createElement("wbr"),
	]);
	return createElement("bdi", { class: "name" }, ...folders, last);
}

export function byId<T extends HTMLElement>(id: string): T {
	return document.getElementById(id) as T;
}

export interface Choice {
	value: string;
	label: string;
}
export interface ChoiceGroup {
	/** Without a label, the choices are not grouped. */
	label?: string;
	choices: readonly Choice[];
}

/** Replaces the options of a select element. Selects `selected` if it is among them. */
export function setChoices(
	select: HTMLSelectElement,
	groups: readonly ChoiceGroup[],
	selected?: string,
): void {
	const elements = groups.flatMap(({ label, choices }): HTMLElement[] => {
		const options = choices.map((choice) =>
			createElement("option", { value: choice.value }, choice.label),
		);
		return label === undefined
			? options
			: [createElement("optgroup", { label }, ...options)];
	});
	select.replaceChildren(...elements);
	if ([...select.options].some((option) => option.value === selected))
		select.value = selected!;
}

/** Every category, as 'DATASET/CATEGORY' indices. Grouped by dataset if there are several. */
export function categoryChoices(): ChoiceGroup[] {
	return page.datasets.map(({ name, categories }, dataset) => ({
		...(page.datasets.length > 1 && { label: name }),
		choices: categories.map((category, i) => ({
			value: `${dataset}/${i}`,
			label: category.name,
		})),
	}));
}

export const systemChoices: Choice[] = page.variants.map(({ id }, i) => ({
	value: String(i),
	label: id,
}));

export function isPressed(button: HTMLElement): boolean {
	return button.getAttribute("aria-pressed") === "true";
}

export function setPressed(button: HTMLElement, pressed: boolean): void {
	button.setAttribute("aria-pressed", String(pressed));
}
