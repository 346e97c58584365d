// A result's map as a picture: over the original, alone in colours, or as a mask.
import sharp from "sharp";
import { AlfaError, argumentError, rangeError } from "../errors.js";
import {
	type Check,
	checkOptions,
	isPlain,
	number,
	oneOf,
	wrongType,
} from "../options/validate.js";
import { type ColormapName, colormap, colormaps } from "./colormap.js";
import { type ImageInput, loadImage } from "./decode.js";
import { type Area, type FloatMap, paint } from "./sample-map.js";

export interface PngOptions {
	/** Default 'overlay'. */
	kind?: "overlay" | "heatmap" | "mask";
	/** Default 'turbo'. */
	colormap?: ColormapName;
	/** Map values shown as the lowest and the highest colour. Default [0, 1]; the same range makes pictures comparable. */
	range?: readonly [low: number, high: number];
	/** For 'mask': map values above it are white. No default. */
	threshold?: number;
	/** For 'overlay': the picture to draw on. Default: the input given to detect. */
	image?: ImageInput;
}

export interface MapOrigin {
	image: ImageInput;
	fit: "squash" | "crop";
	resolution: "grid" | "model" | "image";
}

const heaviest = 0.72; // opacity of the highest value

const range: Check = (value, name) => {
	if (!Array.isArray(value) || value.length !== 2)
		throw wrongType("[low, high]", name, value);
	value.forEach((each, i) => number()(each, `${name}[${i}]`));
	if (!(value[0] < value[1]))
		throw rangeError(
			`Expected a low below the high for ${name} but received [${value.join(", ")}]`,
		);
};

const shape: Record<string, Check> = {
	kind: oneOf(["overlay", "heatmap", "mask"]),
	colormap: oneOf(colormaps),
	range,
	threshold: number(),
	image: (value, name) => {
		if (
			typeof value !== "string" &&
			!ArrayBuffer.isView(value) &&
			!isPlain(value)
		)
			throw wrongType("an image", name, value);
	},
};

export async function renderPng(
	from: FloatMap,
	options: PngOptions,
	origin: MapOrigin,
): Promise<Buffer> {
	checkOptions(options, "options", shape);
	const { kind = "overlay", range: [low, high] = [0, 1], threshold } = options;
	const { mapWidth, mapHeight } = from;
	if (from.map.length === 0) {
		throw new AlfaError(
			"ERR_ALFA_NO_MAP",
			"This result has no map to draw: its recipe looks at no windows. Take a recipe with scales, such as 'alfa'",
		);
	}
	const whole = { left: 0, top: 0, width: mapWidth, height: mapHeight };
	if (kind === "mask") {
		if (threshold === undefined)
			throw argumentError(
				"Expected a number for threshold but received undefined; kind 'mask' needs one",
			);
		const mask = new Uint8Array(mapWidth * mapHeight);
		await paint(from, mapWidth, whole, (pixel, value) => {
			mask[pixel] = value > threshold ? 255 : 0;
		});
		return encode(mask, mapWidth, mapHeight, 1);
	}
	const table = colormap(options.colormap ?? "turbo");
	const scaled = (value: number) =>
		Math.min(1, Math.max(0, (value - low) / (high - low)));
	if (kind === "heatmap") {
		const pixels = new Uint8Array(mapWidth * mapHeight * 3);
		await paint(from, mapWidth, whole, (pixel, value) => {
			const colour = Math.round(scaled(value) * 255) * 3;
			for (let c = 0; c < 3; c++) pixels[pixel * 3 + c] = table[colour + c]!;
		});
		return encode(pixels, mapWidth, mapHeight, 3);
	}
	const { pixels, width, height } = await opaque(options.image ?? origin.image);
	await paint(
		from,
		width,
		covered(from, origin, width, height),
		(pixel, value) => {
			const x = scaled(value);
			const colour = Math.round(x * 255) * 3;
			const alpha = heaviest * x * (2 - x);
			for (let c = 0; c < 3; c++) {
				const at = pixel * 3 + c;
				pixels[at] = Math.round(
					pixels[at]! + alpha * (table[colour + c]! - pixels[at]!),
				);
			}
		},
	);
	return encode(pixels, width, height, 3);
}

/** The part of the picture that the map covers: all of it, or with 'crop' the centre square. */
function covered(
	{ mapWidth, mapHeight }: FloatMap,
	{ fit, resolution }: MapOrigin,
	width: number,
	height: number,
): Area {
	if (
		fit === "squash" ||
		(resolution === "image" && mapWidth === width && mapHeight === height)
	)
		return { left: 0, top: 0, width, height };
	const side = Math.min(width, height);
	return {
		left: Math.floor((width - side) / 2),
		top: Math.floor((height - side) / 2),
		width: side,
		height: side,
	};
}

/** The picture as RGB over white. */
async function opaque(
	image: ImageInput,
): Promise<{ pixels: Buffer; width: number; height: number }> {
	const { data, width, height, channels } = await loadImage(image);
	const picture = sharp(data, {
		raw: { width, height, channels },
		limitInputPixels: false,
	});
	const pixels = await picture
		.flatten({ background: "white" })
		.toColourspace("srgb")
		.raw()
		.toBuffer();
	return {
		pixels:
			channels === 1 && pixels.length === width * height
				? tripled(pixels)
				: pixels,
		width,
		height,
	};
}

function tripled(grey: Buffer): Buffer {
	const rgb = Buffer.alloc(grey.length * 3);
	grey.forEach((value, i) => rgb.fill(value, i * 3, i * 3 + 3));
	return rgb;
}

function encode(
	pixels: Uint8Array,
	width: number,
	height: number,
	channels: 1 | 3,
): Promise<Buffer> {
	return sharp(pixels, {
		raw: { width, height, channels },
		limitInputPixels: false,
	})
		.png()
		.toBuffer();
}
