import { resolve } from "node:path";
import type { CategoryHandle, NativeResult } from "./native/addon.js";
import {
	isSource,
	type CategoryOptions,
	type ResolvedCategory,
} from "./options/category.js";
import {
	func,
	number,
	checkOptions,
	signal,
	text,
	wrongType,
} from "./options/validate.js";
import {
	argumentError,
	withLocation,
	rangeError,
	callNative,
} from "./errors.js";
import { deepFreeze } from "./util/freeze.js";
import { loadImage, imageName, type ImageInput } from "./images/input.js";
import { judgeMutually } from "./category/mutual.js";
import { nativeSettings, type Settings } from "./native/settings.js";
import { ordered, totalOf, type Source } from "./util/ordered.js";
import type { PromptSet } from "./prompts/prompt-set.js";
import { quantileOf } from "./util/quantile.js";
import type { RecipeName } from "./recipes.js";
import {
	buildBank,
	type Bank,
	type ReferenceInfo,
} from "./category/references.js";
import { Detection } from "./detection.js";
import type { Session } from "./native/session.js";
import { decodeHeader, encodeHeader } from "./category/saved-file.js";

export interface StreamOptions {
	signal?: AbortSignal;
	/** After each image; `total` where the images are an array or a set. */
	onProgress?: (progress: { done: number; total?: number }) => void;
}

export interface Calibration {
	/** Image scores above it are anomalous from now on. */
	threshold: number;
	/** Map values above it make regions from now on; undefined for recipes without a map. */
	pixelThreshold: number | undefined;
	/** Scores of the normal images, in their order. */
	scores: Float64Array;
}

const streamChecks = { signal, onProgress: func };
const none = new Float32Array(0);

interface Made {
	handle: CategoryHandle;
	name: string;
	recipe: RecipeName;
	settings: Settings;
	prompts: PromptSet | undefined;
	descriptors: Float32Array;
	references: ReferenceInfo | undefined;
	threshold: number | undefined;
	pixelThreshold: number | undefined;
}

/** A class of things to inspect: made by `engine.category` or `engine.loadCategory`, usable until the engine closes. */
export class Category {
	/** As given to `engine.category`. */
	readonly name: string;
	readonly recipe: RecipeName;
	/** Every setting, defaults filled in. */
	readonly settings: Readonly<Settings>;
	/** undefined for recipes that compare pictures alone. */
	readonly prompts: Readonly<PromptSet> | undefined;
	/** What is kept of the references; undefined without any. */
	readonly references: ReferenceInfo | undefined;
	readonly #session: Session;
	readonly #handle: CategoryHandle;
	readonly #descriptors: Float32Array;
	#threshold: number | undefined;
	#pixelThreshold: number | undefined;

	private constructor(session: Session, made: Made) {
		this.#session = session;
		this.#handle = made.handle;
		this.#descriptors = made.descriptors;
		this.#threshold = made.threshold;
		this.#pixelThreshold = made.pixelThreshold;
		this.name = made.name;
		this.recipe = made.recipe;
		this.settings = deepFreeze(made.settings);
		this.prompts = made.prompts && deepFreeze(made.prompts);
		this.references = made.references;
	}

	/** @internal */
	static async create(
		session: Session,
		resolved: ResolvedCategory,
		{ threshold, pixelThreshold, signal, onProgress }: CategoryOptions,
	): Promise<Category> {
		const { settings, prompts } = resolved;
		const width = session.native.embedDim;
		let normal: Float32Array = none,
			abnormal: Float32Array = none,
			descriptors: Float32Array = none;
		if (prompts) {
			const texts = [
				prompts.normal,
				prompts.abnormal,
				prompts.descriptors ?? [],
			];
			const rows = await session.encode(texts.flat(), signal);
			let at = 0;
			[normal, abnormal, descriptors] = texts.map(({ length }) =>
				rows.slice(at * width, (at += length) * width),
			) as [Float32Array, Float32Array, Float32Array];
		}
		// Made without its references first: settings that the model refuses are told before a thousand pictures are read.
		const make = (bank?: Bank) =>
			madeBy(session, settings, normal, abnormal, descriptors, bank);
		let handle = make();
		const bank =
			resolved.references &&
			(await buildBank(
				session,
				settings,
				resolved.references,
				signal,
				onProgress,
			));
		if (bank) handle = make(bank);
		return new Category(session, {
			...resolved,
			handle,
			descriptors,
			references: bank?.info,
			threshold,
			pixelThreshold,
		});
	}

