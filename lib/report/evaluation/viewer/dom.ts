// Elements. Text goes in as text nodes and attribute values alone: no name can become markup.

type Child = Node | string;
type Attributes = Record<string, string | number | boolean>;

function make<K extends keyof HTMLElementTagNameMap>(
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

/** A name from outside: its direction is its own. */
function bdi(text: string, kind = "name"): HTMLElement {
	return make("bdi", { class: kind }, text);
}

/** May wrap after its slashes. */
function path(text: string): HTMLElement {
	const parts = text.split("/");
	return make(
		"bdi",
		{ class: "name" },
		...parts.flatMap((part, i) =>
			i < parts.length - 1 ? [`${part}/`, make("wbr")] : [part],
		),
	);
}

function byId<T extends HTMLElement>(id: string): T {
	return document.getElementById(id) as T;
}

interface Choice {
	value: string;
	label: string;
}

function options(
	select: HTMLSelectElement,
	groups: readonly { label?: string; choices: readonly Choice[] }[],
	chosen?: string,
): void {
	select.replaceChildren(
		...groups.flatMap(({ label, choices }) => {
			const made = choices.map((choice) =>
				make("option", { value: choice.value }, choice.label),
			);
			return label === undefined
				? made
				: [make("optgroup", { label }, ...made)];
		}),
	);
	if (
		chosen !== undefined &&
		[...select.options].some((option) => option.value === chosen)
	)
		select.value = chosen;
}

/** Every category, as 'dataset/category' numbers; grouped where there are several datasets. */
function categoryChoices(): { label?: string; choices: Choice[] }[] {
	return page.datasets.map(({ name, categories }, dataset) => ({
		...(page.datasets.length > 1 && { label: name }),
		choices: categories.map((category, i) => ({
			value: `${dataset}/${i}`,
			label: category.name,
		})),
	}));
}

const systemChoices: Choice[] = page.variants.map(({ id }, i) => ({
	value: String(i),
	label: id,
}));

function pressed(button: HTMLElement, set?: boolean): boolean {
	if (set !== undefined) button.setAttribute("aria-pressed", String(set));
	return button.getAttribute("aria-pressed") === "true";
}
