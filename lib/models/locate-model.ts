// Where a model is: 'demo' and other names are folders of the package's models/ or models that were pulled, everything else
// is a path.
import { readdir, stat } from "node:fs/promises";
import { extname, join, resolve } from "node:path";
import { AlfaError } from "../errors.js";
import { listed, nearest } from "../options/validate.js";
import { packageRoot } from "../util/package.js";
import { isRepository, knownModel, knownModels } from "./known-models.js";
import { findPulled, listPulled } from "./pulled-models.js";

const shelf = join(packageRoot, "models");
const config = ["open_clip_config.json", "config.json"];
const pickled = [".pt", ".pth", ".bin", ".ckpt", ".pkl"];

export interface ListedModel {
	name: string;
	directory: string;
	source: "package" | "pulled";
}

/** Names of the models at hand, and their folders: the package's own first, then those that were pulled and are whole. */
export async function listModels(): Promise<ListedModel[]> {
	const names = await namesIn(shelf);
	const own: ListedModel[] = [];
	for (const name of names.sort()) {
		const directory = join(shelf, name);
		if (await holdsConfig(directory))
			own.push({ name, directory, source: "package" });
	}
	const whole = (await listPulled()).filter(
		({ missing }) => missing.length === 0,
	);
	return [
		...own,
		...whole.map(
			({ manifest: { name }, directory }): ListedModel => ({
				name,
				directory,
				source: "pulled",
			}),
		),
	];
}

/** The folder of a model given by name or path; a name comes first ('./demo' is the path). */
export async function locateModel(model: string): Promise<string> {
	const named = (await listModels()).find((each) => each.name === model);
	if (named) return named.directory;
	if (model === "demo")
		throw new AlfaError(
			"ERR_ALFA_MODEL_NOT_FOUND",
			`The package's own model is missing from ${shelf}; install alfa-vad again`,
		);
	const path = resolve(model);
	const found = await stat(path).catch(() => undefined);
	if (found?.isDirectory()) return path;
	if (knownModel(model) || isRepository(model)) await refuseUnpulled(model);
	if (pickled.includes(extname(model).toLowerCase())) {
		throw new AlfaError(
			"ERR_ALFA_MODEL_UNSUPPORTED",
			`${model} is a PyTorch pickle, which can run code when opened and is not read here. ` +
				"Convert it: load it in Python with open_clip, transformers or timm, save the weights with safetensors.torch.save_file, " +
				"and give the folder that holds the .safetensors file, its config and, for a CLIP model, tokenizer.json",
		);
	}
	if (found) {
		throw new AlfaError(
			"ERR_ALFA_MODEL_UNSUPPORTED",
			`${model} is a file; give the folder that holds the weights (.safetensors), ` +
				`${listed(config)}, and a CLIP model's tokenizer.json`,
		);
	}
	const names = (await listModels()).map((each) => each.name);
	const near = nearest(
		model,
		knownModels.map((each) => each.name),
	);
	throw new AlfaError(
		"ERR_ALFA_MODEL_NOT_FOUND",
		`There is no model '${model}': no folder of that path (${path}), and of the names ` +
			(names.length
				? `there ${names.length === 1 ? "is" : "are"} ${listed(names)}`
				: `there are none in ${shelf}`) +
			(near
				? `. Did you mean '${near}', which \`alfa models pull ${near}\` downloads?`
				: isRepository(model)
					? `. If it is a repository on the Hugging Face hub: alfa models pull ${model}`
					: ""),
	);
}

/** Throws for a name that could be here but is not, or not whole; a repository's name may be a path as well. */
async function refuseUnpulled(model: string): Promise<void> {
	const damaged = await findPulled(model);
	if (!damaged && !knownModel(model)) return;
	throw new AlfaError(
		"ERR_ALFA_MODEL_NOT_FOUND",
		damaged
			? `The model '${model}' is not whole: ${listed(damaged.missing)} in ${damaged.directory} is missing or cut short. Get it again: alfa models pull ${model}`
			: `The model '${model}' is not on this machine. Download it: alfa models pull ${model}`,
	);
}

async function holdsConfig(directory: string): Promise<boolean> {
	const names = await namesIn(directory);
	return config.some((each) => names.includes(each));
}

/** None of a folder that is not there. */
function namesIn(directory: string): Promise<string[]> {
	return readdir(directory).catch((cause: NodeJS.ErrnoException) => {
		if (cause.code !== "ENOMEM") return [];
		throw new AlfaError(
			"ERR_ALFA_MEMORY",
			`There is not enough memory to look into ${directory}; give the process more (ulimit -v)`,
			{ cause },
		);
	});
}
