import { type Check, number, oneOf } from "./validate.js";

/** How image files are read. `Engine.open` sets it for all images; a category may override `damaged` and `colour`. */
export interface ImageReading {
	/** Maximum pixels of an image, width * height. */
	readonly maxPixels: number;
	/** 'refuse': a file that the decoder warns about is an error. 'accept': its warnings are in the result. */
	readonly damaged: "refuse" | "accept";
	/** 'srgb': colours are converted from the file's ICC profile to sRGB. 'as-is': the profile is ignored. */
	readonly colour: "srgb" | "as-is";
}

export const defaultReading: ImageReading = Object.freeze({
	maxPixels: 2 ** 28,
	damaged: "refuse",
	colour: "srgb",
});

export const readingChecks = {
	maxPixels: number({ integer: true, min: 64, max: 2 ** 28 }),
	damaged: oneOf(["refuse", "accept"]),
	colour: oneOf(["srgb", "as-is"]),
} satisfies Record<keyof ImageReading, Check>;
