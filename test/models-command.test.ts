// alfa models pull, verify and list: progress on stderr, exit codes, Ctrl-C, and several processes at once.
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
import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import { runAlfa, success } from "./support/child.js";
import { temporaryFolder } from "./support/folder.js";
import { type HubStub, hubStub, sha256 } from "./support/hub-stub.js";
import { command } from "./support/paths.js";

const weights = randomBytes(400_000);
const hash = sha256(weights);
const name = "acme/small";
const controlCharacters = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/;

let hub: HubStub;
let cache: string;
beforeAll(async () => {
	hub = await hubStub({
		[name]: {
			"config.json": { content: Buffer.from("{}"), lfs: false },
			"model.safetensors": { content: weights, lfs: true },
		},
	});
});
beforeEach(() => {
	cache = join(temporaryFolder(), "cache");
	hub.requests = [];
	hub.answer = () => {};
});

const models = (...args: string[]) =>
	runAlfa(["models", ...args], {
		env: {
			ALFA_CACHE: cache,
			HF_ENDPOINT: hub.endpoint,
			HF_TOKEN: "hf_SECRETSECRET",
		},
	});

/** Paths of the files in the cache whose names end so. */
function cachedFiles(end: string): string[] {
	if (!existsSync(cache)) return [];
	return readdirSync(cache, { recursive: true, encoding: "utf8" })
		.filter((path) => path.endsWith(end))
		.map((path) => join(cache, path));
}

const sizesOf = (files: string[]) => files.map((file) => statSync(file).size);

const lastRange = () =>
	hub.requests.filter(({ server }) => server === "cdn").at(-1)!.headers.range;

/** Starts a pull in a process. `ended` is its exit code and the signal that ended it. */
function spawnPull(program: string, args: string[]) {
	const child = spawn(program, args, {
		env: { ...process.env, ALFA_CACHE: cache },
	});
	const output = { stderr: "" };
	child.stderr.setEncoding("utf8").on("data", (text: string) => {
		output.stderr += text;
	});
	return { child, output, ended: once(child, "close") };
}

describe("alfa models pull", () => {
	test("prints the folder, and makes no request the next time", async () => {
		const first = await models(
			"pull",
			name,
			"--sha256",
			`model.safetensors=${hash}`,
		);
		expect(first).toMatchObject({ code: 0, timedOut: false });
		expect(first.stdout).toMatch(/^acme\/small {2}.*acme--small.*\n$/);
		expect(first.stderr).toMatch(
			/config\.json.*\n.*model\.safetensors {2}400\.0 kB/,
		);
		expect(`${first.stdout}${first.stderr}`).not.toMatch(controlCharacters);

		const { length } = hub.requests;
		const second = await models("pull", name, "--json");
		expect(JSON.parse(second.stdout)).toMatchObject({
			name,
			cached: true,
			files: [
				{ file: "config.json" },
				{ file: "model.safetensors", size: weights.length, sha256: hash },
			],
		});
		expect(hub.requests.length).toBe(length);
		await models("pull", name, "--refresh");
		expect(hub.requests.length).toBeGreaterThan(length);
	});

	test.each([
		["SIGINT", 1, null],
		["SIGKILL", null, "SIGKILL"],
	] as const)(
		"continues a pull that %s ended",
		async (signal, code, killedBy) => {
			hub.answer = ({ server }, response) => {
				if (server !== "cdn") return false;
				response
					.writeHead(200, { "content-length": weights.length })
					.write(weights.subarray(0, 300_000));
				return true;
			};
			const { child, output, ended } = spawnPull(process.execPath, [
				command,
				"models",
				"pull",
				name,
				"--endpoint",
				hub.endpoint,
			]);
			await expect
				.poll(() => sizesOf(cachedFiles(".part"))[0] ?? 0, { timeout: 20_000 })
				.toBeGreaterThan(100_000);
			child.kill(signal);
			expect(await ended).toEqual([code, killedBy]);
			if (signal === "SIGINT") expect(output.stderr).toMatch(/stopped/);
			expect(cachedFiles("manifest.json")).toEqual([]);

			const [keptBytes] = sizesOf(cachedFiles(".part"));
			hub.answer = () => {};
			const continued = await models("pull", name);
			expect(continued.stderr).toMatch(
				/model\.safetensors {2}400\.0 kB.* from /,
			);
			expect(lastRange()).toBe(`bytes=${keptBytes}-`);
			const [file] = cachedFiles("model.safetensors");
			expect(sha256(readFileSync(file!))).toBe(hash);
			expect(cachedFiles(".part")).toEqual([]);
		},
	);

	test.skipIf(process.platform === "win32")(
		"names a disk that accepts no more bytes, and keeps those that it has",
		async () => {
			const pull = `"${process.execPath}" "${command}" models pull ${name} --endpoint ${hub.endpoint}`;
			const { output, ended } = spawnPull("sh", [
				"-c",
				`ulimit -f 300; exec ${pull}`,
			]);
			expect(await ended).toEqual([1, null]);
			expect(output.stderr).toMatch(
				/model\.safetensors.*cannot be written.*EFBIG.*ERR_ALFA_WRITE/,
			);
			expect(await models("pull", name)).toMatchObject({ code: 0 });
			expect(lastRange()).toMatch(/^bytes=[1-9]/);
		},
	);

	test("may run in two processes at once", async () => {
		hub.answer = ({ server }, response) => {
			if (server !== "cdn") return false;
			response
				.writeHead(200, { "content-length": weights.length })
				.write(weights.subarray(0, 200_000));
			setTimeout(() => response.end(weights.subarray(200_000)), 100);
			return true;
		};
		const results = await Promise.all([
			models("pull", name),
			models("pull", name),
		]);
		for (const result of results) expect(result).toMatchObject({ code: 0 });
		expect(cachedFiles(".part")).toEqual([]);
		expect(await models("verify", name)).toMatchObject({ code: 0 });
	});
});

