// The files of pulled models against their manifests: every byte is read again.
import { join } from "node:path";
import { hashesOf } from "../download/digest.js";
import { AlfaError } from "../errors.js";
import { listed } from "../options/validate.js";
import { findPulled, listPulled } from "./pulled-models.js";

export interface Verdict {
	model: string;
	file: string;
	/** undefined where the file is as it came. */
	problem?: string;
}

/** One verdict a file, as they are read. Throws ERR_ALFA_MODEL_NOT_FOUND where that model was not pulled. */
export async function* verifyModels(
	name?: string,
	signal?: AbortSignal,
): AsyncGenerator<Verdict> {
	const pulled =
		name === undefined ? await listPulled() : [await findPulled(name)];
	for (const each of pulled) {
		if (!each) throw await notPulled(name!);
		const {
			directory,
			manifest: { name: model, files },
		} = each;
		for (const { file, size, sha256 } of files) {
			const problem = await problemOf(
				join(directory, file),
				size,
				sha256,
				signal,
			);
			yield { model, file, ...(problem !== undefined && { problem }) };
		}
	}
}

async function problemOf(
	file: string,
	size: number,
	sha256: string,
	signal: AbortSignal | undefined,
): Promise<string | undefined> {
	let found;
	try {
		found = await hashesOf(file, size, signal);
	} catch (error) {
		signal?.throwIfAborted();
		return `cannot be read (${(error as Error).message})`;
	}
	if (!found) return `is missing or has not the ${size} bytes that it had`;
	return found.sha256 === sha256
		? undefined
		: `is damaged: expected SHA-256 ${sha256}, found ${found.sha256}`;
}

async function notPulled(name: string): Promise<AlfaError> {
	const names = (await listPulled()).map(({ manifest }) => manifest.name);
	return new AlfaError(
		"ERR_ALFA_MODEL_NOT_FOUND",
		`No model '${name}' was pulled; ${names.length ? `there ${names.length === 1 ? "is" : "are"} ${listed(names)}` : "none was"}. ` +
			"Only what `alfa models pull` brought has hashes to be checked against",
	);
}
