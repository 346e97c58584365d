import { rangeError } from "../errors.js";

/** A class's name as prompts say it: "metal_nut" -> "metal nut", "pcb1" -> "pcb". Throws where nothing is left. */
export function cleanClassName(name: string): string {
	const clean = name
		.replace(/[_-]+/g, " ")
		.replace(/\s+/g, " ")
		.trim()
		.replace(/ ?\d+$/, "");
	if (clean === "") {
		throw rangeError(
			`Expected a class name with words in it but received ${JSON.stringify(name)}; ` +
				'say what the pictures show ("metal nut"), or give the words for the prompts as displayName',
		);
	}
	return clean;
}
