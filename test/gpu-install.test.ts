// alfa gpu install: the archive, held to its hash, whole in the cache or not there. GitHub is a server on this machine.
import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import {
	existsSync,
	readdirSync,
	readFileSync,
	statSync,
	writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import { gpuStatus } from "../dist/onnxruntime/gpu-status.js";
import { install, installGpuRuntime } from "../dist/onnxruntime/install.js";
import type { GpuInstallOptions } from "../dist/onnxruntime/install-options.js";
import { type Entry, tar, tgz } from "./support/archive.js";
import { alfa } from "./support/child.js";
import { bridge, core, provider } from "./support/elf.js";
import { temporaryFolder } from "./support/folder.js";
import { cut, sha256 } from "./support/hub-stub.js";
import { command } from "./support/paths.js";
import { expectRefusal } from "./support/refusal.js";
import {
	asset,
	type ReleaseStub,
	releaseStub,
} from "./support/release-stub.js";

const top = "onnxruntime-linux-x64-gpu-1.30.0";
const libraries: Record<string, Buffer> = {
	"libonnxruntime.so.1.30.0": core(),
	"libonnxruntime_providers_cuda.so": Buffer.concat([
		provider("libcublas.so.13"),
		randomBytes(300_000),
	]),
	"libonnxruntime_providers_shared.so": bridge(),
};
const entries = (change: Record<string, Buffer | undefined> = {}): Entry[] =>
	Object.entries({ ...libraries, ...change }).flatMap(([name, content]) =>
		content ? [{ name: `${top}/lib/${name}`, content }] : [],
	);
/** As the real one is laid out: folders, headers, links beside the core, a library that is not wanted. */
const good = tgz(
	{ name: `${top}/`, type: "5" },
	{ name: `${top}/include/onnxruntime_c_api.h`, content: Buffer.from("//") },
	{ name: `${top}/lib/`, type: "5" },
	...entries(),
	{
		name: `${top}/lib/libonnxruntime.so.1`,
		type: "2",
		link: "libonnxruntime.so.1.30.0",
	},
	{
		name: `${top}/lib/libonnxruntime.so`,
		type: "2",
		link: "libonnxruntime.so.1",
	},
	{
		name: `${top}/lib/libonnxruntime_providers_tensorrt.so`,
		content: Buffer.from("no"),
	},
	{ name: `${top}/lib/cmake/libonnxruntime.so`, content: Buffer.from("no") },
);

let github: ReleaseStub;
let cache: string;
beforeAll(async () => {
	github = await releaseStub();
});
beforeEach(() => {
	cache = process.env["ALFA_CACHE"] = join(temporaryFolder(), "cache");
	delete process.env["ALFA_ORT_DIR"];
	process.env["ALFA_GITHUB_API"] = process.env["ALFA_ORT_MIRROR"] =
		github.origin;
	github.reset(good);
});

/** `known`: what the package knows of the archive. */
const bring = (options: GpuInstallOptions = {}, known?: string) =>
	install({ retries: 0, timeout: 5000, ...options }, known);
const files = () =>
	existsSync(cache)
		? readdirSync(cache, {
				recursive: true,
				encoding: "utf8",
				withFileTypes: true,
			})
				.filter((each) => !each.isDirectory())
				.map(({ name }) => name)
				.sort()
		: [];
const whole = [
	"libonnxruntime.so.1.30.0",
	"libonnxruntime_providers_cuda.so",
	"libonnxruntime_providers_shared.so",
	"manifest.json",
];
const refused = async (
	options: GpuInstallOptions,
	code: string,
	...says: RegExp[]
) => {
	await expectRefusal(() => bring(options), code, ...says);
	expect(existsSync(join(cache, "ort/1.30.0"))).toBe(false);
};
const archives = () =>
	github.asked.filter(({ path }) => path.startsWith("/store/"));
const saved = (content: Buffer) => {
	const file = join(temporaryFolder(), asset);
	writeFileSync(file, content);
	return file;
};

describe("an installation that goes well", () => {
	test("leaves the libraries and nothing else, where the status finds them, and asks nothing the next time", async () => {
		const seen: { received: number; total: number }[] = [];
		const installed = await bring({
			onProgress: ({ received, total }) => seen.push({ received, total }),
		});
		expect(installed).toMatchObject({
			version: "1.30.0",
			directory: join(cache, "ort/1.30.0"),
			sha256: sha256(good),
			hashBy: "GitHub",
			cached: false,
			from: `${github.origin}/v1.30.0/${asset}`,
		});
		expect(files()).toEqual(whole);
		for (const [name, content] of Object.entries(libraries))
			expect(
				readFileSync(join(installed.directory, name)).equals(content),
			).toBe(true);
		expect(seen.at(-1)).toEqual({ received: good.length, total: good.length });
		expect(gpuStatus().runtime).toMatchObject({
			source: "alfa gpu install",
			directory: installed.directory,
			problems: [],
			version: "1.30.0",
		});
		for (const { headers } of github.asked)
			expect(headers).not.toHaveProperty("authorization");
		github.asked = [];
		process.env["ALFA_GITHUB_API"] = process.env["ALFA_ORT_MIRROR"] =
			"http://127.0.0.1:9"; // offline
		expect(await bring()).toMatchObject({
			directory: installed.directory,
			cached: true,
			files: installed.files,
		});
		expect(github.asked).toEqual([]);
		await expectRefusal(
			() => bring({ refresh: true, sha256: sha256(good) }),
			"ERR_ALFA_DOWNLOAD",
			/127\.0\.0\.1:9/,
		);
		expect(files()).toEqual(whole);
	});
	test("is made again where a file was cut short", async () => {
		await bring();
		writeFileSync(
			join(cache, "ort/1.30.0/libonnxruntime_providers_cuda.so"),
			"cut",
		);
		expect(await bring()).toMatchObject({ cached: false });
		expect(
			statSync(join(cache, "ort/1.30.0/libonnxruntime_providers_cuda.so")).size,
		).toBe(libraries["libonnxruntime_providers_cuda.so"]!.length);
		expect(files()).toEqual(whole);
	});
	test("goes on after a cut, within one call and with the next", async () => {
		let cuts = 0;
		github.atArchive = (_, response) =>
			cuts++ === 0 && cut(good, 150_000, response);
		await refused(
			{},
			"ERR_ALFA_DOWNLOAD",
			/failed|ended/,
			/goes on from there/,
		);
		await bring();
		expect(archives().map(({ headers }) => headers.range)).toEqual([
			undefined,
			expect.stringMatching(/^bytes=[1-9]\d*-$/),
		]);
		cuts = 0;
		await bring({ refresh: true, retries: 1 });
		expect(archives().at(-1)!.headers.range).toMatch(/^bytes=[1-9]/);
		expect(files()).toEqual(whole);
	});
	test("two at once end well", async () => {
		const both = await Promise.all([bring(), bring()]);
		expect(both[0].files).toEqual(both[1].files);
		expect(files()).toEqual(whole);
	});
	test("an abort keeps what came", async () => {
		const stop = new AbortController();
		github.atArchive = (_, response) => {
			response.writeHead(200).write(good.subarray(0, 200_000));
			return true;
		};
		const stopped = expect(bring({ signal: stop.signal })).rejects.toThrow(
			"enough",
		);
		await expect
			.poll(() => files().filter((name) => name.endsWith(".part")).length, {
				timeout: 15_000,
			})
			.toBe(1);
		await expect
			.poll(
				() =>
					readdirSync(join(cache, "ort")).map(
						(name) => statSync(join(cache, "ort", name)).size,
					)[0],
				{ timeout: 15_000 },
			)
			.toBeGreaterThan(100_000);
		stop.abort(new Error("enough"));
		await stopped;
		github.atArchive = () => {};
		await bring();
		expect(archives().at(-1)!.headers.range).toMatch(/^bytes=[1-9]/);
	});
});

describe("the hash is held to something, always", () => {
	test("without GitHub it is what the package knows, and that is said", async () => {
		github.assets = undefined;
		expect(await bring({}, sha256(good))).toMatchObject({
			hashBy: "alfa-vad",
			unasked: expect.stringContaining("403"),
			cached: false,
		});
	});
	test.each<[string, () => unknown]>([
		["no such file", () => []],
		["no hash", () => [{ name: asset, size: 5, digest: null }]],
		[
			"a hash of another kind",
			() => [{ name: asset, size: 5, digest: `md5:${"0".repeat(32)}` }],
		],
		["no size", () => [{ name: asset, digest: `sha256:${sha256(good)}` }]],
		[
			"an absurd size",
			() => [{ name: asset, size: 2 ** 50, digest: `sha256:${sha256(good)}` }],
		],
		["no list", () => 7],
	])(
		"where GitHub lists %s and nothing is known, one must be given",
		async (_, assets) => {
			github.assets = assets;
			await refused({}, "ERR_ALFA_DOWNLOAD", /SHA-256.*not known.*--sha256/);
			expect(archives()).toEqual([]);
			expect(await bring({}, sha256(good))).toMatchObject({
				hashBy: "alfa-vad",
			});
		},
	);
	test("GitHub and the package must not differ", async () => {
		await expectRefusal(
			() => bring({}, "0".repeat(64)),
			"ERR_ALFA_RUNTIME_CORRUPT",
			/another one by now.*--sha256/,
		);
		await expectRefusal(
			() => installGpuRuntime({ retries: 0 }),
			"ERR_ALFA_RUNTIME_CORRUPT",
			/382d7913/,
		);
		expect(archives()).toEqual([]);
		expect(
			await bring({ sha256: sha256(good).toUpperCase() }, "0".repeat(64)),
		).toMatchObject({ hashBy: "sha256", sha256: sha256(good) });
		expect(
			github.asked.filter(({ path }) => path.startsWith("/repos/")),
		).toHaveLength(2);
	});
	test.each<[string, ReleaseStub["atArchive"], RegExp]>([
		[
			"a flipped byte",
			(_, response) => {
				const bad = Buffer.from(good);
				bad[99]! ^= 1;
				response.end(bad);
				return true;
			},
			/damaged.*SHA-256/,
		],
		[
			"more than stated",
			(_, response) => {
				response.end(Buffer.concat([good, good]));
				return true;
			},
			/more of .* bytes that the release states/,
		],
		[
			"without end",
			(_, response) => {
				const more = () => {
					while (!response.destroyed && response.write(good));
				};
				response.writeHead(200).on("drain", more);
				more();
				return true;
			},
			/more of/,
		],
	])("%s is deleted", async (_, answer, says) => {
		github.atArchive = answer;
		await refused({}, "ERR_ALFA_RUNTIME_CORRUPT", says);
		expect(files()).toEqual([]);
	});
	test("a login page in place of the archive, and one that is not there", async () => {
		github.atArchive = (_, response) => {
			response.writeHead(200, { "content-type": "text/html" }).end("<html>");
			return true;
		};
		await refused({}, "ERR_ALFA_DOWNLOAD", /HTML page/);
		github.atArchive = (_, response) => {
			response.writeHead(404).end();
			return true;
		};
		await refused(
			{},
			"ERR_ALFA_DOWNLOAD",
			/404.*mirror must have it under v1\.30\.0/,
		);
	});
});

describe("an archive of another content", () => {
	const hostile = (...more: Entry[]) => tgz(...entries(), ...more);
	test.each<[string, Buffer, RegExp]>([
		[
			"without the provider",
			tgz(...entries({ "libonnxruntime_providers_cuda.so": undefined })),
			/providers_cuda\.so is not in its lib\/.*CPU alone/,
		],
		[
			"of another version",
			tgz(...entries({ "libonnxruntime.so.1.30.0": core("1.29.0") })),
			/ONNX Runtime 1\.29\.0/,
		],
		[
			"with words for a library",
			tgz(
				...entries({
					"libonnxruntime_providers_cuda.so": Buffer.from("words"),
				}),
			),
			/no ELF file/,
		],
		["with nothing in it", tgz(), /no sound/],
		[
			"without libraries",
			tgz({ name: `${top}/README.md`, content: Buffer.from("x") }),
			/so\.1\.30\.0, .* are not in its lib/,
		],
		[
			"that climbs",
			hostile({ name: `${top}/../../escaped`, content: Buffer.from("x") }),
			/leads out/,
		],
		[
			"that climbs from lib",
			hostile({ name: "../lib/libonnxruntime.so", content: Buffer.from("x") }),
			/leads out/,
		],
		[
			"with an absolute name",
			hostile({ name: "/tmp/alfa-escaped", content: Buffer.from("x") }),
			/leads out/,
		],
		[
			"with backslashes",
			hostile({ name: "a\\..\\..\\b", content: Buffer.from("x") }),
			/leads out/,
		],
		[
			"with a link outside",
			hostile({ name: `${top}/lib/link`, type: "2", link: "../../../outside" }),
			/link .* leads out/,
		],
		[
			"with an absolute link",
			hostile({ name: `${top}/lib/link`, type: "2", link: "/etc/passwd" }),
			/link .* leads out/,
		],
		[
			"with a hard link outside",
			hostile({ name: `${top}/lib/link`, type: "1", link: "../outside" }),
			/link .* leads out/,
		],
		[
			"with links for libraries",
			tgz(...entries({ "libonnxruntime_providers_cuda.so": undefined }), {
				name: `${top}/lib/libonnxruntime_providers_cuda.so`,
				type: "2",
				link: "libonnxruntime.so.1.30.0",
			}),
			/providers_cuda\.so is not in/,
		],
		[
			"with a device for a library",
			hostile({ name: `${top}/lib/libonnxruntime.so`, type: "3" }),
			/is no file/,
		],
		["with a library twice", hostile(...entries().slice(0, 1)), /twice/],
		[
			"with a huge library",
			hostile({ name: `${top}/lib/libonnxruntime.so`, size: 2 ** 32 }),
			/4294967296 bytes/,
		],
		[
			"with far too much beside",
			hostile({ name: `${top}/huge`, size: 2 ** 33 - 1 }),
			/far more/,
		],
		[
			"cut short within",
			gzipSync(tar(entries()).subarray(0, 200_000)),
			/no sound|are not in|is not in/,
		],
		["cut short without", good.subarray(0, good.length - 5000), /no sound/],
		[
			"of no archive",
			Buffer.from("words, words, words"),
			/no sound|are not in/,
		],
		["of noise", gzipSync(randomBytes(5000)), /no sound|are not in/],
	])("%s is refused and leaves nothing", async (_, content, says) => {
		await refused(
			{ from: saved(content), sha256: sha256(content) },
			"ERR_ALFA_RUNTIME_CORRUPT",
			says,
		);
		expect(files()).toEqual([]);
		github.reset(content);
		await refused({}, "ERR_ALFA_RUNTIME_CORRUPT", says);
		expect(files()).toEqual([]);
		expect(existsSync("/tmp/alfa-escaped")).toBe(false);
	});
	test("does not replace what is there", async () => {
		await bring();
		const bad = tgz();
		await expectRefusal(
			() => bring({ from: saved(bad), sha256: sha256(bad) }),
			"ERR_ALFA_RUNTIME_CORRUPT",
		);
		expect(files()).toEqual(whole);
	});
});

describe("from a file", () => {
	test("no request is made where the hash is known or given", async () => {
		expect(await bring({ from: saved(good) }, sha256(good))).toMatchObject({
			hashBy: "alfa-vad",
			cached: false,
			from: expect.stringContaining(asset),
		});
		expect(
			await bring({ from: saved(good), sha256: sha256(good) }),
		).toMatchObject({ hashBy: "sha256" });
		expect(github.asked).toEqual([]);
		expect(files()).toEqual(whole);
	});
	test("else GitHub is asked, and without it one must be given", async () => {
		expect(await bring({ from: saved(good) })).toMatchObject({
			hashBy: "GitHub",
		});
		process.env["ALFA_CACHE"] = cache = join(temporaryFolder(), "cache");
		github.assets = undefined;
		await refused({ from: saved(good) }, "ERR_ALFA_DOWNLOAD", /--sha256/);
	});
	test("another file than that one is refused", async () => {
		await expectRefusal(
			() => bring({ from: saved(good) }, "0".repeat(64)),
			"ERR_ALFA_RUNTIME_CORRUPT",
			/expected SHA-256 0000.*found/,
			new RegExp(sha256(good)),
		);
		await refused(
			{ from: "/nonexistent.tgz", sha256: sha256(good) },
			"ERR_ALFA_RUNTIME",
			/ENOENT/,
		);
		await refused(
			{ from: temporaryFolder(), sha256: sha256(good) },
			"ERR_ALFA_RUNTIME",
			/EISDIR/,
		);
	});
});

test.each<[GpuInstallOptions, string, RegExp]>([
	[{ sha256: "abc" }, "ERR_ALFA_RANGE", /sha256/],
	[{ from: "" }, "ERR_ALFA_RANGE", /from/],
	[{ form: "x" } as never, "ERR_ALFA_ARGUMENT", /from/],
	[{ mirror: "ftp://x" }, "ERR_ALFA_RANGE", /mirror/],
	[{ mirror: "https://user:pass@x" }, "ERR_ALFA_RANGE", /credentials/],
])("wrong options: %j", (options, code, says) => refused(options, code, says));

describe("the command", () => {
	const env = () => ({
		ALFA_CACHE: cache,
		ALFA_GITHUB_API: github.origin,
		ALFA_ORT_MIRROR: github.origin,
	});
	test("installs, says where and against what it was checked", async () => {
		const ended = await alfa(["gpu", "install", "--sha256", sha256(good)], {
			env: env(),
		});
		expect(ended).toMatchObject({
			code: 0,
			stdout: `ONNX Runtime 1.30.0  ${join(cache, "ort/1.30.0")}\n`,
		});
		expect(ended.stderr).toMatch(/the hash that you gave.*alfa gpu status/);
		const again = await alfa(["gpu", "install", "--json"], { env: env() });
		expect(JSON.parse(again.stdout)).toMatchObject({
			cached: true,
			sha256: sha256(good),
		});
	});
	test("holds a download to the hash that the package knows", async () => {
		const ended = await alfa(["gpu", "install"], { env: env() });
		expect(ended).toMatchObject({ code: 1, stdout: "" });
		expect(ended.stderr).toMatch(/382d7913.*ERR_ALFA_RUNTIME_CORRUPT/);
		expect(
			await alfa(["gpu", "install", "--sha256", "short"], { env: env() }),
		).toMatchObject({ code: 2 });
	});
	test("Ctrl-C keeps what came", async () => {
		github.atArchive = (_, response) => {
			response
				.writeHead(200, { "content-length": good.length })
				.write(good.subarray(0, 200_000));
			return true;
		};
		const child = spawn(
			process.execPath,
			[command, "gpu", "install", "--sha256", sha256(good)],
			{ env: { ...process.env, ...env() } },
		);
		let stderr = "";
		child.stderr.setEncoding("utf8").on("data", (text: string) => {
			stderr += text;
		});
		await expect
			.poll(
				() =>
					(existsSync(join(cache, "ort"))
						? readdirSync(join(cache, "ort")).map(
								(name) => statSync(join(cache, "ort", name)).size,
							)[0]
						: 0) ?? 0,
				{ timeout: 20_000 },
			)
			.toBeGreaterThan(100_000);
		child.kill("SIGINT");
		expect(await once(child, "close")).toEqual([1, null]);
		expect(stderr).toContain("what came is kept");
		github.atArchive = () => {};
		expect(
			await alfa(["gpu", "install", "--sha256", sha256(good)], { env: env() }),
		).toMatchObject({ code: 0 });
		expect(archives().at(-1)!.headers.range).toMatch(/^bytes=[1-9]/);
	});
});
