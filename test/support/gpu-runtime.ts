// A fake GPU build of ONNX Runtime: its archive, as on GitHub and with faults.
import { randomBytes } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Entry, entryType, tgz } from "./archive.js";
import { fakeCore, fakeProvider, fakeSharedProvider } from "./elf.js";
import { temporaryFolder } from "./folder.js";
import { archiveName } from "./release-stub.js";

export const coreName = "libonnxruntime.so.1.30.0";
export const providerName = "libonnxruntime_providers_cuda.so";
export const sharedName = "libonnxruntime_providers_shared.so";

/** The folder in the archive. */
export const archiveRoot = "onnxruntime-linux-x64-gpu-1.30.0";

/** The files of a runtime whose provider needs these libraries. */
export const runtimeFiles = (...needed: string[]): Record<string, Buffer> => ({
	[coreName]: fakeCore(),
	[providerName]: fakeProvider(...needed),
	[sharedName]: fakeSharedProvider(),
});

/** The libraries of the archive. The provider has 300 kB more, so that a download can be interrupted. */
export const libraries: Record<string, Buffer> = {
	...runtimeFiles("libcublas.so.13"),
	[providerName]: Buffer.concat([
		fakeProvider("libcublas.so.13"),
		randomBytes(300_000),
	]),
};

/** The entries of the libraries, some of them replaced, or removed with undefined. */
export const libraryEntries = (
	replaced: Record<string, Buffer | undefined> = {},
): Entry[] =>
	Object.entries({ ...libraries, ...replaced }).flatMap(([name, content]) =>
		content ? [{ name: `${archiveRoot}/lib/${name}`, content }] : [],
	);

/** Like the real archive: folders, headers, links beside the core, and a library that is not needed. */
export const goodArchive = tgz(
	{ name: `${archiveRoot}/`, type: entryType.folder },
	{
		name: `${archiveRoot}/include/onnxruntime_c_api.h`,
		content: Buffer.from("//"),
	},
	{ name: `${archiveRoot}/lib/`, type: entryType.folder },
	...libraryEntries(),
	{
		name: `${archiveRoot}/lib/libonnxruntime.so.1`,
		type: entryType.symbolicLink,
		link: coreName,
	},
	{
		name: `${archiveRoot}/lib/libonnxruntime.so`,
		type: entryType.symbolicLink,
		link: "libonnxruntime.so.1",
	},
	{
		name: `${archiveRoot}/lib/libonnxruntime_providers_tensorrt.so`,
		content: Buffer.from("no"),
	},
	{
		name: `${archiveRoot}/lib/cmake/libonnxruntime.so`,
		content: Buffer.from("no"),
	},
);

/** Saves an archive under its usual name, and returns its path. */
export function saveArchive(content: Buffer): string {
	const file = join(temporaryFolder(), archiveName);
	writeFileSync(file, content);
	return file;
}
