import sharp from "sharp";

/** A drawn image of a round product, good or with a dark spot, and what belongs to it. */
export interface ProductImage {
	/** WebP. */
	picture: Uint8Array;
	/** PNG, white where the spot is. */
	mask: Uint8Array;
	/** An anomaly map that finds the spot, in 256 steps, with noise. */
	map: (
		noise: number,
		random: () => number,
	) => { width: number; height: number; values: Uint8Array };
}

const width = 160;
const mapSide = 15;
const productColours = [
	[150, 112, 78],
	[96, 120, 140],
	[168, 150, 96],
	[110, 132, 104],
];
const backgroundColour = [226, 224, 220];

const drawn = new Map<string, Promise<ProductImage>>();

/** Image `number` of a category. The same arguments give the same image, which is drawn once. */
export function productImage(
	category: number,
	number: number,
	defective: boolean,
): Promise<ProductImage> {
	const key = `${category}/${number}/${defective}`;
	const image = drawn.get(key) ?? draw(category, number, defective);
	drawn.set(key, image);
	return image;
}

async function draw(
	category: number,
	number: number,
	defective: boolean,
): Promise<ProductImage> {
	const height = category % 3 === 1 ? 120 : width;
	const spot = {
		x: 0.3 + 0.4 * ((number * 0.37) % 1),
		y: 0.3 + 0.4 * ((number * 0.61) % 1),
		radius: 0.05 + 0.02 * (number % 4),
	};
	const inSpot = (x: number, y: number) => {
		const distance = Math.hypot(
			(x - spot.x) * (1 + 0.5 * (number % 3)),
			y - spot.y,
		);
		const angle = Math.atan2(y - spot.y, x - spot.x);
		return distance < spot.radius + 0.012 * Math.sin(7 * angle);
	};
	const pixels = Buffer.alloc(width * height * 3);
	const mask = Buffer.alloc(width * height);
	for (let i = 0; i < width * height; i++) {
		const x = ((i % width) + 0.5) / width;
		const y = (Math.floor(i / width) + 0.5) / height;
		const distance = Math.hypot(x - 0.5, ((y - 0.5) * height) / width);
		const ring = 1 + 0.12 * Math.sin((40 + 9 * category) * distance + number);
		const grain = 8 * Math.sin(i * 12.9898 + number) * Math.sin(i * 78.233);
		const colour =
			distance > 0.4
				? backgroundColour
				: productColours[category % 4]!.map((value) => value * ring);
		const brightness = defective && inSpot(x, y) ? 0.35 : 1;
		if (brightness < 1) mask[i] = 255;
		for (const [c, value] of colour.entries()) {
			pixels[i * 3 + c] = Math.max(
				0,
				Math.min(255, value * brightness + grain),
			);
		}
	}
	return {
		picture: await sharp(pixels, { raw: { width, height, channels: 3 } })
			.webp({ quality: 80 })
			.toBuffer(),
		mask: await sharp(mask, { raw: { width, height, channels: 1 } })
			.png()
			.toBuffer(),
		map: (noise, random) =>
			drawMap(defective ? spot : undefined, noise, random),
	};
}

function drawMap(
	spot: { x: number; y: number } | undefined,
	noise: number,
	random: () => number,
) {
	const values = Uint8Array.from({ length: mapSide * mapSide }, (_, i) => {
		const x = ((i % mapSide) + 0.5) / mapSide;
		const y = (Math.floor(i / mapSide) + 0.5) / mapSide;
		const peak = spot
			? Math.exp(-(((x - spot.x) ** 2 + (y - spot.y) ** 2) / 0.014))
			: 0;
		return Math.min(255, 255 * (0.08 + 0.8 * peak + noise * 0.3 * random()));
	});
	return { width: mapSide, height: mapSide, values };
}
