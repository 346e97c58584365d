import { rangeError } from "../errors.js";

/**
 * A class's name as prompts contain it: "metal_nut" becomes "metal nut", "pcb1" becomes "pcb".
 * Throws a RangeError if nothing is left.
 */
export function cleanClassName(name: string): string {
	const words = name
		.replace(/[_-]+/g, " ")
		.replace(/\s+/g, " ")
		.trim()
		.replace(/ ?\d+$/, "");
	if (words !== "") return words;
	throw rangeError(
		`Expected a class name with words in it but received ${JSON.stringify(name)}. ` +
			'Say what the images show ("metal nut"), or give the words for the prompts as displayName',
	);
}
