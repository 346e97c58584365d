// "a" or "an" by the sound of the next word: "a USB connector", "an hourglass", "an 8-pin plug".

/**
 * The text with the right article before each word of Latin letters or digits. Only "a" and "an" in lower case, and at
 * the start of the text, are articles: the "A" of "USB A outlet" is a name.
 */
export function withArticles(text: string): string {
	return text.replace(
		/(^An?|(?<![\p{L}\p{N}'’.-])an?)(\s+)(?=["'“‘(]*([\p{L}\p{N}][\p{L}\p{N}'’.,-]*))/gu,
		(match, article: string, space: string, next: string) => {
			const sounds = startsWithVowelSound(next);
			if (sounds === undefined) return match;
			return `${article[0]}${sounds ? "n" : ""}${space}`;
		},
	);
}

/** undefined for a word in another script. */
function startsWithVowelSound(word: string): boolean | undefined {
	const plain = word.normalize("NFKD").replace(/\p{M}/gu, "");
	if (/^\d/.test(plain)) return numberStartsWithVowel(plain);
	const letters = /^[a-z]+/i.exec(plain)?.[0];
	if (letters === undefined) return undefined;
	return isSpelled(letters)
		? /^[aefhilmnorsx]/i.test(letters)
		: wordStartsWithVowel(letters.toLowerCase());
}

/** Eight, eleven, eighteen, and numbers that begin with them. */
function numberStartsWithVowel(text: string): boolean {
	const digits = /^[\d,]+/.exec(text)![0].replaceAll(",", "");
	if (digits.startsWith("8")) return true;
	// "Eleven hundred"; otherwise groups of three digits: "eleven thousand".
	const isHundreds = digits.length === 4 && digits.endsWith("00");
	const isGroup = digits.length % 3 === 2;
	return /^1[18]/.test(digits) && (isHundreds || isGroup);
}

/** Abbreviations of more than four letters, and those in small letters, that are spelled letter by letter. */
const spelled = new Set(
	"hdmi led leds lcd mri rfid ssd ufo uhf uhmwpe ups usb uv uvc uav upvc xlr".split(
		" ",
	),
);

/** Abbreviations of up to four letters that are spoken as a word, and short nouns that labels write in capitals. */
const spoken = new Set(
	(
		"fet fifo hepa jfet lan lego lidar mac mems midi mig nand nasa nato nema nic nor nox ram raid rom sata sim " +
		"sip soc face fan file film fin fish foam foil font foot fork frog fuel fuse half ham hat head heel helm hem " +
		"hinge hole hood hook hoop horn hose hub hull lace lamp lark lead leaf leg lens lid lime link lip lock log " +
		"loop mask mast mat meat mesh milk mold moon moss moth mug nail neck nest net node nose nut rack rail ram " +
		"reed reel rice rim ring rock rod rod roll roof root rope rose rug rust sack safe sail salt sand saw seal " +
		"seam seat seed shoe silk sink skin slab sled slot snap soap sock sofa soil sole soup spot star stem step " +
		"suit unit urn"
	).split(" "),
);

/** Whether the letters are names of letters: "x" of "x-ray", "USB", "LEDs", "uPVC". */
function isSpelled(letters: string): boolean {
	const lower = letters.toLowerCase();
	if (letters.length === 1 || spelled.has(lower)) return true;
	// One small letter before capitals is spelled: "uPVC". An "i" or "e" is a prefix and sounds the same.
	if (/^[a-z][A-Z]{2}/.test(letters)) return true;
	const capitals = letters.replace(/s$/, "");
	if (capitals !== capitals.toUpperCase()) return !/[aeiouy]/.test(lower);
	if (spoken.has(capitals.toLowerCase())) return false;
	return letters.length <= 4 || !/[AEIOUY]/.test(capitals);
}

/** Words with the sound of "you" or "won" at the start. */
const consonantSounds = [
	/^(?:eu|ewe|ewer|ouija|one$|once$|ones)/,
	/^(?:ubiq|uk|ural|uran|ure|uri|uro|us[aeu]|using|usb|ut[eio])/,
	// "Unit" and "uniform", but not "unintended" and "unimportant".
	/^(?:unanim|uni(?!deal|dentif|m[aip]|n[cdefhijstv]|rrad|rrit|ron|ssu|nk))/,
];

/** Words with a silent h, and "x" or "y" with the sound of a vowel. */
const vowelSounds = /^(?:hour|honest|honou?r|heir|hors$|xray|yt|yl)/;

function wordStartsWithVowel(word: string): boolean {
	if (vowelSounds.test(word)) return true;
	return (
		/^[aeiou]/.test(word) &&
		!consonantSounds.some((pattern) => pattern.test(word))
	);
}
