// The settings object that native code reads: names and values are those of the table in settings/settings.ts.
// What depends on the model or stands for a default is resolved here. native/settings.h reads every key.

import { rangeError } from "../errors.js";
import {
	context as contextGroup,
	type Settings,
} from "../settings/settings.js";

/** `Value` without the strings 'on' and 'off'. */
type Details<Value> = Exclude<Value, string>;

export interface NativeSettings
	extends Omit<Settings, "prompts" | "context" | "features" | "tile"> {
	context: Details<Settings["context"]> & { enabled: boolean };
	features: Omit<Settings["features"], "layers" | "depths"> & {
		layers: readonly number[];
	};
	/** size 0: no tiles */
	tile: { size: number; overlap: number };
}

/** `modelLayers`: the number of blocks of the image tower. */
export function nativeSettings(
	settings: Settings,
	modelLayers: number,
): NativeSettings {
	const { prompts: _, context, features, tile, ...unchanged } = settings;
	const { layers: _layers, depths: _depths, ...otherFeatures } = features;
	const details = typeof context === "string" ? contextGroup.default : context;
	return {
		...unchanged,
		context: { ...details, enabled: context !== "off" },
		features: { ...otherFeatures, layers: blocks(features, modelLayers) },
		tile: tile ?? { size: 0, overlap: 0 },
	};
}

/** The blocks that the features name, from 1, in rising order, without repetition. */
function blocks(
	{ layers, depths = [] }: Settings["features"],
	count: number,
): number[] {
	const numbers =
		layers?.map((layer) => (layer < 0 ? count + 1 + layer : layer)) ??
		depths.map((depth) => Math.max(1, Math.round(depth * count)));
	if (numbers.some((block) => block < 1 || block > count))
		throw rangeError(
			`Expected features.layers from 1 to the model's ${count} blocks, or -1 to -${count}, ` +
				`but received ${layers!.join(", ")}`,
		);
	return [...new Set(numbers)].sort((a, b) => a - b);
}
