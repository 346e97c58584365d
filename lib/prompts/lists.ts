// The prompt lists that travel with the package: data in JSON, put together here.
import anovl from "./anovl.json" with { type: "json" };
import winclip from "./winclip.json" with { type: "json" };
import { withArticles } from "./articles.js";
import { extendPrompts } from "./extend.js";
import { fallbackSet, librarySet } from "./library.js";
import type { PromptSet } from "./prompt-set.js";
import { composed } from "./templates.js";

/**
 * 'templates': ours, 72 per label; 'library': the class's own set, else one for any class; 'merged': the templates and,
 * where the class has one, its set; 'winclip': WinCLIP's compositional list, 154 and 88; 'clip-ac': one per label;
 * 'anovl': AnoVL's states in its domain-aware templates, 462 per label (another set for textures).
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
type TemplateName = Exclude<PromptListName, "merged" | "library">;

/** The list for a class. `className` stands in the texts; `name`, as the user gave it, finds the class in the library. */
export function promptList(
	list: PromptListName,
	className: string,
	name = className,
): PromptSet {
	if (list === "library") return librarySet(name) ?? fallbackSet(className);
	if (list !== "merged") return templateSet(list, className);
	const own = librarySet(name);
	const whole = templateSet("templates", className);
	// A class that the library does not know still gets reasons.
	return own
		? extendPrompts(whole, own)
		: extendPrompts(whole, {
				descriptors: fallbackSet(className).descriptors ?? [],
				source: { kind: "library" },
			});
}

function templateSet(list: TemplateName, className: string): PromptSet {
	if (list === "templates") return composed(className);
	const [normal, abnormal] = makers[list](className);
	return {
		class: className,
		normal,
		abnormal,
		source: { kind: "template", list },
	};
}

const makers: Record<
	Exclude<TemplateName, "templates">,
	(className: string) => [normal: string[], abnormal: string[]]
> = {
	winclip: (className) => [
		crossed(winclip.normal, className),
		crossed(winclip.abnormal, className),
	],
	anovl: (className) => [
		domainAware(anovl.normal, className),
		domainAware(anovl.abnormal, className),
	],
	"clip-ac": (className) => [
		[`a photo of a normal ${className}`],
		[`a photo of an anomalous ${className}`],
	],
};

function crossed(states: string[], className: string): string[] {
	return states.flatMap((state) =>
		winclip.templates.map((template) =>
			template.replace("{}", () => state.replace("{}", () => className)),
		),
	);
}

/** Every view of every domain with every state; what "a" and "the" stand before differs between the two halves. */
function domainAware(states: string[], className: string): string[] {
	const domains = anovl.textures.includes(className)
		? anovl.textureDomains
		: anovl.domains;
	const templates = domains.flatMap((domain) =>
		anovl.views.flatMap((view) =>
			["a", "the"].map((article) =>
				withArticles(
					view.replace("{domain}", domain).replace("{article}", article),
				),
			),
		),
	);
	return templates.flatMap((template) =>
		states.map((state) =>
			template.replace("{}", () => state.replace("{}", () => className)),
		),
	);
}
