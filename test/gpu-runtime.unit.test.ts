// How a GPU runtime and CUDA's libraries are found and checked. The files are fakes, and nothing runs on a
// GPU. gpu-command.test.ts tests what users see.
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, test } from "vitest";
import { Engine } from "../dist/index.js";
import {
	findCudaLibraries,
	systemLibraryPaths,
} from "../dist/onnxruntime/cuda-libraries.js";
import {
	createLibraryFinder,
	readLoaderCache,
} from "../dist/onnxruntime/dynamic-loader.js";
import { readElf } from "../dist/onnxruntime/elf.js";
import { findGpuRuntime } from "../dist/onnxruntime/gpu-runtime.js";
import { gpuStatus } from "../dist/onnxruntime/gpu-status.js";
import { gpuArchive, ortVersion } from "../dist/onnxruntime/version.js";
import {
	elfHeaderBytes,
	fakeCore,
	fakeElf,
	fakeProvider,
	fakeSharedProvider,
	segmentBytes,
} from "./support/elf.js";
import { temporaryFolder, writeFolder } from "./support/folder.js";
import {
	coreName,
	providerName,
	runtimeFiles,
	sharedName,
} from "./support/gpu-runtime.js";
import { root, tinyModel } from "./support/paths.js";

const realCore = join(root, "build/Release/libonnxruntime.so.1");

beforeEach(() => {
	process.env["ALFA_CACHE"] = join(temporaryFolder(), "cache");
	delete process.env["ALFA_ORT_DIR"];
});

function findRuntimeIn(folder: string) {
	process.env["ALFA_ORT_DIR"] = folder;
	return findGpuRuntime();
}

test("the version is the one that the package is built with and ships", async () => {
	const pins = JSON.parse(
		readFileSync(join(root, "tools/onnxruntime.json"), "utf8"),
	);
	expect(pins.version).toBe(ortVersion);
	expect(gpuArchive.name).toContain(ortVersion);
	await using engine = await Engine.open({ model: tinyModel });
	expect(engine.info.ortVersion).toBe(ortVersion);
});

describe("readElf", () => {
	const file = join(temporaryFolder(), "lib.so");
	const readBytes = (bytes: Buffer) => {
		writeFileSync(file, bytes);
		return readElf(file);
	};
	const good = fakeElf({
		needed: ["liba.so.1"],
		soname: "libb.so.2",
		versions: ["VERS_1"],
	});
	const change = (write: (bytes: Buffer) => void) => {
		const bytes = Buffer.from(good);
		write(bytes);
		return bytes;
	};

	test("reads what a library needs, its name and its versions", () => {
		const content = {
			machine: 62,
			needed: ["liba.so.1", "libb.so.2"],
			soname: "libc.so.3",
			versions: ["VERS_1.30.0", "VERS_2"],
		};
		expect(readBytes(fakeElf(content))).toEqual(content);
		expect(readBytes(fakeElf())).toEqual({
			machine: 62,
			needed: [],
			versions: [],
		});
	});

	test("reads a real library", () => {
		expect(readElf(realCore)).toMatchObject({
			soname: "libonnxruntime.so.1",
			versions: [`VERS_${ortVersion}`],
			needed: expect.arrayContaining(["libc.so.6", "libstdc++.so.6"]),
		});
	});

	const dynamicSegment = elfHeaderBytes + segmentBytes;
	test.each<[string, Buffer, RegExp]>([
		["an empty file", Buffer.alloc(0), /not an ELF file/],
		["text", Buffer.from("#!/bin/sh\n".repeat(20)), /not an ELF file/],
		[
			"32 bits",
			change((bytes) => {
				bytes[4] = 1;
			}),
			/64 bits/,
		],
		[
			"big-endian",
			change((bytes) => {
				bytes[5] = 2;
			}),
			/little-endian/,
		],
		[
			"a program",
			change((bytes) => bytes.writeUInt16LE(2, 16)),
			/not a shared library/,
		],
		[
			"segments after the end",
			change((bytes) => bytes.writeBigUInt64LE(1n << 40n, 32)),
			/ends too early/,
		],
		[
			"segments at the largest offset",
			change((bytes) => bytes.writeBigUInt64LE(2n ** 64n - 1n, 32)),
			/larger than any file/,
		],
		[
			"too many segments",
			change((bytes) => bytes.writeUInt16LE(65535, 56)),
			/65535 segments/,
		],
		[
			"segments of another size",
			change((bytes) => bytes.writeUInt16LE(32, 54)),
			/unknown format/,
		],
		[
			"no dynamic section",
			change((bytes) => bytes.writeUInt32LE(4, dynamicSegment)),
			/without a dynamic section/,
		],
		[
			"a dynamic section of 2^40 bytes",
			change((bytes) => bytes.writeBigUInt64LE(1n << 40n, dynamicSegment + 32)),
			/bytes in the dynamic section/,
		],
		[
			"a dynamic section after the end",
			change((bytes) =>
				bytes.writeBigUInt64LE(BigInt(good.length - 8), dynamicSegment + 8),
			),
			/ends too early/,
		],
		[
			"names in no segment",
			change((bytes) => bytes.writeBigUInt64LE(1n, elfHeaderBytes + 32)),
			/in no segment/,
		],
		[
			"version definitions without end",
			change((bytes) => {
				const definitions = bytes.indexOf(
					Buffer.from([1, 0, 1, 0, 1, 0, 1, 0]),
				);
				bytes.writeUInt32LE(2 ** 31, definitions + 16);
			}),
			/ends too early/,
		],
	])("refuses %s", (_, bytes, message) =>
		expect(() => readBytes(bytes)).toThrow(message),
	);

	test("throws nothing but clear errors for files cut at any length or changed at any byte", () => {
		const expectClearError = (bytes: Buffer) => {
			try {
				readBytes(bytes);
			} catch (error) {
				expect((error as Error).message).toMatch(
					/^is (not an|a damaged|an) ELF file/,
				);
			}
		};
		for (let end = 0; end < good.length; end += 3)
			expectClearError(good.subarray(0, end));
		for (let i = 0; i < good.length; i++) {
			for (const value of [0x00, 0xff]) {
				expectClearError(
					change((bytes) => {
						bytes[i] = value;
					}),
				);
			}
		}
	});
});

