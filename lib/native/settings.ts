// A category's settings in the addon's terms.
import type { NativeSettings } from "./addon.js";
import { rangeError } from "../errors.js";
import type { FeatureOptions, RecipeSettings } from "../recipes.js";
import type { TileOptions } from "../options/category.js";

export type Settings = RecipeSettings & { tile?: TileOptions };

/** `layers`: how many blocks the image tower has. */
export function nativeSettings(
	settings: Settings,
	layers: number,
): NativeSettings {
	const { context, features, bank, tile, map } = settings;
	const detail = typeof context === "object" ? context : {};
	return {
		scales: [...settings.scales],
		context: context !== false && context !== "off",
		slope: detail.slope ?? 1,
		weighting: detail.weighting ?? "uniform",
		fallback: detail.fallback ?? "side",
		temperature: settings.temperature,
		aligner: settings.aligner,
		lambda: settings.lambda,
		values: settings.values,
		classRow: settings.classRow,
		includeGlobal: settings.harmonic.includeGlobal ?? false,
		map: map === "references" || map === "mutual" ? "none" : map,
		smoothing: settings.smoothing,
		alignCorners: settings.alignCorners,
		imageScore: settings.imageScore,
		layers: blocksOf(features, layers),
		neighbourhoods: [...(features.neighbourhoods ?? [1])],
		join: features.join ?? false,
		standardise: features.standardise ?? false,
		featureWindows: features.windows ?? true,
		distance: bank.distance ?? "cosine",
		rotate: bank.augment === "rotate4",
		maxEntries: bank.maxEntries ?? 8192,
		share: bank.share ?? 1,
		seed: bank.seed ?? 0,
		mask: settings.mask,
		tileSize: tile?.size ?? 0,
		tileOverlap: tile ? (tile.overlap ?? Math.floor(tile.size / 4)) : 0,
		fit: settings.fit,
		resolution: settings.resolution,
	};
}

/** Block numbers from 1, rising, each once. */
function blocksOf(
	{ layers, depths = [] }: FeatureOptions,
	count: number,
): number[] {
	const blocks =
		layers?.map((layer) => (layer < 0 ? count + 1 + layer : layer)) ??
		depths.map((depth) => Math.max(1, Math.round(depth * count)));
	const wrong = blocks.find((block) => block < 1 || block > count);
	if (wrong !== undefined)
		throw rangeError(
			`Expected features.layers from 1 to the model's ${count} blocks, or -1 to -${count}, but received ${layers!.join(", ")}`,
		);
	return [...new Set(blocks)].sort((a, b) => a - b);
}
