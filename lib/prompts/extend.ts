// A set with more texts in it: a user's own prompts beside the library's or a model's.
import { argumentError } from "../errors.js";
import { arrayOf, checkOptions, text } from "../options/validate.js";
import { toPromptSet, type PromptSet } from "./prompt-set.js";

export type ExtraPrompts = Partial<
	Pick<PromptSet, "class" | "normal" | "abnormal" | "descriptors" | "source">
>;

const texts = arrayOf(text, { max: 10_000, what: "an array of texts" });
const keyOf = (each: string) =>
	(each.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [each]).join(" ");

/** The texts of `base`, then those of `extra` that it lacks (but for case, spacing and punctuation). Neither is changed. */
export function extendPrompts(base: PromptSet, extra: ExtraPrompts): PromptSet {
	const whole = toPromptSet(base, "", "base");
	if (whole.class === "")
		throw argumentError("Expected a string for base.class but received none");
	checkOptions(extra, "extra", {
		class: text,
		normal: texts,
		abnormal: texts,
		descriptors: texts,
		source: () => {},
	});
	const added: Record<string, number> = {};
	const joined = (key: "normal" | "abnormal" | "descriptors") => {
		const seen = new Set(whole[key]?.map(keyOf));
		const news = (extra[key] ?? []).filter(
			(each) => !seen.has(keyOf(each)) && seen.add(keyOf(each)),
		);
		if (news.length > 0) added[key] = news.length;
		return [...(whole[key] ?? []), ...news];
	};
	const descriptors = joined("descriptors");
	return {
		class: whole.class,
		normal: joined("normal"),
		abnormal: joined("abnormal"),
		...(descriptors.length > 0 && { descriptors }),
		source: {
			...whole.source,
			extended: [
				...(Array.isArray(whole.source["extended"])
					? whole.source["extended"]
					: []),
				{ ...(extra.source ?? { kind: "user" }), added },
			],
		},
	};
}
