// What a GPU needs: the folder of the runtime, the libraries that its provider asks for, where they are found, and what is
// said of what lacks. The files are fakes; nothing here runs on a GPU.
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, test } from "vitest";
import { Engine } from "../dist/index.js";
import { placesFor, requirements } from "../dist/onnxruntime/cuda-libraries.js";
import { loader, readCache } from "../dist/onnxruntime/dynamic-loader.js";
import { readElf } from "../dist/onnxruntime/elf.js";
import { findGpuRuntime } from "../dist/onnxruntime/gpu-runtime.js";
import { gpuStatus } from "../dist/onnxruntime/gpu-status.js";
import { gpuArchive, ortVersion } from "../dist/onnxruntime/version.js";
import { alfa } from "./support/child.js";
import {
	bridge,
	core,
	elfHeader,
	fakeElf,
	provider,
	segmentBytes,
} from "./support/elf.js";
import { plant, temporaryFolder } from "./support/folder.js";
import { root, tiny } from "./support/paths.js";
import { expectRefusal } from "./support/refusal.js";

const coreName = `libonnxruntime.so.${ortVersion}`,
	cuda = "libonnxruntime_providers_cuda.so",
	shared = "libonnxruntime_providers_shared.so";
const whole = (...needed: string[]) => ({
	[coreName]: core(),
	[cuda]: provider(...needed),
	[shared]: bridge(),
});
const at = (folder: string) => {
	process.env["ALFA_ORT_DIR"] = folder;
	return findGpuRuntime();
};

beforeEach(() => {
	process.env["ALFA_CACHE"] = join(temporaryFolder(), "cache");
	delete process.env["ALFA_ORT_DIR"];
});

test("the version is the one that the package is built with and ships", async () => {
	expect(
		JSON.parse(readFileSync(join(root, "package.json"), "utf8"))
			.devDependencies["onnxruntime-node"],
	).toBe(ortVersion);
	expect(gpuArchive.name).toContain(ortVersion);
	await using engine = await Engine.open({ model: tiny });
	expect(engine.info.ortVersion).toBe(ortVersion);
});

