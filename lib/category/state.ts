import type { CategoryHandle } from "../native/addon.js";
import type { Session } from "../native/session.js";
import type { ImageReading } from "../options/reading.js";
import type { PromptSet } from "../prompts/prompt-set.js";
import type { RecipeName } from "../recipes.js";
import type { Settings } from "../settings/settings.js";
import type { ReferenceInfo } from "./references.js";

/** What a category holds, behind the public class. Only the thresholds change after it has been created. */
export interface CategoryState {
	readonly session: Session;
	readonly handle: CategoryHandle;
	readonly name: string;
	readonly recipe: RecipeName;
	readonly settings: Settings;
	/** undefined for recipes that only compare images. */
	readonly prompts: PromptSet | undefined;
	/** Embeddings of the prompt set's descriptors, [descriptors * embedDim], unit rows. */
	readonly descriptors: Float32Array;
	readonly references: ReferenceInfo | undefined;
	/** How images of this category are read. */
	readonly reading: ImageReading;
	threshold: number | undefined;
	pixelThreshold: number | undefined;
}