describe("findGpuRuntime", () => {
	const filesIn = (folder: string) =>
		Object.fromEntries(
			Object.entries(runtimeFiles()).map(([name, bytes]) => [
				join(folder, name),
				bytes,
			]),
		);

	test.each([
		["the folder of the files", "", ""],
		["an unpacked release", "lib", ""],
		["Python's onnxruntime", "capi", ""],
		["Python's capi", "onnxruntime/capi", "onnxruntime/capi"],
	])("accepts %s as ALFA_ORT_DIR", (_, inside, ortDir) => {
		const folder = writeFolder("runtime", filesIn(inside));
		expect(findRuntimeIn(join(folder, ortDir))).toMatchObject({
			source: "ALFA_ORT_DIR",
			directory: join(folder, inside),
			version: ortVersion,
			core: join(folder, inside, coreName),
			problems: [],
		});
	});

	test.each(["libonnxruntime.so.1", "libonnxruntime.so"])(
		"finds the core by the link %s",
		(name) => {
			const folder = writeFolder("runtime", {
				"real.bin": fakeCore(),
				[providerName]: fakeProvider(),
				[sharedName]: fakeSharedProvider(),
			});
			symlinkSync("real.bin", join(folder, name));
			expect(findRuntimeIn(folder)).toMatchObject({
				core: join(folder, name),
				version: ortVersion,
				problems: [],
			});
		},
	);

	test("searches the cache without ALFA_ORT_DIR, and names every missing file", () => {
		const directory = join(process.env["ALFA_CACHE"]!, "ort", ortVersion);
		expect(findGpuRuntime()).toMatchObject({
			source: "alfa gpu install",
			directory,
			problems: [
				`${coreName}, ${providerName}, ${sharedName} are not in ${directory}`,
			],
		});
	});

	test.each<[string, Record<string, Buffer>, RegExp]>([
		[
			"is for the CPU only",
			{ [coreName]: fakeCore() },
			/providers_cuda\.so, .*providers_shared\.so are not in .*for the CPU only/,
		],
		[
			"has no shared provider",
			{ [coreName]: fakeCore(), [providerName]: fakeProvider() },
			/^libonnxruntime_providers_shared\.so is not in \S+$/,
		],
		[
			"has another version",
			{ ...runtimeFiles(), [coreName]: fakeCore("1.29.0") },
			/is ONNX Runtime 1\.29\.0; .*only with 1\.30\.0/,
		],
		[
			"has another version in its name",
			{
				"libonnxruntime.so.1.29.0": fakeCore("1.29.0"),
				[providerName]: fakeProvider(),
				[sharedName]: fakeSharedProvider(),
			},
			/so\.1\.29\.0 is ONNX Runtime 1\.29\.0/,
		],
		[
			"states no version",
			{ ...runtimeFiles(), [coreName]: fakeElf() },
			/does not state its version/,
		],
		[
			"has text in place of a library",
			{ ...runtimeFiles(), [providerName]: Buffer.from("words") },
			/providers_cuda\.so is not an ELF file/,
		],
		[
			"is for another processor",
			{ ...runtimeFiles(), [providerName]: fakeElf({ machine: 183 }) },
			/another processor \(ELF machine 183\)/,
		],
	])("reports a runtime that %s", (_, files, message) => {
		const { problems } = findRuntimeIn(writeFolder("runtime", files));
		expect(problems).toEqual([expect.stringMatching(message)]);
	});
});

