import { resolve } from "node:path";
import { findCacheDirectory, noCacheDirectory } from "./cache/directory.js";
import { createCategory } from "./category/create.js";
import { type CategoryOptions, resolveCategory } from "./category/options.js";
import { loadCategory } from "./category/saved-file.js";
import {
	type Category,
	detectImage,
	isCategory,
	stateOf,
	wrapCategory,
} from "./category.js";
import type { Detection } from "./detection.js";
import { AlfaError, fromNative, rangeError } from "./errors.js";
import { type ImageInput, loadImage } from "./images/input.js";
import { locateModel } from "./models/locate-model.js";
import { type EngineHandle, loadAddon } from "./native/addon.js";
import type { ModelInfo } from "./native/model-info.js";
import { nativeQueue, Session } from "./native/session.js";
import { chooseDevice } from "./onnxruntime/device.js";
import {
	type EngineOptions,
	type Logger,
	resolveEngineOptions,
} from "./options/engine.js";
import type { ImageReading } from "./options/reading.js";
import * as check from "./options/validate.js";
import { makeDirectory } from "./util/make-directory.js";

/** What an engine has opened, and on which device. */
export interface EngineInfo extends Readonly<ModelInfo> {
	/** The option `model` as it was passed. */
	readonly model: string;
	/** The folder of the checkpoint. */
	readonly directory: string;
	/** Why 'auto' chose this device; undefined if a device was requested by name. */
	readonly deviceReason?: string;
	/** The options `maxPixels`, `damaged` and `colour`. */
	readonly images: ImageReading;
}

/** @internal Whether the value is an engine; an object with the prototype only is not enough. */
export let isEngine: (value: unknown) => value is Engine;

/**
 * An open model. Any number of calls may run at the same time; they share the engine's own thread and never block the
 * event loop. Call `close` at the end, or declare it with `await using`.
 */
export class Engine {
	/** Model, layout, device, precision, imageSize (pixels), grid (patches per side), embedDim, ... */
	readonly info: EngineInfo;
	readonly #session: Session;

	static {
		isEngine = (value): value is Engine =>
			typeof value === "object" && value !== null && #session in value;
	}

	private constructor(session: Session, info: EngineInfo) {
		this.#session = session;
		this.info = info;
	}

	/**
	 * Opens a model. Every option has a default. Rejects with ERR_ALFA_MODEL_NOT_FOUND, ERR_ALFA_MODEL_CORRUPT,
	 * ERR_ALFA_MODEL_UNSUPPORTED, ERR_ALFA_MODEL_MISMATCH, ERR_ALFA_DEVICE, ERR_ALFA_MEMORY, ERR_ALFA_RUNTIME,
	 * ERR_ALFA_ADDON, ERR_ALFA_UNSUPPORTED, a TypeError or RangeError for a wrong option, or the signal's reason.
	 */
	static async open(options: EngineOptions = {}): Promise<Engine> {
		const {
			model,
			device,
			imageSize,
			precision,
			threads,
			maxBatch,
			queue,
			maxPixels,
			damaged,
			colour,
			gpuMemory,
			batchWait,
			cache,
			signal,
			logger,
		} = resolveEngineOptions(options);
		signal?.throwIfAborted();
		const directory = await locateModel(model);
		const addon = loadAddon();
		const { reason: deviceReason, ...chosenDevice } = chooseDevice(device);
		let handle: EngineHandle | undefined;
		try {
			handle = await addon.openEngine({
				directory,
				...chosenDevice,
				gpuMemory,
				batchWait: Math.round(batchWait * 1000), // milliseconds to microseconds
				precision,
				threads,
				maxBatch,
				queue: nativeQueue(maxBatch, queue),
				...(imageSize !== undefined && { imageSize }),
				...(logger && { log: (level, message) => logger[level]?.(message) }),
			});
			signal?.throwIfAborted();
			const native = addon.info(handle);
			const reading = Object.freeze({ maxPixels, damaged, colour });
			const session = new Session(addon, handle, native, directory, {
				maxBatch,
				queue,
				reading,
				cache: cache === true ? findCache(logger) : cache || undefined,
				debug: (message) => logger?.debug?.(message),
				warn: (message) => logger?.warn?.(message),
			});
			const info = {
				...native,
				model,
				directory,
				images: reading,
				...(deviceReason !== undefined && { deviceReason }),
			};
			return new Engine(session, Object.freeze(info));
		} catch (error) {
			if (handle) await addon.closeEngine(handle);
			throw fromNative(error, signal);
		}
	}

	/** The embedding of an image: [E], a unit vector. `fit` is as in a category, default 'squash'. */
	async embedImage(
		image: ImageInput,
		options: { fit?: "squash" | "crop"; signal?: AbortSignal } = {},
	): Promise<Float32Array> {
		const { fit = "squash", signal } = check.checkOptions(options, "options", {
			fit: check.oneOf(["squash", "crop"]),
			signal: check.signal,
		});
		this.#session.require("image");
		signal?.throwIfAborted();
		const session = this.#session;
		return session.admit(async () => {
			const { pixels } = await loadImage(image, session.reading, signal);
			return session.run(signal, (addon, engine, cancel) =>
				addon.embedImage(engine, pixels, fit, cancel),
			);
		});
	}

