// The file that holds a checkpoint's weights.
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { hashFile } from "../download/digest.js";

/** The names that are searched for. A checkpoint has one of them, depending on its layout. */
export const weightFiles = ["open_clip_model.safetensors", "model.safetensors"];

/**
 * The SHA-256 of the weights, or '' if there are none. Takes seconds for a gigabyte; the event
 * loop keeps running.
 */
export async function hashWeights(
	directory: string,
	signal?: AbortSignal,
): Promise<string> {
	for (const name of weightFiles) {
		const file = join(directory, name);
		const found = await stat(file).catch(() => undefined);
		if (!found?.isFile()) continue;
		const hashes = await hashFile(file, found.size, signal);
		if (hashes) return hashes.sha256;
	}
	return "";
}
