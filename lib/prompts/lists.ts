// The prompt lists that come with the package. Their texts are JSON data and are combined here.
import anovl from "./anovl.json" with { type: "json" };
import { withArticles } from "./articles.js";
import { extendPrompts } from "./extend.js";
import { fallbackSet, librarySet } from "./library.js";
import type { PromptSet } from "./prompt-set.js";
import { composePrompts } from "./templates.js";
import winclip from "./winclip.json" with { type: "json" };

/**
 * - 'merged': 'templates', and the class's set of the library if it has one.
 * - 'templates': states and domains of this package, 72 prompts per label.
 * - 'library': the class's own set, or one for any class.
 * - 'winclip': WinCLIP's compositional list, 154 normal and 88 abnormal prompts.
 * - 'clip-ac': one prompt per label.
 * - 'anovl': AnoVL's states in its domain-aware templates, 462 per label (another list for textures).
 */
export const promptLists = [
	"merged",
	"templates",
	"library",
	"winclip",
	"clip-ac",
	"anovl",
] as const;
export type PromptListName = (typeof promptLists)[number];

/**
 * The list for a class. `className` is what the texts contain. `name` is the name that the user gave,
 * by which the class is found in the library.
 */
export function promptList(
	list: PromptListName,
	className: string,
	name = className,
): PromptSet {
	switch (list) {
		case "merged":
			return mergedSet(className, name);
		case "templates":
			return composePrompts(className);
		case "library":
			return librarySet(name) ?? fallbackSet(className);
		case "winclip":
			return templateSet(list, className, winclipPrompts);
		case "clip-ac":
			return templateSet(list, className, clipAcPrompts);
		case "anovl":
			return templateSet(list, className, anovlPrompts);
	}
}

function mergedSet(className: string, name: string): PromptSet {
	const templates = composePrompts(className);
	const classSet = librarySet(name);
	if (classSet) return extendPrompts(templates, classSet);
	// Without descriptors, a class that the library does not know would get no reasons.
	return extendPrompts(templates, {
		descriptors: fallbackSet(className).descriptors ?? [],
		source: { kind: "library" },
	});
}

type Prompts = [normal: string[], abnormal: string[]];

function templateSet(
	list: PromptListName,
	className: string,
	compose: (className: string) => Prompts,
): PromptSet {
	const [normal, abnormal] = compose(className);
	return {
		class: className,
		normal,
		abnormal,
		source: { kind: "template", list },
	};
}

const clipAcPrompts = (className: string): Prompts => [
	[`a photo of a normal ${className}`],
	[`a photo of an anomalous ${className}`],
];

const winclipPrompts = (className: string): Prompts => {
	const compose = (states: string[]) =>
		states.flatMap((state) =>
			winclip.templates.map((template) => fillIn(template, state, className)),
		);
	return [compose(winclip.normal), compose(winclip.abnormal)];
};

const anovlPrompts = (className: string): Prompts => {
	const templates = anovlTemplates(className);
	const compose = (states: string[]) =>
		templates.flatMap((template) =>
			states.map((state) => fillIn(template, state, className)),
		);
	return [compose(anovl.normal), compose(anovl.abnormal)];
};

/** Every view of every domain, with "a" and with "the". */
function anovlTemplates(className: string): string[] {
	const domains = anovl.textures.includes(className)
		? anovl.textureDomains
		: anovl.domains;
	return domains.flatMap((domain) =>
		anovl.views.flatMap((view) =>
			["a", "the"].map((article) =>
				withArticles(
					view.replace("{domain}", domain).replace("{article}", article),
				),
			),
		),
	);
}

/** Puts the class into the state, and the state into the template. */
const fillIn = (template: string, state: string, className: string) =>
	template.replace("{}", () => state.replace("{}", () => className));
