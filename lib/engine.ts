import { resolve } from "node:path";
import { cacheDirectory } from "./cache/directory.js";
import { Category } from "./category.js";
import type { Detection } from "./detection.js";
import { AlfaError, fromNative, rangeError } from "./errors.js";
import { type ImageInput, loadImage } from "./images/input.js";
import { locateModel } from "./models/locate-model.js";
import {
	type EngineHandle,
	loadAddon,
	type NativeInfo,
} from "./native/addon.js";
import { Session } from "./native/session.js";
import { chooseDevice } from "./onnxruntime/device.js";
import { type CategoryOptions, resolveCategory } from "./options/category.js";
import { checkEngineOptions, type EngineOptions } from "./options/engine.js";
import {
	arrayOf,
	checkOptions,
	oneOf,
	signal,
	text,
	wrongType,
} from "./options/validate.js";
import { makeDirectory } from "./util/make-directory.js";

export interface EngineInfo extends Readonly<NativeInfo> {
	/** As asked for. */
	readonly model: string;
	/** Where it lies. */
	readonly directory: string;
	/** Why 'auto' took the device that it took; undefined where one was asked for by name. */
	readonly deviceReason?: string;
}

/**
 * A model, open and ready. Any number of calls may run at a time; they share the engine's own thread, never the event
 * loop's. Close it, or declare it with `await using`.
 */
export class Engine {
	/** What was opened, on what: model, layout, device, precision, imageSize (px), grid (patches a side), embedDim, ... */
	readonly info: EngineInfo;
	readonly #session: Session;

	private constructor(session: Session, info: EngineInfo) {
		this.#session = session;
		this.info = info;
	}

	/**
	 * Opens a model; every option may be left out. Rejects with ERR_ALFA_MODEL_NOT_FOUND, _CORRUPT, _UNSUPPORTED,
	 * _MISMATCH, ERR_ALFA_DEVICE, ERR_ALFA_RUNTIME, ERR_ALFA_ADDON, or a TypeError or RangeError for a wrong option.
	 */
	static async open(options: EngineOptions = {}): Promise<Engine> {
		const {
			model = "demo",
			device = "auto",
			imageSize,
			precision = "auto",
			threads = 0,
			maxBatch = 8,
			queue = 64,
			gpuMemory = 0,
			batchWait = 0,
			cache = true,
			signal,
			logger,
		} = checkEngineOptions(options);
		signal?.throwIfAborted();
		const directory = await locateModel(model);
		const addon = loadAddon();
		const { reason, ...chosen } = chooseDevice(device);
		let handle: EngineHandle | undefined;
		try {
			handle = await addon.openEngine({
				directory,
				...chosen,
				gpuMemory,
				batchWait: Math.round(batchWait * 1000),
				precision,
				threads,
				maxBatch,
				queue,
				...(imageSize !== undefined && { imageSize }),
				...(logger && { log: (level, message) => logger[level]?.(message) }),
			});
			signal?.throwIfAborted();
			const native = addon.info(handle);
			const session = new Session(addon, handle, native, directory, {
				maxBatch,
				queue,
				cache: cache === true ? cacheDirectory() : cache || undefined,
				warn: (message) => logger?.warn?.(message),
			});
			return new Engine(
				session,
				Object.freeze({
					...native,
					model,
					directory,
					...(reason !== undefined && { deviceReason: reason }),
				}),
			);
		} catch (error) {
			if (handle) await addon.closeEngine(handle);
			throw fromNative(error, signal);
		}
	}