describe("findCudaLibraries", () => {
	const noPaths = {
		libraryPath: "",
		cacheFile: "/nonexistent",
		folders: [],
		otherFolders: [],
	};

	test("lists what the provider needs, without libraries of the system", () => {
		const needed = [
			"libcublas.so.13",
			"libcuda.so.1",
			"libstrange.so.7",
			"/etc/passwd",
		];
		const folder = writeFolder("runtime", runtimeFiles(...needed));
		const found = findCudaLibraries(findRuntimeIn(folder), noPaths);
		expect(found.map(({ name, required }) => [name, required])).toEqual([
			["libcublas.so.13", true],
			["libcuda.so.1", true],
			["libstrange.so.7", true],
			["libcudnn.so.9", false],
			["libcufft.so.12", false],
		]);
		const commands = Object.fromEntries(
			found.map((library) => [library.name, library.commands]),
		);
		const target = join(process.env["ALFA_CACHE"]!, "ort/cuda/nvidia-cublas");
		expect(commands["libcublas.so.13"]).toEqual([
			`pip install --no-deps --target ${target} "nvidia-cublas~=13.0"`,
			"sudo apt-get install libcublas-13-0",
		]);
		expect(commands["libcudnn.so.9"]![0]).toContain("nvidia-cudnn-cu13~=9.0");
		expect(commands["libcuda.so.1"]![0]).toContain("driver");
		expect(commands["libstrange.so.7"]).toEqual([]);
	});

	test("knows what the provider needs before it is installed", () => {
		const required = findCudaLibraries(findGpuRuntime(), noPaths)
			.filter((library) => library.required)
			.map(({ name }) => name);
		expect(required).toEqual([
			"libcublasLt.so.13",
			"libcublas.so.13",
			"libcurand.so.10",
			"libcudart.so.13",
			"libcuda.so.1",
		]);
	});

	test("finds pip's packages beside Python's runtime, and where the commands put them", () => {
		const sitePackages = "lib/python3.12/site-packages";
		const needed = ["libcublas.so.13", "libcurand.so.10"];
		const cublasPath = `${sitePackages}/nvidia/cu13/lib/libcublas.so.13`;
		const runtime = Object.entries(runtimeFiles(...needed)).map(
			([name, bytes]) => [`${sitePackages}/onnxruntime/capi/${name}`, bytes],
		);
		const environment = writeFolder("environment", {
			"bin/python": "",
			...Object.fromEntries(runtime),
			[cublasPath]: "",
		});
		const found = findRuntimeIn(
			join(environment, sitePackages, "onnxruntime/capi"),
		);
		const { directory } = found;
		const libraries = () =>
			findCudaLibraries(found, {
				...noPaths,
				otherFolders: systemLibraryPaths(directory).otherFolders,
			});
		const [cublas, curand] = libraries();
		expect(cublas).toMatchObject({
			foundBy: "path",
			path: join(environment, cublasPath),
			commands: [],
		});
		expect(curand!.commands[0]).toBe(
			`${join(environment, "bin/python")} -m pip install "nvidia-curand~=10.0"`,
		);

		const target = join(
			process.env["ALFA_CACHE"]!,
			"ort/cuda/nvidia-curand/nvidia/cu13/lib",
		);
		mkdirSync(target, { recursive: true });
		writeFileSync(join(target, "libcurand.so.10"), "");
		expect(libraries()[1]).toMatchObject({
			foundBy: "path",
			path: join(target, "libcurand.so.10"),
		});
	});
});

