// Does a text say the opposite of its label? Decided by key words for defects and for soundness, and
// by words that turn one into the other:
// - "scratch-free", "no visible cracks or dents" and "unlike a broken one" are negated defects. They
//   count as soundness.
// - "not intact", "instead of the normal colour" and "no longer smooth" are negated soundness. They
//   count as a defect.
//
// A text for "abnormal" contradicts its label if it mentions soundness and no defect. A text for
// "normal" contradicts its label if it mentions any defect. Words that also describe good objects
// (hole, cut, bent, spot, open) decide nothing.
import type { Label } from "./questions.js";

const anyOf = (...words: string[]) => `(?:${words.join("|")})`;

const defect = anyOf(
	"abnormal\\w*|anomal\\w+|defect\\w*|damag\\w+|flaw(?:s|ed)?|imperfect\\w*|fault(?:s|y)?",
	"irregularit\\w+|blemish\\w*|broken|breakage|crack\\w*|fractur\\w+|scratch\\w*|scuff\\w*",
	"dent(?:s|ed)?|chipp(?:ed|ing)|torn|tears|rip(?:s|ped)|rust(?:s|y|ed|ing)?|corro\\w+",
	"contaminat\\w+|stain(?:s|ed|ing)|smudg\\w+|smear\\w*|mou?ldy|rotten|deform\\w*|distort\\w+",
	"warp(?:ed|ing)|misshapen|misalign\\w+|misplaced|missing|shattered|leak\\w*|fray(?:ed|ing)",
	"peel(?:ed|ing)|discolou?r\\w*|malform\\w+|malfunction\\w*|crooked|dirty|burn(?:t|ed)|wear",
);
const soundness = anyOf(
	"normal|flawless\\w*|perfect|perfectly (?:intact|smooth|clean|formed|normal)|pristine|intact",
	"immaculate|spotless|unblemished|undamaged|unbroken|unscratched|uncracked|unmarked|unharmed",
	"faultless|impeccable|sound condition|good condition|as expected|well[ -]formed",
	"non[ -]?defective",
);
const fillerWord = anyOf(
	"any|visible|obvious|apparent|noticeable|significant|major|minor|signs?|evidence|traces?|hints?",
	"indications?|of|the|an?|single|other|kinds?|types?|forms?|sorts?|surface|physical|structural",
	"cosmetic|small|large|such|discernible|detectable|even|its|like|being",
);
const fillers = `(?:${fillerWord}\\s+)*`;
const contrast =
	"unlike|instead\\s+of|rather\\s+than|as\\s+opposed\\s+to|in\\s+contrast\\s+to";
const negation = anyOf(
	"no|not|never|none|nothing|neither|nor|without|lack(?:s|ing)?|free\\s+(?:of|from)",
	"devoid\\s+of|absence\\s+of|zero|non",
	contrast,
);

const word = "(?!(?:and|or|but|with)\\b)[a-z-]+";
const separator =
	"(?:\\s*,\\s*(?:and\\s+|or\\s+|nor\\s+)?|\\s+(?:or|and|nor)\\s+)";

/** One defect or a list: "cracks, chips, or deep stains", "missing strands or torn plastic". */
const defectList =
	`${defect}(?:(?:\\s+${word}(?=\\s+n?or\\b))?${separator}${fillers}` +
	`(?:${word}${separator}){0,2}(?:${word}\\s+)?${defect})*`;

/** Words between the negation and the first defect: "no piece is broken", "without folds or dents". */
const wordsBefore = (joint: string) =>
	`(?:${word}\\s+(?:is|are|looks?)\\s+|(?:${word}${joint}(?!an?\\b|the\\b)){1,3}|${word}\\s+)?`;

const negatedDefect = (joint: string) =>
	new RegExp(
		`\\b${defect}[ -]free\\b|` +
			`\\b${negation}[\\s-]+${fillers}${wordsBefore(joint)}${fillers}(?:${word}\\s+)?${defectList}\\b`,
		"g",
	);

/**
 * In a text about normal objects, commas and "and" continue a negation: "free of glue, stains". In a
 * text about abnormal objects they do not: "no cap, cracked neck".
 */
const negatedDefects: Record<Label, RegExp> = {
	normal: negatedDefect("(?:\\s*,\\s*|\\s+(?:or|nor|and)\\s+)"),
	abnormal: negatedDefect("\\s+(?:or|nor)\\s+"),
};

const soundnessNegation = anyOf(
	"not|no\\s+longer|isn['’]t|never|less\\s+than|far\\s+from|hardly|than|from",
	"compared\\s+(?:to|with)|deviat\\w+\\s+from",
	contrast,
);
const negatedSoundness = new RegExp(
	`\\b${soundnessNegation}\\s+${fillers}(?:${word}\\s+)?${soundness}\\b`,
	"g",
);
const anyDefect = new RegExp(`\\b${defect}\\b`);
const anySoundness = new RegExp(`\\b${soundness}\\b`);

/** `description` is the prompt without "An abnormal image of" and without the class. */
export function contradictsLabel(description: string, label: Label): boolean {
	let mentionsSoundness = false;
	let mentionsDefect = false;
	const rest = description
		.toLowerCase()
		.replace(negatedDefects[label], () => {
			mentionsSoundness = true;
			return " ";
		})
		.replace(negatedSoundness, () => {
			mentionsDefect = true;
			return " ";
		});
	mentionsDefect ||= anyDefect.test(rest);
	mentionsSoundness ||= anySoundness.test(rest);
	if (label === "normal") return mentionsDefect;
	return mentionsSoundness && !mentionsDefect;
}
