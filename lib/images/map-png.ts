import sharp from "sharp";
import { AlfaError, argumentError, rangeError } from "../errors.js";
import type { ImageReading } from "../options/reading.js";
import {
	arrayOf,
	type Check,
	checkOptions,
	number,
	oneOf,
	wrongType,
} from "../options/validate.js";
import { isArray, readLength } from "../util/read-once.js";
import { type ColormapName, colormap, colormaps } from "./colormap.js";
import { copyInput, type ImageInput, loadImage } from "./input.js";
import { type Area, type FloatMap, sampleMap } from "./sample-map.js";

export interface PngOptions {
	/**
	 * 'overlay': the map over the image. 'heatmap': the map in colours. 'mask': white above `threshold`. Default
	 * 'overlay'.
	 */
	kind?: "overlay" | "heatmap" | "mask";
	/** Default 'turbo'. */
	colormap?: ColormapName;
	/**
	 * The map values that get the lowest and the highest colour. Default [0, 1]. Images with the same range can be
	 * compared with each other.
	 */
	range?: readonly [low: number, high: number];
	/** For 'mask', which needs one: map values above it are white. */
	threshold?: number;
	/** For 'overlay': the image to draw on. Default: the input of the detection, which is decoded again. */
	image?: ImageInput;
}

/** The image that a map belongs to, and how the map covers it. */
export interface MapOrigin {
	image: ImageInput;
	reading: ImageReading;
	fit: "squash" | "crop";
	resolution: "grid" | "model" | "image";
}

/** Row-major 8-bit pixels. */
interface Pixels {
	data: Uint8Array;
	width: number;
	height: number;
	channels: 1 | 3;
}

const maxOpacity = 0.72; // of the map's highest colour over the image

const bounds = arrayOf(number(), { min: 2, max: 2, what: "[low, high]" });
const range: Check<[number, number]> = (value, name) => {
	if (!isArray(value) || readLength(value, name) !== 2)
		throw wrongType("[low, high]", name, value);
	const [low, high] = bounds(value, name) as [number, number];
	if (low < high) return [low, high];
	throw rangeError(
		`Expected a low below the high for ${name} but received [${low}, ${high}]`,
	);
};

const checks = {
	kind: oneOf(["overlay", "heatmap", "mask"]),
	colormap: oneOf(colormaps),
	range,
	threshold: number(),
	image: copyInput,
} satisfies Record<keyof PngOptions, Check>;

/** A PNG of the map. Rejects with ERR_ALFA_NO_MAP if the map is empty. */
export async function mapToPng(
	map: FloatMap,
	options: PngOptions,
	origin: MapOrigin,
): Promise<Buffer> {
	const checked = checkOptions(options, "options", checks);
	if (map.map.length === 0) {
		throw new AlfaError(
			"ERR_ALFA_NO_MAP",
			"This result has no anomaly map: its recipe does not score windows. Use a recipe with scales, such as 'alfa'",
		);
	}
	const { kind = "overlay" } = checked;
	if (kind === "mask") return encodePng(await drawMask(map, checked.threshold));
	const colours = valueColours(checked);
	if (kind === "heatmap") return encodePng(await drawHeatmap(map, colours));
	const image = await loadRgb(checked.image ?? origin.image, origin.reading);
	await drawOverlay(image, map, coveredArea(map, origin, image), colours);
	return encodePng(image);
}

async function drawMask(
	map: FloatMap,
	threshold: number | undefined,
): Promise<Pixels> {
	if (threshold === undefined) {
		throw argumentError(
			"Expected a number for threshold but received undefined; kind 'mask' needs one",
		);
	}
	const { mapWidth: width, mapHeight: height } = map;
	const data = new Uint8Array(width * height);
	await sampleMap(
		map,
		width,
		{ left: 0, top: 0, width, height },
		(pixel, value) => {
			data[pixel] = value > threshold ? 255 : 0;
		},
	);
	return { data, width, height, channels: 1 };
}

async function drawHeatmap(
	map: FloatMap,
	{ table, scale }: ValueColours,
): Promise<Pixels> {
	const { mapWidth: width, mapHeight: height } = map;
	const data = new Uint8Array(width * height * 3);
	await sampleMap(
		map,
		width,
		{ left: 0, top: 0, width, height },
		(pixel, value) => {
			const colour = Math.round(scale(value) * 255) * 3;
			for (let c = 0; c < 3; c++) data[pixel * 3 + c] = table[colour + c]!;
		},
	);
	return { data, width, height, channels: 3 };
}

/** Blends the map's colours into `area` of the image; the opacity rises with the value. */
async function drawOverlay(
	{ data, width }: Pixels,
	map: FloatMap,
	area: Area,
	{ table, scale }: ValueColours,
): Promise<void> {
	await sampleMap(map, width, area, (pixel, value) => {
		const x = scale(value);
		const colour = Math.round(x * 255) * 3;
		const opacity = maxOpacity * x * (2 - x);
		for (let c = 0; c < 3; c++) {
			const i = pixel * 3 + c;
			data[i] = Math.round(
				data[i]! + opacity * (table[colour + c]! - data[i]!),
			);
		}
	});
}

interface ValueColours {
	/** [256 * 3], RGB. */
	table: Uint8Array;
	/** A map value to [0, 1], a position in the table. */
	scale: (value: number) => number;
}

function valueColours({
	colormap: name = "turbo",
	range: [low, high] = [0, 1],
}: PngOptions): ValueColours {
	return {
		table: colormap(name),
		scale: (value) => Math.min(1, Math.max(0, (value - low) / (high - low))),
	};
}

/** The part of the image that the map covers: the whole image, or its centre square with fit 'crop'. */
function coveredArea(
	{ mapWidth, mapHeight }: FloatMap,
	{ fit, resolution }: MapOrigin,
	{ width, height }: Pixels,
): Area {
	const mapIsImage =
		resolution === "image" && mapWidth === width && mapHeight === height;
	if (fit === "squash" || mapIsImage) return { left: 0, top: 0, width, height };
	const side = Math.min(width, height);
	return {
		left: Math.floor((width - side) / 2),
		top: Math.floor((height - side) / 2),
		width: side,
		height: side,
	};
}

/** The image as RGB, transparent pixels blended with white. */
async function loadRgb(
	image: ImageInput,
	reading: ImageReading,
): Promise<Pixels> {
	const { pixels } = await loadImage(image, reading);
	const { data, width, height, channels } = pixels;
	const flat = await sharp(data, {
		raw: { width, height, channels },
		limitInputPixels: false,
	})
		.flatten({ background: "white" })
		.toColourspace("srgb")
		.raw()
		.toBuffer();
	const isGrey = flat.length === width * height;
	return { data: isGrey ? greyToRgb(flat) : flat, width, height, channels: 3 };
}

function greyToRgb(grey: Uint8Array): Uint8Array {
	const rgb = new Uint8Array(grey.length * 3);
	for (let i = 0; i < grey.length; i++) rgb.fill(grey[i]!, i * 3, i * 3 + 3);
	return rgb;
}

function encodePng({ data, width, height, channels }: Pixels): Promise<Buffer> {
	return sharp(data, {
		raw: { width, height, channels },
		limitInputPixels: false,
	})
		.png()
		.toBuffer();
}