	/**
	 * The embeddings of texts: [n * E], unit rows in the order of the texts. Texts longer than the model's context (77
	 * tokens for CLIP) are cut. The engine keeps the embeddings of the last 4096 texts.
	 */
	async embedText(
		texts: string | readonly string[],
		options: { signal?: AbortSignal } = {},
	): Promise<Float32Array> {
		const { signal } = check.checkOptions(options, "options", signalCheck);
		const list = checkTexts(
			typeof texts === "string" ? [texts] : texts,
			"texts",
		);
		return this.#session.encode(list, signal);
	}

	/**
	 * The number of tokens of the text, start and end included. A text with more tokens than `info.context` (77 for
	 * CLIP) is cut when it is embedded.
	 */
	async countTokens(text: string): Promise<number> {
		checkText(text, "text");
		return this.#session.countTokens(text);
	}

	/**
	 * Prepares a class for detection: encodes its prompts and reads its reference images. `name` becomes part of the
	 * prompts, cleaned ("metal_nut" becomes "metal nut"). Rejects with a TypeError or RangeError for options that are
	 * wrong or contradict each other, and with ERR_ALFA_MODEL_UNSUPPORTED if the recipe needs prompts and the model has
	 * no text tower.
	 */
	async category(
		name: string,
		options: CategoryOptions = {},
	): Promise<Category> {
		this.#session.require("image");
		const resolved = resolveCategory(name, options);
		return wrapCategory(await createCategory(this.#session, resolved));
	}

	/**
	 * Reads a category that `category.save` wrote, with its memory bank and thresholds. Rejects with
	 * ERR_ALFA_CATEGORY_FILE if the file is damaged or not a saved category, and with ERR_ALFA_MODEL_MISMATCH if it was
	 * saved with another model.
	 */
	async loadCategory(
		file: string,
		options: { signal?: AbortSignal } = {},
	): Promise<Category> {
		check.path(file, "file");
		const { signal } = check.checkOptions(options, "options", signalCheck);
		return wrapCategory(await loadCategory(this.#session, file, signal));
	}

	/**
	 * Scores one image for several categories of this engine; the results are in the order of the categories. Categories
	 * whose settings allow it share one forward.
	 */
	async detect(
		image: ImageInput,
		categories: readonly Category[],
		options: { signal?: AbortSignal } = {},
	): Promise<Detection[]> {
		const { signal } = check.checkOptions(options, "options", signalCheck);
		const list = checkCategories(categories, "categories");
		const foreign = list.findIndex(
			(category) => stateOf(category).session !== this.#session,
		);
		if (foreign >= 0) {
			throw rangeError(
				`Expected categories of this engine but received a category of another engine at categories[${foreign}]`,
			);
		}
		return this.#session.admit(() =>
			detectImage(this.#session, list, image, signal),
		);
	}

	/** Writes the towers as ONNX files into the folder, and creates the folder if needed. Rejects with ERR_ALFA_WRITE. */
	async exportOnnx(directory: string): Promise<void> {
		check.path(directory, "directory");
		this.#session.require();
		await makeDirectory(directory).catch((cause: Error) => {
			throw new AlfaError(
				"ERR_ALFA_WRITE",
				`The folder ${directory} cannot be created (${cause.message}); choose a folder that you can write to`,
				{ cause },
			);
		});
		await this.#session.run(undefined, (addon, engine) =>
			addon.exportOnnx(engine, resolve(directory)),
		);
	}

	/**
	 * Closes the engine. Calls that wait reject with ERR_ALFA_CLOSED; the one that runs ends first. Later calls of close
	 * return the same promise.
	 */
	close(): Promise<void> {
		return this.#session.close();
	}

	async [Symbol.asyncDispose](): Promise<void> {
		await this.close();
	}
}

function findCache(logger: Logger | undefined): string | undefined {
	const directory = findCacheDirectory();
	if (directory === undefined)
		logger?.warn?.(`Embeddings are not cached. ${noCacheDirectory}`);
	return directory;
}

const signalCheck = { signal: check.signal };

const checkText: check.Check<string> = (value, name) => {
	if (typeof value !== "string") throw check.wrongType("a string", name, value);
	return value;
};
const checkTexts = check.arrayOf(checkText, {
	what: "a string or an array of strings",
});

const checkCategory: check.Check<Category> = (value, name) => {
	if (!isCategory(value)) throw check.wrongType("a category", name, value);
	return value;
};
const checkCategories = check.arrayOf(checkCategory, {
	min: 1,
	max: 1024,
	what: "an array of categories",
});
