// Does a text say the opposite of its label? By key words: defects and soundness, and what turns one into the other.
//
// 1. "scratch-free", "no visible cracks or dents", "unlike a broken one" are turned defects: they speak for soundness.
// 2. "not intact", "instead of the normal colour", "no longer smooth" are turned soundness: they speak for a defect.
// 3. A prompt for abnormal contradicts where something speaks for soundness and nothing for a defect;
//    a prompt for normal contradicts where anything speaks for a defect.
// Words that good things have too (hole, cut, bent, spot, open) decide nothing.
import type { Label } from "./questions.js";

const defect =
	"(?:abnormal\\w*|anomal\\w+|defect\\w*|damag\\w+|flaw(?:s|ed)?|imperfect\\w*|fault(?:s|y)?|irregularit\\w+|blemish\\w*|broken|breakage|crack\\w*|fractur\\w+|scratch\\w*|scuff\\w*|dent(?:s|ed)?|chipp(?:ed|ing)|torn|tears|rip(?:s|ped)|rust(?:s|y|ed|ing)?|corro\\w+|contaminat\\w+|stain(?:s|ed|ing)|smudg\\w+|smear\\w*|mou?ldy|rotten|deform\\w*|distort\\w+|warp(?:ed|ing)|misshapen|misalign\\w+|misplaced|missing|shattered|leak\\w*|fray(?:ed|ing)|peel(?:ed|ing)|discolou?r\\w*|malform\\w+|malfunction\\w*|crooked|dirty|burn(?:t|ed)|wear)";
const sound =
	"(?:normal|flawless\\w*|perfect|perfectly (?:intact|smooth|clean|formed|normal)|pristine|intact|immaculate|spotless|unblemished|undamaged|unbroken|unscratched|uncracked|unmarked|unharmed|faultless|impeccable|sound condition|good condition|as expected|well[ -]formed|non[ -]?defective)";
const filler =
	"(?:(?:any|visible|obvious|apparent|noticeable|significant|major|minor|signs?|evidence|traces?|hints?|indications?|of|the|an?|single|other|kinds?|types?|forms?|sorts?|surface|physical|structural|cosmetic|small|large|such|discernible|detectable|even|its|like|being)\\s+)*";
const opposed =
	"unlike|instead\\s+of|rather\\s+than|as\\s+opposed\\s+to|in\\s+contrast\\s+to";

const negator = `(?:no|not|never|none|nothing|neither|nor|without|lack(?:s|ing)?|free\\s+(?:of|from)|devoid\\s+of|absence\\s+of|zero|non|${opposed})`;
const word = "(?!(?:and|or|but|with)\\b)[a-z-]+";
const comma = "(?:\\s*,\\s*(?:and\\s+|or\\s+|nor\\s+)?|\\s+(?:or|and|nor)\\s+)";
// "cracks, chips, or deep stains", "missing strands or torn plastic"
const list = `${defect}(?:(?:\\s+${word}(?=\\s+n?or\\b))?${comma}${filler}(?:${word}${comma}){0,2}(?:${word}\\s+)?${defect})*`;
// Before the first defect: "no piece is broken", "without folds or dents"; among sound things commas and "and" go on too:
// "free of glue, stains". Of a defective thing "no cap, cracked neck" is said.
const ahead = (joint: string) =>
	`(?:${word}\\s+(?:is|are|looks?)\\s+|(?:${word}${joint}(?!an?\\b|the\\b)){1,3}|${word}\\s+)?`;
const turned = (joint: string) =>
	new RegExp(
		`\\b${defect}[ -]free\\b|\\b${negator}[\\s-]+${filler}${ahead(joint)}${filler}(?:${word}\\s+)?${list}\\b`,
		"g",
	);
const turnedDefect: Record<Label, RegExp> = {
	normal: turned("(?:\\s*,\\s*|\\s+(?:or|nor|and)\\s+)"),
	abnormal: turned("\\s+(?:or|nor)\\s+"),
};
const turnedSound = new RegExp(
	`\\b(?:not|no\\s+longer|isn['’]t|never|less\\s+than|far\\s+from|hardly|than|from|compared\\s+(?:to|with)|deviat\\w+\\s+from|${opposed})\\s+` +
		`${filler}(?:${word}\\s+)?${sound}\\b`,
	"g",
);
const defects = new RegExp(`\\b${defect}\\b`);
const sounds = new RegExp(`\\b${sound}\\b`);

/** `description` is the prompt after its beginning, "An abnormal image of". */
export function contradicts(description: string, label: Label): boolean {
	let rest = description.toLowerCase();
	let forSound = false;
	let forDefect = false;
	rest = rest.replace(turnedDefect[label], () => {
		forSound = true;
		return " ";
	});
	rest = rest.replace(turnedSound, () => {
		forDefect = true;
		return " ";
	});
	forDefect ||= defects.test(rest);
	forSound ||= sounds.test(rest);
	return label === "normal" ? forDefect : forSound && !forDefect;
}
