import { randomUUID } from "node:crypto";
import { rename, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";

/** Writes the file whole or not at all: readers, and writers beside this one, never see a part. Its folder must exist. */
export async function writeFileAtomic(
	file: string,
	data: string | Uint8Array | AsyncIterable<string>,
): Promise<void> {
	const part = join(dirname(file), `.${randomUUID()}.part`);
	try {
		await writeFile(part, data, { flag: "wx" });
		await rename(part, file);
	} catch (error) {
		await rm(part, { force: true }).catch(() => {});
		throw error;
	}
}
