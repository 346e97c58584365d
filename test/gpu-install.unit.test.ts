// The installation of ONNX Runtime's GPU build: the archive is checked against a hash, and the runtime is
// installed completely or not at all. The release is made for the tests, so its hash is passed to the
// internal `install`. gpu-command.test.ts tests `alfa gpu install`.
import { randomBytes } from "node:crypto";
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
import { type Entry, entryType, tar, tgz } from "./support/archive.js";
import { fakeCore } from "./support/elf.js";
import { expectError } from "./support/errors.js";
import { temporaryFolder } from "./support/folder.js";
import {
	archiveRoot,
	coreName,
	goodArchive,
	libraries,
	libraryEntries,
	providerName,
	saveArchive,
} from "./support/gpu-runtime.js";
import { cutOff, sendWithoutEnd, sha256 } from "./support/hub-stub.js";
import {
	type ArchiveAnswer,
	archiveName,
	type ReleaseStub,
	releaseStub,
} from "./support/release-stub.js";

const goodHash = sha256(goodArchive);
const wrongHash = "0".repeat(64);
const installedFiles = [...Object.keys(libraries), "manifest.json"].sort();

let github: ReleaseStub;
let cache: string;
beforeAll(async () => {
	github = await releaseStub();
});
beforeEach(() => {
	useNewCache();
	delete process.env["ALFA_ORT_DIR"];
	process.env["ALFA_GITHUB_API"] = github.origin;
	process.env["ALFA_ORT_MIRROR"] = github.origin;
	github.reset(goodArchive);
});

function useNewCache(): void {
	cache = join(temporaryFolder(), "cache");
	process.env["ALFA_CACHE"] = cache;
}

/** `knownHash` is the archive's hash that the package knows. By default it knows none. */
const installFake = (options: GpuInstallOptions = {}, knownHash?: string) =>
	install({ retries: 0, timeout: 5000, ...options }, knownHash);

async function expectInstallError(
	options: GpuInstallOptions,
	code: string,
	...messages: RegExp[]
): Promise<void> {
	await expectError(() => installFake(options), code, ...messages);
	expect(existsSync(join(cache, "ort/1.30.0"))).toBe(false);
}

/** The sorted names of all files in the cache. */
function cachedFiles(): string[] {
	if (!existsSync(cache)) return [];
	return readdirSync(cache, { recursive: true, withFileTypes: true })
		.filter((entry) => !entry.isDirectory())
		.map(({ name }) => name)
		.sort();
}

const archiveRequests = () =>
	github.requests.filter(({ path }) => path.startsWith("/store/"));

const lastRange = () => archiveRequests().at(-1)!.headers.range;

describe("a successful installation", () => {
	test("leaves the libraries and nothing else, and is found by gpuStatus", async () => {
		const progress: { received: number; total: number }[] = [];
		const installed = await installFake({
			onProgress: ({ received, total }) => progress.push({ received, total }),
		});
		expect(installed).toMatchObject({
			version: "1.30.0",
			directory: join(cache, "ort/1.30.0"),
			sha256: goodHash,
			hashBy: "GitHub",
			cached: false,
			from: `${github.origin}/v1.30.0/${archiveName}`,
		});
		expect(cachedFiles()).toEqual(installedFiles);
		for (const [name, content] of Object.entries(libraries)) {
			const bytes = readFileSync(join(installed.directory, name));
			expect(bytes.equals(content)).toBe(true);
		}
		const { length } = goodArchive;
		expect(progress.at(-1)).toEqual({ received: length, total: length });
		expect(gpuStatus().runtime).toMatchObject({
			source: "alfa gpu install",
			directory: installed.directory,
			problems: [],
			version: "1.30.0",
		});
		for (const { headers } of github.requests)
			expect(headers).not.toHaveProperty("authorization");
	});

	test("makes no request the next time", async () => {
		const { directory, files } = await installFake();
		github.requests = [];
		const offline = "http://127.0.0.1:9";
		process.env["ALFA_GITHUB_API"] = offline;
		process.env["ALFA_ORT_MIRROR"] = offline;
		const cached = { directory, cached: true, files };
		expect(await installFake()).toMatchObject(cached);
		expect(github.requests).toEqual([]);
		await expectError(
			() => installFake({ refresh: true, sha256: goodHash }),
			"ERR_ALFA_DOWNLOAD",
			/127\.0\.0\.1:9/,
		);
		expect(cachedFiles()).toEqual(installedFiles);
	});

	test("is repeated if an installed file has the wrong size", async () => {
		await installFake();
		const provider = join(cache, "ort/1.30.0", providerName);
		writeFileSync(provider, "cut");
		expect(await installFake()).toMatchObject({ cached: false });
		expect(statSync(provider).size).toBe(libraries[providerName]!.length);
		expect(cachedFiles()).toEqual(installedFiles);
	});

	test("may run twice at the same time", async () => {
		const [first, second] = await Promise.all([installFake(), installFake()]);
		expect(first.files).toEqual(second.files);
		expect(cachedFiles()).toEqual(installedFiles);
	});
});