describe("the ELF reader", () => {
	const file = join(temporaryFolder(), "lib.so");
	const reading = (bytes: Buffer) => {
		writeFileSync(file, bytes);
		return readElf(file);
	};

	test("reads what a library needs, its name and its versions", () => {
		expect(
			reading(
				fakeElf({
					needed: ["liba.so.1", "libb.so.2"],
					soname: "libc.so.3",
					versions: ["VERS_1.30.0", "VERS_2"],
				}),
			),
		).toEqual({
			machine: 62,
			needed: ["liba.so.1", "libb.so.2"],
			soname: "libc.so.3",
			versions: ["VERS_1.30.0", "VERS_2"],
		});
		expect(reading(fakeElf())).toEqual({
			machine: 62,
			needed: [],
			versions: [],
		});
	});
	test("reads real ones", () => {
		expect(
			readElf(join(root, "build/Release/libonnxruntime.so.1")),
		).toMatchObject({
			soname: "libonnxruntime.so.1",
			versions: [`VERS_${ortVersion}`],
			needed: expect.arrayContaining(["libc.so.6", "libstdc++.so.6"]),
		});
	});

	const whole = fakeElf({
		needed: ["liba.so.1"],
		soname: "libb.so.2",
		versions: ["VERS_1"],
	});
	const changed = (change: (bytes: Buffer) => void) => {
		const bytes = Buffer.from(whole);
		change(bytes);
		return bytes;
	};
	const dynamicSegment = elfHeader + segmentBytes;
	test.each<[string, Buffer, RegExp]>([
		["nothing", Buffer.alloc(0), /no ELF file/],
		["words", Buffer.from("#!/bin/sh\n".repeat(20)), /no ELF file/],
		[
			"32 bits",
			changed((b) => {
				b[4] = 1;
			}),
			/64 bits/,
		],
		[
			"big-endian",
			changed((b) => {
				b[5] = 2;
			}),
			/little-endian/,
		],
		["a program", changed((b) => b.writeUInt16LE(2, 16)), /no shared library/],
		[
			"segments beyond the end",
			changed((b) => b.writeBigUInt64LE(1n << 40n, 32)),
			/ends before/,
		],
		[
			"segments beyond all numbers",
			changed((b) => b.writeBigUInt64LE(2n ** 64n - 1n, 32)),
			/beyond all files/,
		],
		[
			"far too many segments",
			changed((b) => b.writeUInt16LE(65535, 56)),
			/65535 segments/,
		],
		[
			"segments of another size",
			changed((b) => b.writeUInt16LE(32, 54)),
			/no known form/,
		],
		[
			"no dynamic section",
			changed((b) => b.writeUInt32LE(4, dynamicSegment)),
			/without a dynamic section/,
		],
		[
			"a dynamic section of 2^40 bytes",
			changed((b) => b.writeBigUInt64LE(1n << 40n, dynamicSegment + 32)),
			/bytes of dynamic section/,
		],
		[
			"a dynamic section past the end",
			changed((b) =>
				b.writeBigUInt64LE(BigInt(whole.length - 8), dynamicSegment + 8),
			),
			/ends before/,
		],
		[
			"names in no segment",
			changed((b) => b.writeBigUInt64LE(1n, elfHeader + 32)),
			/in no segment/,
		],
	])("%s", (_, bytes, says) => expect(() => reading(bytes)).toThrow(says));
	test("every file cut short, and every byte spoilt: read or refused in words, never more", () => {
		const bytes = Buffer.from(whole);
		for (let end = 0; end < bytes.length; end += 3)
			expectReadOrRefused(() => reading(bytes.subarray(0, end)));
		for (let i = 0; i < bytes.length; i++)
			for (const value of [0x00, 0xff])
				expectReadOrRefused(() =>
					reading(
						changed((b) => {
							b[i] = value;
						}),
					),
				);
	});
	function expectReadOrRefused(call: () => unknown): void {
		try {
			call();
		} catch (error) {
			expect((error as Error).message).toMatch(/^is (no|a damaged|an) .*ELF/);
		}
	}
	test("version definitions that go round end", () => {
		const loop = Buffer.from(whole);
		const definitions = loop.indexOf(Buffer.from([1, 0, 1, 0, 1, 0, 1, 0]));
		loop.writeUInt32LE(2 ** 31, definitions + 16);
		expect(() => reading(loop)).toThrow(/ends before/);
	});
});

