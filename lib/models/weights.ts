// The file that holds a checkpoint's weights.
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { hashesOf } from "../download/digest.js";

/** By layout; a folder has one of them. */
export const weightFiles = ["open_clip_model.safetensors", "model.safetensors"];

/** SHA-256 of all of it, read off the event loop's turns: seconds for a gigabyte. */
export async function weightsHash(
	directory: string,
	signal?: AbortSignal,
): Promise<string> {
	for (const name of weightFiles) {
		const found = await stat(join(directory, name)).catch(() => undefined);
		const hashes = found?.isFile()
			? await hashesOf(join(directory, name), found.size, signal)
			: undefined;
		if (hashes) return hashes.sha256;
	}
	return "";
}
