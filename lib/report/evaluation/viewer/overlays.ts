// What lies over a picture: the map as colours, the mask as an outline.

const overlaySide = 200;
const turboTable = Uint8Array.from(atob(page.turbo), (character) =>
	character.charCodeAt(0),
);

/** The two source positions around `at` of `size`, and how far towards the second; as ../../paint.ts. */
function around(
	at: number,
	size: number,
	sourceSize: number,
): [number, number, number] {
	const position = Math.min(
		sourceSize - 1,
		Math.max(0, ((at + 0.5) * sourceSize) / size - 0.5),
	);
	const low = Math.floor(position);
	return [low, Math.min(sourceSize - 1, low + 1), position - low];
}

/** `aspect`: width over height of the picture that it covers. The map's low end is clear, so that the picture shows. */
function paintHeat(
	canvas: HTMLCanvasElement,
	map: NonNullable<Found["map"]>,
	aspect: number,
): void {
	const values = Uint8Array.from(atob(map.values), (character) =>
		character.charCodeAt(0),
	);
	const width = (canvas.width = Math.max(
		1,
		Math.round(overlaySide * Math.min(1, aspect)),
	));
	const height = (canvas.height = Math.max(
		1,
		Math.round(overlaySide * Math.min(1, 1 / aspect)),
	));
	const picture = new ImageData(width, height);
	const columns = Array.from({ length: width }, (_, x) =>
		around(x, width, map.width),
	);
	for (let y = 0, to = 0; y < height; y++) {
		const [upper, lower, down] = around(y, height, map.height);
		for (const [left, right, across] of columns) {
			const top =
				values[upper * map.width + left]! * (1 - across) +
				values[upper * map.width + right]! * across;
			const bottom =
				values[lower * map.width + left]! * (1 - across) +
				values[lower * map.width + right]! * across;
			const value = top * (1 - down) + bottom * down;
			const from = Math.round(value) * 3;
			picture.data[to++] = turboTable[from]!;
			picture.data[to++] = turboTable[from + 1]!;
			picture.data[to++] = turboTable[from + 2]!;
			picture.data[to++] = Math.round(value);
		}
	}
	canvas.getContext("2d")!.putImageData(picture, 0, 0);
}

/** A white line with a dark rim, to be seen on any picture. */
async function paintOutline(
	canvas: HTMLCanvasElement,
	mask: string,
): Promise<void> {
	const image = new Image();
	image.src = `data:image/png;base64,${mask}`;
	await image.decode();
	const scale =
		(2 * overlaySide) / Math.max(image.naturalWidth, image.naturalHeight);
	const width = (canvas.width = Math.max(
		1,
		Math.round(image.naturalWidth * scale),
	));
	const height = (canvas.height = Math.max(
		1,
		Math.round(image.naturalHeight * scale),
	));
	const context = canvas.getContext("2d", { willReadFrequently: true })!;
	context.drawImage(image, 0, 0, width, height);
	const picture = context.getImageData(0, 0, width, height);
	const inside = Uint8Array.from({ length: width * height }, (_, i) =>
		picture.data[4 * i]! >= 128 ? 1 : 0,
	);
	picture.data.fill(0);
	for (let i = 0; i < inside.length; i++) {
		if (inside[i] && isBorder(inside, i, width))
			stamp(picture, i % width, Math.floor(i / width));
	}
	context.putImageData(picture, 0, 0);
}

function isBorder(inside: Uint8Array, i: number, width: number): boolean {
	const x = i % width;
	return (
		x === 0 ||
		x === width - 1 ||
		!inside[i - 1] ||
		!inside[i + 1] ||
		!inside[i - width] ||
		!inside[i + width]
	);
}

function stamp({ data, width, height }: ImageData, x: number, y: number): void {
	for (let dy = -2; dy <= 2; dy++) {
		for (let dx = -2; dx <= 2; dx++) {
			const toX = x + dx,
				toY = y + dy;
			if (toX < 0 || toY < 0 || toX >= width || toY >= height) continue;
			const to = 4 * (toY * width + toX);
			const core = Math.abs(dx) + Math.abs(dy) <= 1;
			if (core) data.fill(255, to, to + 4);
			else if (data[to + 3] === 0) data[to + 3] = 150;
		}
	}
}