describe("the folder of the runtime", () => {
	test.each([
		["the folder itself", "", ""],
		["an unpacked release's root", "lib", ""],
		["Python's onnxruntime", "capi", ""],
		["Python's capi", "onnxruntime/capi", "onnxruntime/capi"],
	])("%s", (_, inside, given) => {
		const folder = plant(
			"runtime",
			Object.fromEntries(
				Object.entries(whole()).map(([name, bytes]) => [
					join(inside, name),
					bytes,
				]),
			),
		);
		expect(at(join(folder, given))).toMatchObject({
			source: "ALFA_ORT_DIR",
			directory: join(folder, inside),
			version: ortVersion,
			core: join(folder, inside, coreName),
			problems: [],
		});
	});
	test.each(["libonnxruntime.so.1", "libonnxruntime.so"])(
		"the core by the name %s, also as a link",
		(name) => {
			const folder = plant("runtime", {
				"real.bin": core(),
				[cuda]: provider(),
				[shared]: bridge(),
			});
			symlinkSync("real.bin", join(folder, name));
			expect(at(folder)).toMatchObject({
				core: join(folder, name),
				version: ortVersion,
				problems: [],
			});
		},
	);
	test("without ALFA_ORT_DIR it is the cache, and all that lacks is named", () => {
		expect(findGpuRuntime()).toMatchObject({
			source: "alfa gpu install",
			directory: join(process.env["ALFA_CACHE"]!, "ort", ortVersion),
			problems: [
				`${coreName}, ${cuda}, ${shared} are not in ${join(process.env["ALFA_CACHE"]!, "ort", ortVersion)}`,
			],
		});
	});
	test.each<[string, Record<string, Buffer>, RegExp[]]>([
		[
			"for the CPU alone",
			{ [coreName]: core() },
			[
				/providers_cuda\.so, .*providers_shared\.so are not in .*for the CPU alone/,
			],
		],
		[
			"without the bridge",
			{ [coreName]: core(), [cuda]: provider() },
			[/^libonnxruntime_providers_shared\.so is not in \S+$/],
		],
		[
			"of another version",
			{ ...whole(), [coreName]: core("1.29.0") },
			[/is ONNX Runtime 1\.29\.0; .*1\.30\.0 alone/],
		],
		[
			"of another version by its name",
			{
				"libonnxruntime.so.1.29.0": core("1.29.0"),
				[cuda]: provider(),
				[shared]: bridge(),
			},
			[/so\.1\.29\.0 is ONNX Runtime 1\.29\.0/],
		],
		[
			"that says no version",
			{ ...whole(), [coreName]: fakeElf() },
			[/says its version/],
		],
		[
			"of words",
			{ ...whole(), [cuda]: Buffer.from("words") },
			[/providers_cuda\.so is no ELF file/],
		],
		[
			"for another processor",
			{ ...whole(), [cuda]: fakeElf({ machine: 183 }) },
			[/another processor \(ELF machine 183\)/],
		],
	])("a runtime %s", (_, files, says) => {
		const { problems } = at(plant("runtime", files));
		expect(problems).toHaveLength(says.length);
		says.forEach((words, i) => expect(problems[i]).toMatch(words));
	});
	test("an engine on the CPU takes the core from the same folders", async () => {
		const folder = plant("release", []);
		mkdirSync(join(folder, "lib"));
		symlinkSync(
			join(root, "build/Release/libonnxruntime.so.1"),
			join(folder, "lib", coreName),
		);
		process.env["ALFA_ORT_DIR"] = folder;
		await using engine = await Engine.open({ model: tiny });
		expect(engine.info.ortVersion).toBe(ortVersion);
	});
});

