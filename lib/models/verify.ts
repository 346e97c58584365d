// Reads the files of pulled models again and compares them with their manifests.
import { join } from "node:path";
import { hashFile } from "../download/digest.js";
import { AlfaError } from "../errors.js";
import { listed } from "../options/validate.js";
import {
	findPulledModel,
	listPulledModels,
	type PulledFile,
} from "./pulled-models.js";

export interface FileCheck {
	model: string;
	file: string;
	/**
	 * What is wrong with the file, as the end of a sentence that starts with its name. Left out for a
	 * good file.
	 */
	problem?: string;
}

/**
 * Checks every file of one pulled model, or of all. Yields one result per file. Throws
 * ERR_ALFA_MODEL_NOT_FOUND if no model of that name was pulled.
 */
export async function* verifyModels(
	name?: string,
	signal?: AbortSignal,
): AsyncGenerator<FileCheck> {
	const models =
		name === undefined
			? await listPulledModels()
			: [await findPulledModel(name)];
	for (const model of models) {
		if (!model) throw await notPulled(name!);
		const { directory, manifest } = model;
		for (const file of manifest.files) {
			const problem = await findProblem(directory, file, signal);
			const check = { model: manifest.name, file: file.file };
			yield problem === undefined ? check : { ...check, problem };
		}
	}
}

async function findProblem(
	directory: string,
	{ file, size, sha256 }: PulledFile,
	signal: AbortSignal | undefined,
): Promise<string | undefined> {
	try {
		const found = await hashFile(join(directory, file), size, signal);
		if (!found) return `is missing, or does not have its ${size} bytes`;
		if (found.sha256 === sha256) return undefined;
		return `is damaged: expected SHA-256 ${sha256}, found ${found.sha256}`;
	} catch (error) {
		signal?.throwIfAborted();
		return `cannot be read (${(error as Error).message})`;
	}
}

async function notPulled(name: string): Promise<AlfaError> {
	const names = (await listPulledModels()).map(({ manifest }) => manifest.name);
	const pulled = names.length > 0 ? listed(names) : "no model";
	return new AlfaError(
		"ERR_ALFA_MODEL_NOT_FOUND",
		`The model '${name}' was not pulled. Pulled so far: ${pulled}. ` +
			"Only models from `alfa models pull` have hashes to check",
	);
}
