import { scoreMutually } from "./category/mutual.js";
import { imageSource } from "./category/options.js";
import type { ReferenceInfo } from "./category/references.js";
import { saveCategory } from "./category/saved-file.js";
import type { CategoryState } from "./category/state.js";
import { createDetection, type Detection } from "./detection.js";
import { argumentError, rangeError } from "./errors.js";
import { type ImageInput, loadImage } from "./images/input.js";
import { eachImage, type OnImageProblem } from "./images/stream.js";
import type { Session } from "./native/session.js";
import type { ImageReading } from "./options/reading.js";
import * as check from "./options/validate.js";
import type { PromptSet } from "./prompts/prompt-set.js";
import type { RecipeName } from "./recipes.js";
import type { Settings } from "./settings/settings.js";
import { type Source, totalOf } from "./util/ordered.js";
import { quantile } from "./util/quantile.js";

export interface StreamOptions {
	signal?: AbortSignal;
	/** Called after each image. `total` is known if the images are an array or a set. */
	onProgress?: (progress: { done: number; total?: number }) => void;
}

export interface DetectManyOptions extends StreamOptions {
	/**
	 * 'throw' (default): an image that fails throws when its turn comes, and the stream ends. 'skip': it yields nothing,
	 * `onProblem` receives it, and the stream goes on. An abort, a closed engine or an error of the source always throws.
	 */
	onError?: "throw" | "skip";
	/** For 'skip': called for each image that failed, in the order of the images. */
	onProblem?: OnImageProblem;
}

export interface Calibration {
	/** From now on, images with a score above it are anomalous. */
	threshold: number;
	/** From now on, map values above it form regions; undefined for recipes without a map. */
	pixelThreshold: number | undefined;
	/** Scores of the normal images, in their order. */
	scores: Float64Array;
}

const streamOfImages =
	"an iterable or async iterable of images (use detect for one image)";
const signalCheck = { signal: check.signal };
const streamChecks = { ...signalCheck, onProgress: check.func };
const manyChecks = {
	...streamChecks,
	onError: check.oneOf(["throw", "skip"]),
	onProblem: check.func,
};
const calibrateChecks = {
	...streamChecks,
	quantile: check.number({ min: 0, max: 1 }),
	margin: check.number({ above: 0 }),
};

/** @internal Makes a category: set by the class, whose constructor is private. */
export let wrapCategory: (state: CategoryState) => Category;
/** @internal */
export let stateOf: (category: Category) => CategoryState;
/** @internal Whether the value was made by `wrapCategory`; an object with the prototype only is not enough. */
export let isCategory: (value: unknown) => value is Category;

/**
 * A class to inspect, with its prompts, settings, references and thresholds. `engine.category` and
 * `engine.loadCategory` make one; it is usable until the engine is closed.
 */
export class Category {
	/** The class name that was passed to `engine.category`. */
	readonly name: string;
	readonly recipe: RecipeName;
	/** Every setting, defaults included. */
	readonly settings: Readonly<Settings>;
	/** undefined for recipes that only compare images. */
	readonly prompts: Readonly<PromptSet> | undefined;
	/** The size of the memory bank; undefined without references. */
	readonly references: ReferenceInfo | undefined;
	readonly #state: CategoryState;

	static {
		wrapCategory = (state) => new Category(state);
		stateOf = (category) => category.#state;
		isCategory = (value): value is Category =>
			typeof value === "object" && value !== null && #state in value;
	}

	private constructor(state: CategoryState) {
		this.#state = state;
		this.name = state.name;
		this.recipe = state.recipe;
		this.settings = state.settings;
		this.prompts = state.prompts;
		this.references = state.references;
	}

	/** Images with a score above it are anomalous; undefined until `calibrate` or the option `threshold` sets it. */
	get threshold(): number | undefined {
		return this.#state.threshold;
	}

	/** Map values above it form regions; undefined until `calibrate` or the option `pixelThreshold` sets it. */
	get pixelThreshold(): number | undefined {
		return this.#state.pixelThreshold;
	}

	/**
	 * Scores one image. Rejects with ERR_ALFA_IMAGE, ERR_ALFA_IMAGE_SIZE, ERR_ALFA_QUEUE_FULL, ERR_ALFA_CLOSED,
	 * ERR_ALFA_ARGUMENT for a recipe that needs a stream of images ('musc'), or the signal's reason.
	 */
	async detect(
		image: ImageInput,
		options: { signal?: AbortSignal } = {},
	): Promise<Detection> {
		const { signal } = check.checkOptions(options, "options", signalCheck);
		const { session } = this.#state;
		const [detection] = await session.admit(() =>
			detectImage(session, [this], image, signal),
		);
		return detection!;
	}

	/**
	 * Scores a stream of images and yields the results in their order. At most 2 * maxBatch images are in flight, over
	 * all streams of the engine. An image that fails throws when its turn comes, with its index and name in the message,
	 * or is skipped with `onError: 'skip'`. Leaving the loop cancels the images that are still in flight.
	 */
	detectMany(
		images: Source<ImageInput>,
		options: DetectManyOptions = {},
	): AsyncGenerator<Detection, void, undefined> {
		const checked = check.checkOptions(options, "options", manyChecks);
		const source = imageSource(images, "images", streamOfImages);
		return this.#detectStream(source, checked);
	}