describe("the libraries that the provider needs", () => {
	const nowhere = {
		libraryPath: "",
		cacheFile: "/nonexistent",
		folders: [],
		others: [],
	};

	test("are read from its file; the system's own are not listed, cuDNN and cuFFT count as not needed", () => {
		const found = requirements(
			at(
				plant(
					"runtime",
					whole(
						"libcublas.so.13",
						"libcuda.so.1",
						"libstrange.so.7",
						"/etc/passwd",
					),
				),
			),
			nowhere,
		);
		expect(found.map(({ name, required }) => [name, required])).toEqual([
			["libcublas.so.13", true],
			["libcuda.so.1", true],
			["libstrange.so.7", true],
			["libcudnn.so.9", false],
			["libcufft.so.12", false],
		]);
		const commands = Object.fromEntries(
			found.map(({ name, commands: each }) => [name, each]),
		);
		expect(commands["libcublas.so.13"]).toEqual([
			`pip install --no-deps --target ${join(process.env["ALFA_CACHE"]!, "ort/cuda/nvidia-cublas")} "nvidia-cublas~=13.0"`,
			"sudo apt-get install libcublas-13-0",
		]);
		expect(commands["libcudnn.so.9"]![0]).toContain("nvidia-cudnn-cu13~=9.0");
		expect(commands["libcuda.so.1"]![0]).toContain("driver");
		expect(commands["libstrange.so.7"]).toEqual([]);
	});
	test("of the pinned version are known before it is there", () => {
		expect(
			requirements(findGpuRuntime(), nowhere)
				.filter(({ required }) => required)
				.map(({ name }) => name),
		).toEqual([
			"libcublasLt.so.13",
			"libcublas.so.13",
			"libcurand.so.10",
			"libcudart.so.13",
			"libcuda.so.1",
		]);
	});
	test("LD_LIBRARY_PATH comes before the cache, the cache before the folders", () => {
		const first = plant("first", ["liba.so"]),
			cached = plant("cached", ["liba.so", "libb.so"]),
			last = plant("last", ["liba.so", "libb.so", "libc.so"]);
		const cacheFile = join(temporaryFolder(), "ld.so.cache");
		writeFileSync(
			cacheFile,
			cache([
				["liba.so", join(cached, "liba.so")],
				["libb.so", join(cached, "libb.so")],
				["libc.so", join(cached, "libc.so")],
			]),
		);
		const find = loader({
			libraryPath: `/nonexistent:${first}`,
			cacheFile,
			folders: [last],
		});
		expect(["liba.so", "libb.so", "libc.so", "libd.so"].map(find)).toEqual([
			join(first, "liba.so"),
			join(cached, "libb.so"),
			join(last, "libc.so"),
			undefined,
		]);
	});
	test("the loader's cache: other processors left out, a damaged one holds less or nothing", () => {
		const file = join(temporaryFolder(), "ld.so.cache");
		const reading = (bytes: Buffer) => {
			writeFileSync(file, bytes);
			return [...readCache(file)];
		};
		const sound = cache([
			["liba.so", "/32/liba.so", 0x0803],
			["liba.so", "/lib/liba.so"],
			["libb.so", "relative/libb.so"],
		]);
		expect(reading(sound)).toEqual([["liba.so", "/lib/liba.so"]]);
		expect(
			reading(
				Buffer.concat([
					Buffer.from("ld.so-1.7.0\0and an old table, ".padEnd(64, ".")),
					sound,
				]),
			),
		).toEqual([["liba.so", "/lib/liba.so"]]);
		for (let end = 0; end < sound.length; end += 3)
			reading(sound.subarray(0, end));
		const counts = Buffer.from(sound);
		counts.writeUInt32LE(0xffffffff, 20);
		expect(reading(counts)).toContainEqual(["liba.so", "/lib/liba.so"]);
		expect(readCache("/etc/ld.so.cache").get("libc.so.6")).toMatch(
			/libc\.so\.6$/,
		);
	});
	test("pip's packages are found beside Python's runtime, and where the commands put them", () => {
		const environment = plant("environment", {
			"bin/python": "",
			...Object.fromEntries(
				Object.entries(whole("libcublas.so.13", "libcurand.so.10")).map(
					([name, bytes]) => [
						`lib/python3.12/site-packages/onnxruntime/capi/${name}`,
						bytes,
					],
				),
			),
			"lib/python3.12/site-packages/nvidia/cu13/lib/libcublas.so.13": "",
		});
		const runtime = at(
			join(environment, "lib/python3.12/site-packages/onnxruntime/capi"),
		);
		const places = () => ({
			...nowhere,
			others: placesFor(runtime.directory).others,
		});
		const [cublas, curand] = requirements(runtime, places());
		expect(cublas).toMatchObject({
			foundBy: "path",
			path: join(
				environment,
				"lib/python3.12/site-packages/nvidia/cu13/lib/libcublas.so.13",
			),
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
		expect(requirements(runtime, places())[1]).toMatchObject({
			foundBy: "path",
			path: join(target, "libcurand.so.10"),
		});
	});
});

/** A cache as glibc writes it. */
function cache(
	entries: [name: string, path: string, flags?: number][],
): Buffer {
	const header = Buffer.alloc(48),
		table = Buffer.alloc(24 * entries.length);
	header.write("glibc-ld.so.cache1.1");
	header.writeUInt32LE(entries.length, 20);
	let strings = "",
		start = 48 + table.length;
	const put = (text: string) => {
		const at = start + strings.length;
		strings += `${text}\0`;
		return at;
	};
	entries.forEach(([name, path, flags = 0x0303], i) => {
		table.writeUInt32LE(flags, 24 * i);
		table.writeUInt32LE(put(name), 24 * i + 4);
		table.writeUInt32LE(put(path), 24 * i + 8);
	});
	return Buffer.concat([header, table, Buffer.from(strings)]);
}

describe("what is said of it", () => {
	test("'cuda' lists what is missing by name with the command that brings it; 'auto' says why it took the CPU", async () => {
		process.env["ALFA_ORT_DIR"] = plant(
			"runtime",
			whole("libalfa-test.so.1", "libcufft.so.12"),
		);
		await expectRefusal(
			() => Engine.open({ model: tiny, device: "cuda" }),
			"ERR_ALFA_DEVICE",
			/device 'cuda' cannot be had/,
			/runtime ONNX Runtime 1\.30\.0, \S+ \(ALFA_ORT_DIR\)/,
			/libalfa-test\.so\.1 was not found/,
			/libcufft\.so\.12 was not found: pip install .*"nvidia-cufft~=12\.0"/,
			/'cpu'/,
			/alfa gpu status/,
		);
		delete process.env["ALFA_ORT_DIR"];
		await expectRefusal(
			() => Engine.open({ model: tiny, device: "cuda:1" }),
			"ERR_ALFA_DEVICE",
			/providers_cuda\.so, .* are not in .*: alfa gpu install/,
		);
		await using engine = await Engine.open({ model: tiny });
		expect(engine.info).toMatchObject({
			device: "cpu",
			deviceReason: expect.stringMatching(
				/no NVIDIA driver|was not found|are not in|run on none/,
			),
		});
		await using cpu = await Engine.open({ model: tiny, device: "cpu" });
		expect(cpu.info).not.toHaveProperty("deviceReason");
	});
	test("a machine with a driver hears from 'auto' of its libraries, without the driver being asked", () => {
		process.env["ALFA_ORT_DIR"] = plant("runtime", whole("libcufft.so.12"));
		const { devices, lacks } = gpuStatus({ askDriver: false });
		expect(devices).toEqual([]);
		expect(lacks.map(({ what }) => what)).not.toContainEqual(
			expect.stringContaining("device"),
		);
		expect(lacks.map(({ what }) => what)).toContain(
			"libcufft.so.12 was not found",
		);
	});
	test("gpuStatus says it to programs", () => {
		process.env["ALFA_ORT_DIR"] = plant("runtime", {
			[coreName]: core("1.29.0"),
		});
		const { runtime, lacks } = gpuStatus();
		expect(runtime).toMatchObject({
			source: "ALFA_ORT_DIR",
			version: "1.29.0",
		});
		expect(lacks.map(({ what }) => what).join("\n")).toMatch(
			/for the CPU alone[^]*1\.29\.0/,
		);
		expect(
			lacks.find(({ what }) => what.includes("CPU alone"))!.commands[0],
		).toMatch(/ALFA_ORT_DIR.*alfa gpu install/);
	});
	test("alfa gpu status and alfa doctor show the same, and a GPU that is not there is no failure", async () => {
		const env = {
			ALFA_ORT_DIR: plant("runtime", whole("libcufft.so.12")),
			ALFA_CACHE: process.env["ALFA_CACHE"]!,
		};
		symlinkSync(
			join(root, "build/Release/libonnxruntime.so.1"),
			join(env.ALFA_ORT_DIR, "libonnxruntime.so.1"),
		);
		const [status, asJson, doctor, doctorJson] = await Promise.all([
			alfa(["gpu"], { env }),
			alfa(["gpu", "status", "--json"], { env }),
			alfa(["doctor"], { env }),
			alfa(["doctor", "--json"], { env }),
		]);
		for (const ended of [status, asJson, doctor, doctorJson])
			expect(ended).toMatchObject({ code: 0, late: false });
		const lines = status.stdout
			.split("\n")
			.filter((line) => /^(--| {2})/.test(line))
			.join("\n");
		expect(lines).toMatch(
			/-- {2}libcufft\.so\.12 was not found\n {6}pip install .*nvidia-cufft.*\n {6}or: sudo apt-get install libcufft-13-0/,
		);
		expect(status.stderr).toContain("Everything runs on the CPU");
		expect(doctor.stdout).toContain(lines);
		const found = JSON.parse(asJson.stdout);
		expect(found.lacks).toContainEqual({
			what: "libcufft.so.12 was not found",
			commands: [
				expect.stringContaining("nvidia-cufft"),
				"sudo apt-get install libcufft-13-0",
			],
		});
		expect(JSON.parse(doctorJson.stdout)).toContainEqual(
			expect.objectContaining({ part: "CUDA", ok: true, gpu: found }),
		);
	});
});
