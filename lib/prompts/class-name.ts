import { rangeError } from "../errors.js";

/** Classes of data sets whose number only counts variants. Any other number has a meaning: "M8", "USB 3.0". */
const numberedClasses = /^(pcb(?=[1-4]$)|macaroni(?=[12]$))\d$/i;

/**
 * A class's name as prompts contain it: "metal_nut" becomes "metal nut", "pcb1" becomes "pcb". Throws a RangeError if
 * it contains no letter.
 */
export function cleanClassName(name: string): string {
	const words = name
		.replace(/[_-]+/g, " ")
		.replace(/\s+/g, " ")
		.trim()
		.replace(numberedClasses, "$1");
	if (/\p{L}/u.test(words)) return words;
	throw rangeError(
		`Expected a class name with words in it but received ${JSON.stringify(name)}. ` +
			'Say what the images show ("metal nut"), or give the words for the prompts as displayName',
	);
}
