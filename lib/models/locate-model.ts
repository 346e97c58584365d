// Finds a model's folder. 'demo' and other names are folders in the package's models/ or pulled
// models. Everything else is a path.
import { readdir, stat } from "node:fs/promises";
import { extname, join, resolve } from "node:path";
import { AlfaError } from "../errors.js";
import { listed, nearest } from "../options/validate.js";
import { packageRoot } from "../util/package.js";
import {
	findKnownModel,
	isRepositoryName,
	knownModels,
} from "./known-models.js";
import { findPulledModel, listPulledModels } from "./pulled-models.js";

const packageModels = join(packageRoot, "models");
const configFiles = ["open_clip_config.json", "config.json"];
const pickleExtensions = [".pt", ".pth", ".bin", ".ckpt", ".pkl"];

export interface ListedModel {
	name: string;
	directory: string;
	source: "package" | "pulled";
}

/** The models on this machine: first those of the package, then the complete pulled ones. */
export async function listModels(): Promise<ListedModel[]> {
	return [...(await listPackageModels()), ...(await listCompleteModels())];
}

async function listPackageModels(): Promise<ListedModel[]> {
	const models: ListedModel[] = [];
	for (const name of (await fileNames(packageModels)).sort()) {
		const directory = join(packageModels, name);
		const names = await fileNames(directory);
		if (configFiles.some((file) => names.includes(file)))
			models.push({ name, directory, source: "package" });
	}
	return models;
}

async function listCompleteModels(): Promise<ListedModel[]> {
	const models = await listPulledModels();
	return models
		.filter(({ missing }) => missing.length === 0)
		.map(({ manifest: { name }, directory }) => ({
			name,
			directory,
			source: "pulled",
		}));
}

/**
 * The folder of a model, given by its name or its path. A name is preferred: './demo' is the path. Throws
 * ERR_ALFA_MODEL_NOT_FOUND, or ERR_ALFA_MODEL_UNSUPPORTED if the path is a file.
 */
export async function locateModel(model: string): Promise<string> {
	const models = await listModels();
	const named = models.find((each) => each.name === model);
	if (named) return named.directory;
	if (model === "demo") {
		throw new AlfaError(
			"ERR_ALFA_MODEL_NOT_FOUND",
			`The demo model is missing from ${packageModels}. Install alfa-vad again`,
		);
	}
	const path = resolve(model);
	const found = await stat(path).catch(() => undefined);
	if (found?.isDirectory()) return path;
	await checkPulled(model);
	if (pickleExtensions.includes(extname(model).toLowerCase()))
		throw pickleError(model);
	if (found) throw fileError(model);
	throw notFound(
		model,
		path,
		models.map(({ name }) => name),
	);
}

/**
 * Throws if the name is one that can be pulled but was not, or not completely. A repository's
 * name may also be a path.
 */
async function checkPulled(model: string): Promise<void> {
	const isKnown = findKnownModel(model) !== undefined;
	if (!isKnown && !isRepositoryName(model)) return;
	const incomplete = await findPulledModel(model);
	if (incomplete) {
		throw new AlfaError(
			"ERR_ALFA_MODEL_NOT_FOUND",
			`The model '${model}' is incomplete: ${listed(incomplete.missing)} in ${incomplete.directory} ` +
				`is missing or has the wrong size. Pull it again: alfa models pull ${model}`,
		);
	}
	if (isKnown) {
		throw new AlfaError(
			"ERR_ALFA_MODEL_NOT_FOUND",
			`The model '${model}' is not on this machine. Pull it: alfa models pull ${model}`,
		);
	}
}

const pickleError = (model: string) =>
	new AlfaError(
		"ERR_ALFA_MODEL_UNSUPPORTED",
		`${model} is a PyTorch pickle. A pickle can run code when it is opened, so alfa-vad does not read it. ` +
			"Load it in Python with open_clip, transformers or timm, " +
			"save the weights with safetensors.torch.save_file, and give the folder that has the .safetensors file, " +
			"its config and, for a CLIP model, tokenizer.json",
	);

const fileError = (model: string) =>
	new AlfaError(
		"ERR_ALFA_MODEL_UNSUPPORTED",
		`${model} is a file. Give the folder that has the weights (.safetensors), ${listed(configFiles)}, ` +
			"and, for a CLIP model, tokenizer.json",
	);

function notFound(
	model: string,
	path: string,
	names: readonly string[],
): AlfaError {
	const near = nearest(
		model,
		knownModels.map(({ name }) => name),
	);
	const available =
		names.length > 0
			? `the models on this machine are ${listed(names)}`
			: `there are no models in ${packageModels}`;
	let suggestion = "";
	if (near)
		suggestion = `. Did you mean '${near}'? Pull it: alfa models pull ${near}`;
	else if (isRepositoryName(model))
		suggestion = `. If it is a repository on the Hugging Face hub, pull it: alfa models pull ${model}`;
	return new AlfaError(
		"ERR_ALFA_MODEL_NOT_FOUND",
		`The model '${model}' was not found: ${path} is not a folder, and ${available}${suggestion}`,
	);
}

/** The names in a folder; empty if the folder cannot be read. */
async function fileNames(directory: string): Promise<string[]> {
	try {
		return await readdir(directory);
	} catch (cause) {
		if ((cause as NodeJS.ErrnoException).code !== "ENOMEM") return [];
		throw new AlfaError(
			"ERR_ALFA_MEMORY",
			`There is not enough memory to read the folder ${directory}. Give the process more memory (ulimit -v)`,
			{ cause },
		);
	}
}