	/** The image's embedding, [E], a unit vector. `fit`: as in a category, default 'squash'. */
	async embedImage(
		image: ImageInput,
		options: { fit?: "squash" | "crop"; signal?: AbortSignal } = {},
	): Promise<Float32Array> {
		checkOptions(options, "options", {
			fit: oneOf(["squash", "crop"]),
			signal,
		});
		this.#session.require("image");
		options.signal?.throwIfAborted();
		const picture = await loadImage(image, options.signal);
		return this.#session.run(options.signal, (addon, engine, cancel) =>
			addon.embedImage(engine, picture, options.fit ?? "squash", cancel),
		);
	}

	/**
	 * The texts' embeddings, [n*E], unit rows in their order. Texts longer than the model's context (77 tokens for CLIP)
	 * are cut. Each (model, text) is encoded once and kept, up to 4096 texts.
	 */
	async embedText(
		texts: string | readonly string[],
		options: { signal?: AbortSignal } = {},
	): Promise<Float32Array> {
		checkOptions(options, "options", { signal });
		const list = typeof texts === "string" ? [texts] : texts;
		arrayOf(
			(each, name) => {
				if (typeof each !== "string") throw wrongType("a string", name, each);
			},
			{ what: "a string or an array of strings" },
		)(list, "texts");
		return this.#session.encode(list, options.signal);
	}

	/** How many tokens the text has, start and end included; past the model's context (`info.context`, 77 for CLIP) it is cut. */
	async countTokens(given: string): Promise<number> {
		if (typeof given !== "string") throw wrongType("a string", "text", given);
		return this.#session.countTokens(given);
	}

	/**
	 * A class of things to inspect, its prompts encoded, its references seen. `name` goes into the prompts, cleaned
	 * ("metal_nut" -> "metal nut"). Rejects with a TypeError or RangeError for wrong options and such as contradict each
	 * other, ERR_ALFA_MODEL_UNSUPPORTED where the recipe reads prompts and the model has no text tower.
	 */
	async category(
		name: string,
		options: CategoryOptions = {},
	): Promise<Category> {
		this.#session.require("image");
		return Category.create(
			this.#session,
			resolveCategory(name, options),
			options,
		);
	}

	/**
	 * A category that `category.save` wrote, its references and thresholds with it. Rejects with ERR_ALFA_CATEGORY_FILE for
	 * a file that is none or is damaged, ERR_ALFA_MODEL_MISMATCH where another model saved it.
	 */
	async loadCategory(
		file: string,
		options: { signal?: AbortSignal } = {},
	): Promise<Category> {
		text(file, "file");
		checkOptions(options, "options", { signal });
		return Category.load(this.#session, file, options.signal);
	}

	/** One image for several categories of this engine, which share its forward where their settings let them: results in their order. */
	async detect(
		image: ImageInput,
		categories: readonly Category[],
		options: { signal?: AbortSignal } = {},
	): Promise<Detection[]> {
		checkOptions(options, "options", { signal });
		arrayOf(
			(each, name) => {
				if (!(each instanceof Category))
					throw wrongType("a category", name, each);
			},
			{ min: 1, max: 1024, what: "an array of categories" },
		)(categories, "categories");
		const stranger = categories.findIndex(
			(each) => !each.belongsTo(this.#session),
		);
		if (stranger >= 0)
			throw rangeError(
				`Expected categories of this engine but received one of another at categories[${stranger}]`,
			);
		return Category.detectTogether(
			this.#session,
			image,
			categories,
			options.signal,
		);
	}

	/** Texts that went through the text tower since opening; cached ones do not. */
	get encodedTexts(): number {
		return this.#session.encodedTexts;
	}

	/** Writes the towers as ONNX files into the folder, which is made where it is missing. Rejects with ERR_ALFA_WRITE. */
	async exportOnnx(directory: string): Promise<void> {
		text(directory, "directory");
		this.#session.require();
		await makeDirectory(directory).catch((cause: Error) => {
			throw new AlfaError(
				"ERR_ALFA_WRITE",
				`The folder ${directory} cannot be made (${cause.message}); give a folder that exists or can be made`,
				{ cause },
			);
		});
		await this.#session.run(undefined, (addon, engine) =>
			addon.exportOnnx(engine, resolve(directory)),
		);
	}

	/** Waiting calls reject with ERR_ALFA_CLOSED, the running one ends first. Closing again waits for the same close. */
	close(): Promise<void> {
		return this.#session.close();
	}

	async [Symbol.asyncDispose](): Promise<void> {
		await this.close();
	}
}
