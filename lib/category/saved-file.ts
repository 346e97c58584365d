// A saved category: the engine writes the numbers (embeddings, memory bank), lib writes a JSON header. Files may come
// from anywhere, so every part of the header is checked when it is read.
import { lstat } from "node:fs/promises";
import { resolve } from "node:path";
import { AlfaError } from "../errors.js";
import type { NativeStored } from "../native/addon.js";
import type { Session } from "../native/session.js";
import { type ImageReading, readingChecks } from "../options/reading.js";
import { checkOptions, isPlain } from "../options/validate.js";
import { type PromptSet, toPromptSet } from "../prompts/prompt-set.js";
import { type RecipeName, recipeNames } from "../recipes.js";
import type { Settings } from "../settings/settings.js";
import { replaceFile } from "../util/atomic-file.js";
import { visibleText } from "../util/escape.js";
import { frozenCopy } from "../util/frozen-copy.js";
import { parseJson } from "../util/json.js";
import { createHandle } from "./create.js";
import { checkSavedSettings } from "./options.js";
import { referenceInfo } from "./references.js";
import type { CategoryState } from "./state.js";

interface Header {
	name: string;
	recipe: RecipeName;
	settings: Settings;
	prompts?: PromptSet;
	threshold?: number;
	pixelThreshold?: number;
	/** Missing in files of version 0.1. */
	images?: Pick<ImageReading, "damaged" | "colour">;
}

export async function saveCategory(
	{
		session,
		handle,
		name,
		recipe,
		settings,
		prompts,
		threshold,
		pixelThreshold,
		reading: { damaged, colour },
	}: CategoryState,
	file: string,
): Promise<void> {
	const header: Header = {
		name,
		recipe,
		settings,
		...(prompts && { prompts }),
		...(threshold !== undefined && { threshold }),
		...(pixelThreshold !== undefined && { pixelThreshold }),
		images: { damaged, colour },
	};
	const path = resolve(file);
	try {
		await checkReplaceable(path);
		await replaceFile(path, (_handle, temporary) =>
			session.run(undefined, (addon, engine) =>
				addon.saveCategory(engine, handle, JSON.stringify(header), temporary),
			),
		);
	} catch (cause) {
		const { code, syscall } = cause as NodeJS.ErrnoException;
		if (syscall === undefined && code !== "ERR_ALFA_WRITE") throw cause;
		throw new AlfaError(
			"ERR_ALFA_WRITE",
			`${file} cannot be written (${(cause as Error).message}); give a file in a folder that exists, that you ` +
				"can write to, and that has free space",
			{ cause },
		);
	}
}

/** Folders, links, devices and pipes are never replaced. */
async function checkReplaceable(path: string): Promise<void> {
	const found = await lstat(path).catch(() => undefined);
	if (!found || found.isFile()) return;
	const kind = found.isDirectory()
		? "a folder"
		: found.isSymbolicLink()
			? "a symbolic link"
			: "not a regular file";
	throw new AlfaError("ERR_ALFA_WRITE", `it is ${kind}`);
}

export async function loadCategory(
	session: Session,
	file: string,
	signal: AbortSignal | undefined,
): Promise<CategoryState> {
	session.require("image");
	const stored = await session.run(signal, (addon, engine, cancel) =>
		addon.loadCategory(engine, resolve(file), cancel),
	);
	const header = parseHeader(file, stored, session.native.embedDim);
	const { name, recipe, settings, prompts, threshold, pixelThreshold } = header;
	const reading = { ...session.reading, ...header.images };
	const { bank, images = 0, entries = [], descriptors } = stored;
	return {
		session,
		handle: createHandle(session, settings, stored, bank),
		name,
		recipe,
		settings: frozenCopy(settings),
		prompts: prompts && frozenCopy(prompts),
		descriptors,
		references: bank && referenceInfo(images, entries),
		reading,
		threshold,
		pixelThreshold,
	};
}

/** Throws ERR_ALFA_CATEGORY_FILE if a part of the header is invalid or does not fit the numbers. */
function parseHeader(
	file: string,
	stored: NativeStored,
	embedDim: number,
): Header {
	try {
		const header = parseJson(stored.header);
		if (!isPlain(header)) throw new Error("its header is not an object");
		const { name, recipe, prompts, threshold, pixelThreshold, images } = header;
		if (typeof name !== "string") throw new Error("its name is missing");
		if (!isRecipeName(recipe)) throw new Error("its recipe is unknown");
		const set = prompts === undefined ? undefined : toPromptSet(prompts, name);
		checkCounts(set, stored, embedDim);
		return {
			name,
			recipe,
			settings: checkSavedSettings(header["settings"]),
			...(set && { prompts: set }),
			...(isThreshold(threshold) && { threshold }),
			...(isThreshold(pixelThreshold) && { pixelThreshold }),
			...(images !== undefined && { images: checkImages(images) }),
		};
	} catch (cause) {
		const problem = visibleText((cause as Error).message);
		throw new AlfaError(
			"ERR_ALFA_CATEGORY_FILE",
			`${visibleText(file, 500)} is not a category that this version can read: ${problem}; save the category again`,
			{ cause },
		);
	}
}

function checkImages(images: unknown): NonNullable<Header["images"]> {
	const { damaged, colour } = readingChecks;
	checkOptions(images, "images", { damaged, colour });
	return images as NonNullable<Header["images"]>;
}

/** Every text of the prompt set needs one embedding. */
function checkCounts(
	set: PromptSet | undefined,
	{ normal, abnormal, descriptors }: NativeStored,
	embedDim: number,
): void {
	const texts = [set?.normal, set?.abnormal, set?.descriptors].map(
		(list) => list?.length ?? 0,
	);
	const embeddings = [normal, abnormal, descriptors].map(
		(rows) => rows.length / embedDim,
	);
	if (embeddings.some((count, i) => count !== texts[i])) {
		throw new Error(
			`it has ${texts.join(" + ")} texts but ${embeddings.join(" + ")} embeddings`,
		);
	}
}

function isRecipeName(value: unknown): value is RecipeName {
	return recipeNames.includes(value as RecipeName);
}

function isThreshold(value: unknown): value is number {
	if (value === undefined) return false;
	if (typeof value !== "number" || !(value >= 0))
		throw new Error("a threshold is not a number of at least 0");
	return true;
}
