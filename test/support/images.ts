// Pictures from integers alone: the generators of test/fixtures/README.md.
export type Generator = "noise" | "smooth" | "scene";

export function noise(width: number, height: number, seed: number): Uint8Array {
	const bytes = new Uint8Array(width * height * 3);
	let x = seed;
	for (let i = 0; i < bytes.length; i++) {
		x = (Math.imul(1664525, x) + 1013904223) >>> 0;
		bytes[i] = x >>> 24;
	}
	return bytes;
}

export function smooth(width: number, height: number): Uint8Array {
	const bytes = new Uint8Array(width * height * 3);
	const share = (at: number, size: number) =>
		Math.floor((255 * at) / Math.max(1, size - 1));
	for (let y = 0, i = 0; y < height; y++)
		for (let x = 0; x < width; x++) {
			bytes[i++] = share(x, width);
			bytes[i++] = share(y, height);
			bytes[i++] = Math.floor(
				(255 * (x + y)) / Math.max(1, width + height - 2),
			);
		}
	return bytes;
}

export function scene(width: number, height: number, seed: number): Uint8Array {
	const bytes = smooth(width, height);
	const grain = noise(width, height, seed);
	const side = Math.min(width, height);
	for (let y = 0, i = 0; y < height; y++)
		for (let x = 0; x < width; x++)
			for (let c = 0; c < 3; c++, i++) {
				let value = Math.floor((bytes[i]! * 3) / 4);
				if (9 * ((2 * x - width) ** 2 + (2 * y - height) ** 2) < 4 * side ** 2)
					value = (value >> 1) + [120, 90, 40][c]!;
				if ((x + 2 * y) % 37 < 5) value = Math.floor(value / 3);
				bytes[i] = Math.min(255, value + (grain[i]! >> 3));
			}
	return bytes;
}

export function generate(
	generator: Generator,
	width: number,
	height: number,
	seed: number,
): Uint8Array {
	return generator === "smooth"
		? smooth(width, height)
		: (generator === "noise" ? noise : scene)(width, height, seed);
}
