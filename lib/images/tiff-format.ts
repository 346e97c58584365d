// Which TIFF files are read, and how their samples are understood.
import type { TiffTags } from "./tiff-tags.js";

/** How the samples after the colours are used: as alpha, or not at all. */
export type ExtraSample = "none" | "alpha" | "ignore";

interface ColourModel {
	name: string;
	/** Samples of a pixel without extra samples. */
	samples: number;
	/** Bits per sample that are read. */
	bits: readonly number[];
}

const colourModels: Readonly<Record<number, ColourModel>> = {
	0: { name: "grey", samples: 1, bits: [1, 2, 4, 8, 16] },
	1: { name: "grey", samples: 1, bits: [1, 2, 4, 8, 16] },
	2: { name: "RGB", samples: 3, bits: [8, 16] },
	3: { name: "palette", samples: 1, bits: [1, 2, 4, 8] },
	5: { name: "CMYK", samples: 4, bits: [8] },
	6: { name: "YCbCr", samples: 3, bits: [8] },
};

const otherModels: Readonly<Record<number, string>> = {
	4: "a transparency mask",
	8: "CIE L*a*b*",
	9: "ICC L*a*b*",
	10: "ITU L*a*b*",
	32803: "raw camera pixels (CFA)",
	32844: "LogL",
	32845: "LogLuv",
	34892: "raw camera pixels (LinearRaw)",
};

const compressions: ReadonlySet<number> = new Set([
	1, // none
	2, // CCITT RLE
	3, // CCITT fax 3
	4, // CCITT fax 4
	5, // LZW
	7, // JPEG
	8, // Deflate
	32773, // PackBits
	32946, // Deflate, the older number
	50001, // WebP
]);

const otherCompressions: Readonly<Record<number, string>> = {
	6: "old JPEG",
	34661: "JBIG",
	34712: "JPEG 2000",
	34887: "LERC",
	34892: "lossy JPEG (DNG)",
	34925: "LZMA",
	50000: "ZSTD",
	50002: "JPEG XL",
	52546: "JPEG XL",
};

const sampleFormats: Readonly<Record<number, string>> = {
	2: "signed integers",
	3: "floating point numbers",
	5: "complex integers",
	6: "complex numbers",
};

const save8bit =
	"scale the values to 0 to 255 and save them as 8-bit grey or RGB";

/** How the extra sample is used. If it is not supported, the problem and its remedy. */
export function checkTiff(
	tags: TiffTags,
): { extra: ExtraSample } | { problem: string; remedy: string } {
	const { compression, photometric, samplesPerPixel } = tags;
	if (!compressions.has(compression)) {
		const codec = otherCompressions[compression] ?? "an unknown method";
		return {
			problem: `is a TIFF file with ${codec} compression (${compression}), and this codec is not supported`,
			remedy: "save it with LZW or Deflate compression, or as PNG",
		};
	}
	const format = tags.sampleFormat.find((value) => value in sampleFormats);
	if (format !== undefined)
		return {
			problem: `is a TIFF file whose pixels are ${sampleFormats[format]}, for which black and white are not defined`,
			remedy: save8bit,
		};
	// Without the tag, the decoder decides by the number of samples.
	const model =
		colourModels[photometric ?? (samplesPerPixel >= 3 ? 2 : 1)] ?? undefined;
	if (!model) {
		const colours =
			otherModels[photometric!] ?? `the colour model ${photometric}`;
		return {
			problem: `is a TIFF file with ${colours}, which is not supported`,
			remedy: "save it as 8-bit grey or RGB",
		};
	}
	return checkSamples(tags, model);
}

function checkSamples(
	{ bitsPerSample, samplesPerPixel, extraSamples }: TiffTags,
	{ name, samples, bits }: ColourModel,
): ReturnType<typeof checkTiff> {
	const [depth] = bitsPerSample;
	if (bitsPerSample.some((value) => value !== depth || !bits.includes(value)))
		return {
			problem:
				`is a TIFF file of ${name} with ${bitsPerSample.join(", ")} bits per sample; ` +
				`expected ${bits.join(" or ")}`,
			remedy: save8bit,
		};
	const extra = samplesPerPixel - samples;
	const mostExtra = name === "CMYK" || name === "palette" ? 0 : 1;
	if (extra < 0 || extra > mostExtra)
		return {
			problem:
				`is a TIFF file of ${name} with ${samplesPerPixel} bands; expected ${samples}` +
				(mostExtra > 0 ? ` or ${samples + 1}` : ""),
			remedy: "save the bands that a person would see as 8-bit grey or RGB",
		};
	if (extra === 0) return { extra: "none" };
	// 1 and 2 are alpha. Everything else is another measurement, for example infrared.
	const isAlpha = extraSamples[0] === 1 || extraSamples[0] === 2;
	return { extra: isAlpha ? "alpha" : "ignore" };
}