describe("an interrupted download", () => {
	const cutFirst = (): ArchiveAnswer => {
		let requests = 0;
		return (_, response) =>
			requests++ === 0 && cutOff(goodArchive, 150_000, response);
	};

	test("is continued by the next call", async () => {
		github.answerArchive = cutFirst();
		await expectInstallError(
			{},
			"ERR_ALFA_DOWNLOAD",
			/failed|ended/,
			/continues from there/,
		);
		await installFake();
		expect(archiveRequests().map(({ headers }) => headers.range)).toEqual([
			undefined,
			expect.stringMatching(/^bytes=[1-9]\d*-$/),
		]);
		expect(cachedFiles()).toEqual(installedFiles);
	});

	test("is continued within one call", async () => {
		github.answerArchive = cutFirst();
		await installFake({ retries: 1 });
		expect(lastRange()).toMatch(/^bytes=[1-9]/);
		expect(cachedFiles()).toEqual(installedFiles);
	});

	test("keeps its bytes after an abort", async () => {
		const controller = new AbortController();
		github.answerArchive = (_, response) => {
			response.writeHead(200).write(goodArchive.subarray(0, 200_000));
			return true;
		};
		const aborted = expect(
			installFake({ signal: controller.signal }),
		).rejects.toThrow("enough");
		await expect
			.poll(partialFileSize, { timeout: 15_000 })
			.toBeGreaterThan(100_000);
		controller.abort(new Error("enough"));
		await aborted;
		github.answerArchive = () => {};
		await installFake();
		expect(lastRange()).toMatch(/^bytes=[1-9]/);
	});

	function partialFileSize(): number {
		const folder = join(cache, "ort");
		const names = existsSync(folder) ? readdirSync(folder) : [];
		const [name] = names.filter((each) => each.endsWith(".part"));
		return name === undefined ? 0 : statSync(join(folder, name)).size;
	}
});

describe("the archive's hash", () => {
	test("is the one that the package knows if GitHub does not answer", async () => {
		github.assets = undefined;
		expect(await installFake({}, goodHash)).toMatchObject({
			hashBy: "alfa-vad",
			unasked: expect.stringContaining("403"),
			cached: false,
		});
	});

	test.each<[string, unknown]>([
		["no such file", []],
		["no hash", [{ name: archiveName, size: 5, digest: null }]],
		[
			"a hash of another kind",
			[{ name: archiveName, size: 5, digest: `md5:${"0".repeat(32)}` }],
		],
		["no size", [{ name: archiveName, digest: `sha256:${goodHash}` }]],
		[
			"an impossible size",
			[{ name: archiveName, size: 2 ** 50, digest: `sha256:${goodHash}` }],
		],
		["no list", 7],
	])(
		"must be given if GitHub lists %s and the package knows none",
		async (_, assets) => {
			github.assets = () => assets;
			await expectInstallError(
				{},
				"ERR_ALFA_DOWNLOAD",
				/SHA-256.*not known.*--sha256/,
			);
			expect(archiveRequests()).toEqual([]);
			expect(await installFake({}, goodHash)).toMatchObject({
				hashBy: "alfa-vad",
			});
		},
	);

	test("must be the same on GitHub and in the package", async () => {
		await expectError(
			() => installFake({}, wrongHash),
			"ERR_ALFA_RUNTIME_CORRUPT",
			/has changed.*--sha256/,
		);
		await expectError(
			() => installGpuRuntime({ retries: 0 }),
			"ERR_ALFA_RUNTIME_CORRUPT",
			/382d7913/,
		);
		expect(archiveRequests()).toEqual([]);
	});

	test("is the user's if one is given, and GitHub is not asked", async () => {
		const sha256 = goodHash.toUpperCase();
		expect(await installFake({ sha256 }, wrongHash)).toMatchObject({
			hashBy: "sha256",
			sha256: goodHash,
		});
		const apiRequests = github.requests.filter(({ path }) =>
			path.startsWith("/repos/"),
		);
		expect(apiRequests).toEqual([]);
	});
});