	/** @internal */
	static async load(
		session: Session,
		file: string,
		abort: AbortSignal | undefined,
	): Promise<Category> {
		session.require("image");
		const stored = await session.run(abort, (addon, engine, cancel) =>
			addon.loadCategory(engine, resolve(file), cancel),
		);
		const header = decodeHeader(file, stored, session.native.embedDim);
		const {
			bank,
			images = 0,
			entries = [],
			normal,
			abnormal,
			descriptors,
		} = stored;
		const references =
			bank && Object.freeze({ images, entries: Object.freeze(entries) });
		const handle = madeBy(
			session,
			header.settings,
			normal,
			abnormal,
			descriptors,
			bank && { handle: bank, info: references! },
		);
		const { name, recipe, settings, prompts, threshold, pixelThreshold } =
			header;
		return new Category(session, {
			handle,
			name,
			recipe,
			settings,
			prompts,
			descriptors,
			references,
			threshold,
			pixelThreshold,
		});
	}

	/**
	 * Writes the category whole: prompts and their embeddings, settings, what is kept of the references, thresholds.
	 * `engine.loadCategory` reads it back with the same model. Rejects with ERR_ALFA_WRITE.
	 */
	async save(file: string): Promise<void> {
		text(file, "file");
		const { name, recipe, settings, prompts } = this;
		const header = encodeHeader({
			name,
			recipe,
			settings,
			...(prompts && { prompts }),
			...(this.#threshold !== undefined && { threshold: this.#threshold }),
			...(this.#pixelThreshold !== undefined && {
				pixelThreshold: this.#pixelThreshold,
			}),
		});
		await this.#session.run(undefined, (addon, engine) =>
			addon.saveCategory(engine, this.#handle, header, resolve(file)),
		);
	}

	/** Image scores above it are anomalous; undefined until `calibrate` or the `threshold` option sets it. */
	get threshold(): number | undefined {
		return this.#threshold;
	}

	/** Map values above it make regions; undefined until `calibrate` or the `pixelThreshold` option sets it. */
	get pixelThreshold(): number | undefined {
		return this.#pixelThreshold;
	}

	/** Scores one image. Rejects with ERR_ALFA_IMAGE, ERR_ALFA_IMAGE_SIZE, ERR_ALFA_QUEUE_FULL, ERR_ALFA_CLOSED or the signal's reason. */
	async detect(
		image: ImageInput,
		options: { signal?: AbortSignal } = {},
	): Promise<Detection> {
		checkOptions(options, "options", { signal });
		return (
			await Category.detectTogether(
				this.#session,
				image,
				[this],
				options.signal,
			)
		)[0]!;
	}

	/**
	 * Does ahead what a first detection would do, so that none is slower than the next: memory, and on a GPU the recorded
	 * graphs of every batch size up to `maxBatch`, which can take seconds. Rejects with ERR_ALFA_CLOSED, ERR_ALFA_MEMORY or
	 * the signal's reason.
	 */
	async warmUp(options: { signal?: AbortSignal } = {}): Promise<void> {
		checkOptions(options, "options", { signal });
		options.signal?.throwIfAborted();
		refuseMutual(this);
		await this.#session.run(options.signal, (addon, engine, cancel) =>
			addon.warmUp(engine, this.#handle, cancel),
		);
	}

