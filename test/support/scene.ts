// Small made pictures: a round thing on a ground, with a dark spot where it is defective; its mask, and a map that finds it.
import sharp from "sharp";

export interface Scene {
	picture: Uint8Array;
	mask: Uint8Array;
	map: (
		noise: number,
		random: () => number,
	) => { width: number; height: number; values: Uint8Array };
}

const side = 160,
	grid = 15;
const made = new Map<string, Promise<Scene>>();

export function scene(
	category: number,
	number: number,
	defective: boolean,
): Promise<Scene> {
	const key = `${category}/${number}/${defective}`;
	let found = made.get(key);
	if (!found) made.set(key, (found = draw(category, number, defective)));
	return found;
}

async function draw(
	category: number,
	number: number,
	defective: boolean,
): Promise<Scene> {
	const height = category % 3 === 1 ? 120 : side;
	const spot = {
		x: 0.3 + 0.4 * ((number * 0.37) % 1),
		y: 0.3 + 0.4 * ((number * 0.61) % 1),
		r: 0.05 + 0.02 * (number % 4),
	};
	const inSpot = (x: number, y: number) =>
		Math.hypot((x - spot.x) * (1 + 0.5 * (number % 3)), y - spot.y) <
		spot.r + 0.012 * Math.sin(7 * Math.atan2(y - spot.y, x - spot.x));
	const pixels = Buffer.alloc(side * height * 3),
		mask = Buffer.alloc(side * height);
	for (let i = 0; i < side * height; i++) {
		const x = ((i % side) + 0.5) / side,
			y = (Math.floor(i / side) + 0.5) / height;
		const distance = Math.hypot(x - 0.5, ((y - 0.5) * height) / side);
		const ring = 1 + 0.12 * Math.sin((40 + 9 * category) * distance + number);
		const grain = 8 * Math.sin(i * 12.9898 + number) * Math.sin(i * 78.233);
		const ground =
			distance > 0.4
				? [226, 224, 220]
				: [
						[150, 112, 78],
						[96, 120, 140],
						[168, 150, 96],
						[110, 132, 104],
					][category % 4]!.map((value) => value * ring);
		const dark = defective && inSpot(x, y) ? 0.35 : 1;
		if (dark < 1) mask[i] = 255;
		ground.forEach((value, c) => {
			pixels[i * 3 + c] = Math.max(0, Math.min(255, value * dark + grain));
		});
	}
	return {
		picture: await sharp(pixels, { raw: { width: side, height, channels: 3 } })
			.webp({ quality: 80 })
			.toBuffer(),
		mask: await sharp(mask, { raw: { width: side, height, channels: 1 } })
			.png()
			.toBuffer(),
		map: (noise, random) => ({
			width: grid,
			height: grid,
			values: Uint8Array.from({ length: grid * grid }, (_, i) => {
				const x = ((i % grid) + 0.5) / grid,
					y = (Math.floor(i / grid) + 0.5) / grid;
				const peak = defective
					? Math.exp(-(((x - spot.x) ** 2 + (y - spot.y) ** 2) / 0.014))
					: 0;
				return Math.min(
					255,
					255 * (0.08 + 0.8 * peak + noise * 0.3 * random()),
				);
			}),
		}),
	};
}
