export const colormaps = ["turbo", "grey"] as const;
export type ColormapName = (typeof colormaps)[number];

/** The colours of the values i / 255, i from 0 to 255: [256 * 3], RGB. */
export function colormap(name: ColormapName): Uint8Array {
	const table = new Uint8Array(256 * 3);
	for (let i = 0; i < 256; i++) {
		table.set(name === "turbo" ? turbo(i / 255) : [i, i, i], i * 3);
	}
	return table;
}

// Turbo (A. Mikhailov, Google, 2019), by the polynomial that R. Du fitted to it.
// Google published both under Apache-2.0:
// research.google/blog/turbo-an-improved-rainbow-colormap-for-visualization
// gist.github.com/mikhailov-work/0d177465a8151eb6ede1768d51d476c7
const red = [
	0.13572138, 4.6153926, -42.66032258, 132.13108234, -152.94239396, 59.28637943,
];
const green = [
	0.09140261, 2.19418839, 4.84296658, -14.18503333, 4.27729857, 2.82956604,
];
const blue = [
	0.1066733, 12.64194608, -60.58204836, 110.36276771, -89.90310912, 27.34824973,
];

function turbo(x: number): number[] {
	return [red, green, blue].map((coefficients) => {
		const value = coefficients.reduceRight(
			(sum, coefficient) => sum * x + coefficient,
			0,
		);
		return Math.round(255 * Math.min(1, Math.max(0, value)));
	});
}