	/** @internal One image for several categories, sharing what they can. */
	static async detectTogether(
		session: Session,
		image: ImageInput,
		categories: readonly Category[],
		abort: AbortSignal | undefined,
	): Promise<Detection[]> {
		const start = performance.now();
		session.require("image");
		abort?.throwIfAborted();
		categories.forEach(refuseMutual);
		const picture = await loadImage(image, abort);
		const decode = performance.now() - start;
		const thresholds = categories.map(
			(each) => each.#pixelThreshold ?? Infinity,
		);
		const natives = await session.run(abort, (addon, engine, cancel) =>
			addon.detect(
				engine,
				categories.map((each) => each.#handle),
				picture,
				thresholds,
				cancel,
			),
		);
		return natives.map((native, i) =>
			categories[i]!.#result(native, image, decode, start),
		);
	}

	/** @internal */
	belongsTo(session: Session): boolean {
		return this.#session === session;
	}

	/**
	 * Scores images as they come, results in their order, 2 * maxBatch at a time in flight over all streams of the engine.
	 * An image that fails throws in its place, its index and name in the message; leaving the loop cancels what still runs.
	 */
	detectMany(
		images: Source<ImageInput>,
		options: StreamOptions = {},
	): AsyncGenerator<Detection, void, undefined> {
		checkOptions(options, "options", streamChecks);
		checkSource(images, "images");
		return this.#stream(images, options);
	}

	/**
	 * Sets both thresholds from normal images alone: the `quantile` (default 0.95, between order statistics linearly) of
	 * their scores, and of the highest values of their maps, each times `margin` (default 1).
	 */
	async calibrate(
		normalImages: Source<ImageInput>,
		options: StreamOptions & { quantile?: number; margin?: number } = {},
	): Promise<Calibration> {
		checkOptions(options, "options", {
			...streamChecks,
			quantile: number({ min: 0, max: 1 }),
			margin: number({ above: 0 }),
		});
		checkSource(normalImages, "normalImages");
		const scores: number[] = [];
		const peaks: number[] = [];
		for await (const { score, localScore } of this.#stream(
			normalImages,
			options,
		)) {
			scores.push(score);
			if (localScore !== undefined) peaks.push(localScore);
		}
		if (scores.length === 0)
			throw rangeError(
				"Expected at least one normal image for calibrate but received none",
			);
		const limit = (values: number[]) =>
			quantileOf(values, options.quantile ?? 0.95) * (options.margin ?? 1);
		const threshold = (this.#threshold = limit(scores));
		const pixelThreshold = (this.#pixelThreshold =
			peaks.length > 0 ? limit(peaks) : undefined);
		return { threshold, pixelThreshold, scores: Float64Array.from(scores) };
	}

	async *#stream(
		images: Source<ImageInput>,
		{ signal, onProgress }: StreamOptions,
	): AsyncGenerator<Detection, void, undefined> {
		const total = totalOf(images);
		let done = 0;
		for await (const result of this.settings.map === "mutual"
			? this.#mutual(images, signal)
			: this.#each(images, signal)) {
			onProgress?.({ done: ++done, ...(total !== undefined && { total }) });
			yield result;
		}
	}

	#each(
		images: Source<ImageInput>,
		signal: AbortSignal | undefined,
	): AsyncGenerator<Detection, void, undefined> {
		const { semaphore, inFlight } = this.#session;
		return ordered(images, inFlight, signal, async (image, index, signal) => {
			try {
				return await semaphore.run(
					async () =>
						(
							await Category.detectTogether(
								this.#session,
								image,
								[this],
								signal,
							)
						)[0]!,
				);
			} catch (error) {
				throw withLocation(error, `Image ${index} (${imageName(image)})`);
			}
		});
	}

	async *#mutual(
		images: Source<ImageInput>,
		signal: AbortSignal | undefined,
	): AsyncGenerator<Detection, void, undefined> {
		for await (const { native, image, decode, start } of judgeMutually(
			this.#session,
			this.#handle,
			images,
			this.#pixelThreshold ?? Infinity,
			signal,
		)) {
			yield this.#result(native, image, decode, start);
		}
	}

	#result(
		native: NativeResult,
		image: ImageInput,
		decode: number,
		start: number,
	): Detection {
		const timings = {
			decode,
			...native.timings,
			total: performance.now() - start,
		};
		const {
			settings: { fit, resolution },
			threshold,
			prompts,
		} = this;
		return new Detection(native, timings, {
			image,
			fit,
			resolution,
			threshold,
			prompts: prompts ?? noPrompts,
			descriptors: this.#descriptors,
		});
	}
}

const noPrompts = { normal: [], abnormal: [] };

function madeBy(
	session: Session,
	settings: Settings,
	normal: Float32Array,
	abnormal: Float32Array,
	descriptors: Float32Array,
	bank: Bank | undefined,
): CategoryHandle {
	session.require();
	return callNative(() =>
		session.addon.createCategory(
			session.engine,
			nativeSettings(settings, session.native.layers),
			normal,
			abnormal,
			descriptors,
			bank?.handle,
		),
	);
}

function refuseMutual({ settings, recipe }: Category): void {
	if (settings.map === "mutual")
		throw argumentError(
			`The recipe '${recipe}' compares images with each other; give them to detectMany`,
		);
}

function checkSource(
	images: unknown,
	name: string,
): asserts images is Source<ImageInput> {
	if (!isSource(images))
		throw wrongType(
			"an iterable or async iterable of images (one image goes to detect)",
			name,
			images,
		);
}
