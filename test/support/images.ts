// RGB images computed from integers, so that other languages can make the same bytes. The
// generators have the names that test/fixtures/README.md uses.
export type Generator = "noise" | "smooth" | "scene";

/** The high bytes of a linear congruential generator. */
export function noise(width: number, height: number, seed: number): Uint8Array {
	const bytes = new Uint8Array(width * height * 3);
	let x = seed;
	for (let i = 0; i < bytes.length; i++) {
		x = (Math.imul(1664525, x) + 1013904223) >>> 0;
		bytes[i] = x >>> 24;
	}
	return bytes;
}

/** Red rises from left to right, green from top to bottom, blue along the diagonal. */
export function smooth(width: number, height: number): Uint8Array {
	const bytes = new Uint8Array(width * height * 3);
	const ramp = (position: number, last: number) =>
		Math.floor((255 * position) / Math.max(1, last));
	let i = 0;
	for (let y = 0; y < height; y++) {
		for (let x = 0; x < width; x++) {
			bytes[i++] = ramp(x, width - 1);
			bytes[i++] = ramp(y, height - 1);
			bytes[i++] = ramp(x + y, width + height - 2);
		}
	}
	return bytes;
}

/** A coloured disc and dark stripes on a smooth background, with grain. */
export function scene(width: number, height: number, seed: number): Uint8Array {
	const bytes = smooth(width, height);
	const grain = noise(width, height, seed);
	const side = Math.min(width, height);
	const discColour = [120, 90, 40];
	let i = 0;
	for (let y = 0; y < height; y++) {
		for (let x = 0; x < width; x++) {
			const inDisc =
				9 * ((2 * x - width) ** 2 + (2 * y - height) ** 2) < 4 * side ** 2;
			const inStripe = (x + 2 * y) % 37 < 5;
			for (let c = 0; c < 3; c++, i++) {
				let value = Math.floor((bytes[i]! * 3) / 4);
				if (inDisc) value = (value >> 1) + discColour[c]!;
				if (inStripe) value = Math.floor(value / 3);
				bytes[i] = Math.min(255, value + (grain[i]! >> 3));
			}
		}
	}
	return bytes;
}

/** A `scene` as raw pixels. */
export function sceneImage(width: number, height: number, seed: number) {
	return {
		data: scene(width, height, seed),
		width,
		height,
		channels: 3 as const,
	};
}

export function generate(
	generator: Generator,
	width: number,
	height: number,
	seed: number,
): Uint8Array {
	if (generator === "smooth") return smooth(width, height);
	return generator === "noise"
		? noise(width, height, seed)
		: scene(width, height, seed);
}