describe("the dynamic loader", () => {
	test("prefers LD_LIBRARY_PATH to its cache, and its cache to the system's folders", () => {
		const preferred = writeFolder("preferred", ["liba.so"]);
		const cached = writeFolder("cached", ["liba.so", "libb.so"]);
		const last = writeFolder("last", ["liba.so", "libb.so", "libc.so"]);
		const cacheFile = join(temporaryFolder(), "ld.so.cache");
		const names = ["liba.so", "libb.so", "libc.so"];
		writeFileSync(
			cacheFile,
			loaderCache(names.map((name) => [name, join(cached, name)])),
		);
		const find = createLibraryFinder({
			libraryPath: `/nonexistent:${preferred}`,
			cacheFile,
			folders: [last],
		});
		expect([...names, "libd.so"].map(find)).toEqual([
			join(preferred, "liba.so"),
			join(cached, "libb.so"),
			join(last, "libc.so"),
			undefined,
		]);
	});

	test("has a cache of which only absolute paths for x86-64 are used, even if it is damaged", () => {
		const file = join(temporaryFolder(), "ld.so.cache");
		const readBytes = (bytes: Buffer) => {
			writeFileSync(file, bytes);
			return [...readLoaderCache(file)];
		};
		const good = loaderCache([
			["liba.so", "/32/liba.so", 0x0803],
			["liba.so", "/lib/liba.so"],
			["libb.so", "relative/libb.so"],
		]);
		expect(readBytes(good)).toEqual([["liba.so", "/lib/liba.so"]]);
		const oldTable = Buffer.from(
			"ld.so-1.7.0\0and an old table, ".padEnd(64, "."),
		);
		expect(readBytes(Buffer.concat([oldTable, good]))).toEqual([
			["liba.so", "/lib/liba.so"],
		]);
		for (let end = 0; end < good.length; end += 3)
			readBytes(good.subarray(0, end));
		const wrongCount = Buffer.from(good);
		wrongCount.writeUInt32LE(0xffffffff, 20);
		expect(readBytes(wrongCount)).toContainEqual(["liba.so", "/lib/liba.so"]);
	});

	test("has a cache on this machine that is read", () => {
		const systemCache = readLoaderCache("/etc/ld.so.cache");
		expect(systemCache.get("libc.so.6")).toMatch(/libc\.so\.6$/);
	});
});

/** A cache in the format of glibc. */
function loaderCache(
	entries: [name: string, path: string, flags?: number][],
): Buffer {
	const header = Buffer.alloc(48);
	header.write("glibc-ld.so.cache1.1");
	header.writeUInt32LE(entries.length, 20);
	const table = Buffer.alloc(24 * entries.length);
	const stringsStart = header.length + table.length;
	let strings = "";
	const addString = (text: string) => {
		const offset = stringsStart + strings.length;
		strings += `${text}\0`;
		return offset;
	};
	entries.forEach(([name, path, flags = 0x0303], i) => {
		table.writeUInt32LE(flags, 24 * i);
		table.writeUInt32LE(addString(name), 24 * i + 4);
		table.writeUInt32LE(addString(path), 24 * i + 8);
	});
	return Buffer.concat([header, table, Buffer.from(strings)]);
}

describe("gpuStatus", () => {
	test("without asking the driver reports libraries and no devices", () => {
		process.env["ALFA_ORT_DIR"] = writeFolder(
			"runtime",
			runtimeFiles("libcufft.so.12"),
		);
		const { devices, lacks } = gpuStatus({ askDriver: false });
		const missing = lacks.map(({ what }) => what);
		expect(devices).toEqual([]);
		expect(missing).not.toContainEqual(expect.stringContaining("device"));
		expect(missing).toContain("libcufft.so.12 was not found");
	});

	test("reports the problems of a runtime, with one remedy", () => {
		process.env["ALFA_ORT_DIR"] = writeFolder("runtime", {
			[coreName]: fakeCore("1.29.0"),
		});
		const { runtime, lacks } = gpuStatus();
		expect(runtime).toMatchObject({
			source: "ALFA_ORT_DIR",
			version: "1.29.0",
		});
		const cpuOnly = lacks.find(({ what }) => what.includes("for the CPU only"));
		expect(cpuOnly!.commands[0]).toMatch(/ALFA_ORT_DIR.*alfa gpu install/);
		expect(lacks.map(({ what }) => what).join()).toContain("1.29.0");
	});
});