describe("a server that sends", () => {
	test.each<[string, ArchiveAnswer, RegExp]>([
		[
			"one wrong byte",
			(_, response) => {
				const damaged = Buffer.from(goodArchive);
				damaged[99]! ^= 1;
				response.end(damaged);
				return true;
			},
			/damaged.*SHA-256/,
		],
		[
			"too many bytes",
			(_, response) => {
				response.end(Buffer.concat([goodArchive, goodArchive]));
				return true;
			},
			/more than the \d+ bytes of .* that the release states/,
		],
		[
			"bytes without end",
			(_, response) => sendWithoutEnd(goodArchive, response),
			/more than/,
		],
	])("%s: the bytes are deleted", async (_, answer, message) => {
		github.answerArchive = answer;
		await expectInstallError({}, "ERR_ALFA_RUNTIME_CORRUPT", message);
		expect(cachedFiles()).toEqual([]);
	});

	test("a login page: the page is named", async () => {
		github.answerArchive = (_, response) => {
			response.writeHead(200, { "content-type": "text/html" }).end("<html>");
			return true;
		};
		await expectInstallError({}, "ERR_ALFA_DOWNLOAD", /HTML page/);
	});

	test("status 404: the path of the archive on a mirror is named", async () => {
		github.answerArchive = (_, response) => {
			response.writeHead(404).end();
			return true;
		};
		await expectInstallError(
			{},
			"ERR_ALFA_DOWNLOAD",
			/404.*mirror must have it under v1\.30\.0/,
		);
	});
});

describe("an archive with the right hash and the wrong content", () => {
	const goodAnd = (...entries: Entry[]) => tgz(...libraryEntries(), ...entries);
	const evil = (name: string) =>
		goodAnd({ name, content: Buffer.from("evil") });
	const symbolicLink = (link: string) =>
		goodAnd({
			name: `${archiveRoot}/lib/link`,
			type: entryType.symbolicLink,
			link,
		});
	const withoutProvider = libraryEntries({ [providerName]: undefined });

	test.each<[string, Buffer, RegExp]>([
		[
			"no provider",
			tgz(...withoutProvider),
			/providers_cuda\.so is not in its lib\/.*CPU only/,
		],
		[
			"another version",
			tgz(...libraryEntries({ [coreName]: fakeCore("1.29.0") })),
			/ONNX Runtime 1\.29\.0/,
		],
		[
			"text in place of a library",
			tgz(...libraryEntries({ [providerName]: Buffer.from("words") })),
			/not an ELF file/,
		],
		["no entries", tgz(), /not a valid/],
		[
			"no libraries",
			tgz({ name: `${archiveRoot}/README.md`, content: Buffer.from("x") }),
			/so\.1\.30\.0, .* are not in its lib/,
		],
		["a path that leads up", evil(`${archiveRoot}/../../escaped`), /leads out/],
		[
			"a library's path that leads up",
			evil("../lib/libonnxruntime.so"),
			/leads out/,
		],
		["an absolute path", evil("/tmp/alfa-escaped"), /leads out/],
		["backslashes in a path", evil("a\\..\\..\\b"), /leads out/],
		[
			"a link that leads up",
			symbolicLink("../../../outside"),
			/link .* leads out/,
		],
		["an absolute link", symbolicLink("/etc/passwd"), /link .* leads out/],
		[
			"a hard link that leads up",
			goodAnd({
				name: `${archiveRoot}/lib/link`,
				type: entryType.hardLink,
				link: "../outside",
			}),
			/link .* leads out/,
		],
		[
			"a link in place of a library",
			tgz(...withoutProvider, {
				name: `${archiveRoot}/lib/${providerName}`,
				type: entryType.symbolicLink,
				link: coreName,
			}),
			/providers_cuda\.so is not in/,
		],
		[
			"a device in place of a library",
			goodAnd({
				name: `${archiveRoot}/lib/libonnxruntime.so`,
				type: entryType.device,
			}),
			/is not a file/,
		],
		["a library twice", goodAnd(libraryEntries()[0]!), /twice/],
		[
			"a huge library",
			goodAnd({
				name: `${archiveRoot}/lib/libonnxruntime.so`,
				size: 2 ** 32,
			}),
			/4294967296 bytes/,
		],
		[
			"a huge other file",
			goodAnd({ name: `${archiveRoot}/huge`, size: 2 ** 33 - 1 }),
			/far larger/,
		],
		[
			"a tar that ends too early",
			gzipSync(tar(libraryEntries()).subarray(0, 200_000)),
			/not a valid|are not in|is not in/,
		],
		[
			"a gzip that ends too early",
			goodArchive.subarray(0, goodArchive.length - 5000),
			/not a valid/,
		],
		["text", Buffer.from("words, words, words"), /not a valid|are not in/],
		["random bytes", gzipSync(randomBytes(5000)), /not a valid|are not in/],
	])(
		"is refused, and nothing is installed: %s",
		async (_, content, message) => {
			await expectInstallError(
				{ from: saveArchive(content), sha256: sha256(content) },
				"ERR_ALFA_RUNTIME_CORRUPT",
				message,
			);
			expect(cachedFiles()).toEqual([]);
			github.reset(content);
			await expectInstallError({}, "ERR_ALFA_RUNTIME_CORRUPT", message);
			expect(cachedFiles()).toEqual([]);
			expect(existsSync("/tmp/alfa-escaped")).toBe(false);
		},
	);

	test("does not replace an installed runtime", async () => {
		await installFake();
		const empty = tgz();
		await expectError(
			() => installFake({ from: saveArchive(empty), sha256: sha256(empty) }),
			"ERR_ALFA_RUNTIME_CORRUPT",
		);
		expect(cachedFiles()).toEqual(installedFiles);
	});
});