	/**
	 * Sets both thresholds from normal images: the `quantile` (default 0.95) of their scores, and of the highest values
	 * of their maps, each times `margin` (default 1).
	 */
	async calibrate(
		normalImages: Source<ImageInput>,
		options: StreamOptions & { quantile?: number; margin?: number } = {},
	): Promise<Calibration> {
		const {
			quantile: q = 0.95,
			margin = 1,
			...stream
		} = check.checkOptions(options, "options", calibrateChecks);
		const source = imageSource(normalImages, "normalImages", streamOfImages);
		const scores: number[] = [];
		const peaks: number[] = [];
		for await (const { score, localScore } of this.#detectStream(
			source,
			stream,
		)) {
			scores.push(score);
			if (localScore !== undefined) peaks.push(localScore);
		}
		if (scores.length === 0) {
			throw rangeError(
				"Expected at least one normal image for calibrate but received none",
			);
		}
		const threshold = quantile(scores, q) * margin;
		const pixelThreshold =
			peaks.length > 0 ? quantile(peaks, q) * margin : undefined;
		Object.assign(this.#state, { threshold, pixelThreshold });
		return { threshold, pixelThreshold, scores: Float64Array.from(scores) };
	}

	/**
	 * Does the work that would make the first detection slower than the next: it allocates memory and, on a GPU, records
	 * the graphs of every batch size up to `maxBatch`, which can take seconds. Rejects with ERR_ALFA_CLOSED,
	 * ERR_ALFA_MEMORY or the signal's reason.
	 */
	async warmUp(options: { signal?: AbortSignal } = {}): Promise<void> {
		const { signal } = check.checkOptions(options, "options", signalCheck);
		signal?.throwIfAborted();
		rejectMutual(this);
		const { session, handle } = this.#state;
		await session.run(signal, (addon, engine, cancel) =>
			addon.warmUp(engine, handle, cancel),
		);
	}

	/**
	 * Writes the category to a file: prompts and their embeddings, settings, memory bank, thresholds.
	 * `engine.loadCategory` reads it with the same model. Rejects with ERR_ALFA_WRITE.
	 */
	async save(file: string): Promise<void> {
		check.path(file, "file");
		await saveCategory(this.#state, file);
	}

	async *#detectStream(
		images: Source<ImageInput>,
		{ signal, onProgress, onError, onProblem }: DetectManyOptions,
	): AsyncGenerator<Detection, void, undefined> {
		const total = totalOf(images);
		let done = 0;
		const countImage = () => {
			done++;
			onProgress?.({ done, ...(total !== undefined && { total }) });
		};
		const skip: OnImageProblem | undefined =
			onError === "skip"
				? (problem) => {
						onProblem?.(problem);
						countImage();
					}
				: undefined;
		const results = isMutual(this)
			? this.#detectMutually(images, signal, skip)
			: this.#detectEach(images, signal, skip);
		for await (const result of results) {
			countImage();
			yield result;
		}
	}

	#detectEach(
		images: Source<ImageInput>,
		signal: AbortSignal | undefined,
		onProblem: OnImageProblem | undefined,
	): AsyncGenerator<Detection, void, undefined> {
		const { session } = this.#state;
		const stream = {
			limit: session.inFlight,
			kind: "Image",
			signal,
			onProblem,
		};
		return eachImage(images, stream, async (image, _index, _name, signal) => {
			const [detection] = await session.semaphore.run(() =>
				detectImage(session, [this], image, signal),
			);
			return detection!;
		});
	}

	async *#detectMutually(
		images: Source<ImageInput>,
		signal: AbortSignal | undefined,
		onProblem: OnImageProblem | undefined,
	): AsyncGenerator<Detection, void, undefined> {
		const state = this.#state;
		for await (const result of scoreMutually(
			state,
			images,
			signal,
			onProblem,
		)) {
			yield createDetection(state, result);
		}
	}
}

/** @internal Decodes one image and scores it for several categories of the session, which share what they can. */
export async function detectImage(
	session: Session,
	categories: readonly Category[],
	image: ImageInput,
	signal: AbortSignal | undefined,
): Promise<Detection[]> {
	const start = performance.now();
	session.require("image");
	signal?.throwIfAborted();
	categories.forEach(rejectMutual);
	const states = categories.map(stateOf);
	const { pixels, warnings } = await loadImage(
		image,
		commonReading(states),
		signal,
	);
	const decode = performance.now() - start;
	const handles = states.map(({ handle }) => handle);
	const pixelThresholds = states.map(
		({ pixelThreshold }) => pixelThreshold ?? Infinity,
	);
	const results = await session.run(signal, (addon, engine, cancel) =>
		addon.detect(engine, handles, pixels, pixelThresholds, cancel),
	);
	return results.map((native, i) =>
		createDetection(states[i]!, { image, native, warnings, decode, start }),
	);
}

/** The categories share one decoded image, so they must read it in the same way. */
function commonReading(states: readonly CategoryState[]): ImageReading {
	const [first, ...others] = states;
	const { damaged, colour } = first!.reading;
	const other = others.find(
		({ reading }) => reading.damaged !== damaged || reading.colour !== colour,
	);
	if (other) {
		const show = ({ name, reading }: CategoryState) =>
			`'${name}' has damaged '${reading.damaged}' and colour '${reading.colour}'`;
		throw argumentError(
			"The categories of one call must read images in the same way, " +
				`but ${show(first!)}, and ${show(other)}; pass them in separate calls`,
		);
	}
	return first!.reading;
}

/** Whether the images of a stream are scored against each other. */
function isMutual({ settings }: Category): boolean {
	return settings.map === "mutual";
}

function rejectMutual(category: Category): void {
	if (!isMutual(category)) return;
	throw argumentError(
		`The recipe '${category.recipe}' compares images with each other and cannot score a single one; use detectMany`,
	);
}