test("alfa models list shows the models on this machine and those to pull", async () => {
	await models("pull", name);
	const list: { name: string }[] = JSON.parse(
		(await models("list", "--json")).stdout,
	);
	const find = (model: string) => list.find((each) => each.name === model);
	expect(find("demo")).toMatchObject({ source: "package" });
	expect(find(name)).toMatchObject({
		source: "pulled",
		directory: expect.stringContaining("acme--small"),
	});
	expect(find("ViT-B-16-plus-240")).toMatchObject({
		source: "known",
		repo: "timm/vit_base_patch16_plus_clip_240.laion400m_e32",
	});
	expect((await models("list")).stdout).toMatch(
		/ViT-L-14-336 .*alfa models pull ViT-L-14-336/,
	);
});

test("alfa models verify finds a wrong byte and a missing file", async () => {
	expect(await models("verify")).toMatchObject({ code: 0, stdout: "" });
	await models("pull", name);
	expect(await models("verify", name)).toMatchObject({
		...success,
		stdout: expect.stringMatching(
			/ok .*config\.json\nok .*model\.safetensors\n/,
		),
	});

	const [weightsFile] = cachedFiles("model.safetensors");
	const bytes = readFileSync(weightsFile!);
	bytes[123_456]! ^= 1;
	writeFileSync(weightsFile!, bytes);
	const damaged = await models("verify");
	expect(damaged).toMatchObject({
		code: 1,
		stdout: expect.stringMatching(
			/ok .*config\.json\nno .*model\.safetensors is damaged: expected SHA-256/,
		),
	});
	expect(damaged.stderr).toContain("alfa models pull acme/small --refresh");

	expect(await models("pull", name, "--refresh")).toMatchObject({ code: 0 });
	expect(await models("verify", name)).toMatchObject({ code: 0 });
	const [configFile] = cachedFiles("config.json");
	writeFileSync(configFile!, "");
	expect(JSON.parse((await models("verify", "--json")).stdout)).toContainEqual({
		model: name,
		file: "config.json",
		problem: expect.stringContaining("is missing"),
	});
});

test.each<[string[], number, RegExp]>([
	[["pull"], 2, /name/],
	[["pull", name, "--sha256", "x"], 2, /FILE=HASH/],
	[["pull", name, "--endpoint", "ftp://x"], 2, /endpoint/],
	[["pull", "ViT-B-16-plus"], 1, /ViT-B-16-plus-240/],
	[["pull", "acme/none"], 1, /404.*ERR_ALFA_MODEL_NOT_FOUND/],
	[["verify", "acme/none"], 1, /ERR_ALFA_MODEL_NOT_FOUND/],
])("alfa models %j is refused", async (args, code, message) => {
	const result = await models(...args);
	expect(result).toMatchObject({ code, stdout: "", timedOut: false });
	expect(result.stderr).toMatch(message);
	expect(result.stderr).not.toContain("SECRET");
});