describe("an installation from a file", () => {
	test("makes no request if the hash is known or given", async () => {
		const from = saveArchive(goodArchive);
		expect(await installFake({ from }, goodHash)).toMatchObject({
			hashBy: "alfa-vad",
			cached: false,
			from,
		});
		expect(await installFake({ from, sha256: goodHash })).toMatchObject({
			hashBy: "sha256",
		});
		expect(github.requests).toEqual([]);
		expect(cachedFiles()).toEqual(installedFiles);
	});

	test("asks GitHub for an unknown hash, and needs one if GitHub does not answer", async () => {
		const from = saveArchive(goodArchive);
		expect(await installFake({ from })).toMatchObject({ hashBy: "GitHub" });
		useNewCache();
		github.assets = undefined;
		await expectInstallError({ from }, "ERR_ALFA_DOWNLOAD", /--sha256/);
	});

	test("refuses a file with another hash", () =>
		expectError(
			() => installFake({ from: saveArchive(goodArchive) }, wrongHash),
			"ERR_ALFA_RUNTIME_CORRUPT",
			/not the expected archive: expected SHA-256 0000.*found/,
			new RegExp(goodHash),
		));

	test("names a file that cannot be read", async () => {
		await expectInstallError(
			{ from: "/nonexistent.tgz", sha256: goodHash },
			"ERR_ALFA_RUNTIME",
			/ENOENT/,
		);
		await expectInstallError(
			{ from: temporaryFolder(), sha256: goodHash },
			"ERR_ALFA_RUNTIME",
			/EISDIR/,
		);
	});
});

test.each<[unknown, string, RegExp]>([
	[{ sha256: "abc" }, "ERR_ALFA_RANGE", /sha256/],
	[{ from: "" }, "ERR_ALFA_RANGE", /from/],
	[{ form: "x" }, "ERR_ALFA_ARGUMENT", /from/],
	[{ mirror: "ftp://x" }, "ERR_ALFA_RANGE", /mirror/],
	[{ mirror: "https://user:pass@x" }, "ERR_ALFA_RANGE", /credentials/],
])("wrong options %j are refused", (options, code, message) =>
	expectInstallError(options as GpuInstallOptions, code, message),
);
