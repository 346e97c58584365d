// alfa models pull, verify and list, as a user runs them: progress on stderr, exit codes, Ctrl-C, and processes side by side.
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
import { alfa, quietly } from "./support/child.js";
import { temporaryFolder } from "./support/folder.js";
import { hubStub, sha256, type HubStub } from "./support/hub-stub.js";
import { command } from "./support/paths.js";

const weights = randomBytes(400_000);
const hash = sha256(weights);
const name = "acme/small";
const escapes = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/;

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
	hub.asked = [];
	hub.answer = () => {};
});

const models = (...args: string[]) =>
	alfa(["models", ...args], {
		env: {
			ALFA_CACHE: cache,
			HF_ENDPOINT: hub.endpoint,
			HF_TOKEN: "hf_SECRETSECRET",
		},
	});
const named = (end: string) =>
	(existsSync(cache)
		? readdirSync(cache, { recursive: true, encoding: "utf8" })
		: []
	)
		.filter((each) => each.endsWith(end))
		.map((each) => join(cache, each));

test("pulls, says where it is, and asks nothing the next time", async () => {
	const ended = await models(
		"pull",
		name,
		"--sha256",
		`model.safetensors=${hash}`,
	);
	expect(ended).toMatchObject({ code: 0, late: false });
	expect(ended.stdout).toMatch(/^acme\/small {2}.*acme--small.*\n$/);
	expect(ended.stderr).toMatch(
		/config\.json.*\n.*model\.safetensors {2}400\.0 kB {2}here\n.*whole and checked/s,
	);
	expect(`${ended.stdout}${ended.stderr}`).not.toMatch(escapes);
	const asked = hub.asked.length;
	const again = await models("pull", name, "--json");
	expect(JSON.parse(again.stdout)).toMatchObject({
		name,
		cached: true,
		files: [
			{ file: "config.json" },
			{ file: "model.safetensors", size: weights.length, sha256: hash },
		],
	});
	expect(hub.asked.length).toBe(asked);
	await models("pull", name, "--refresh");
	expect(hub.asked.length).toBeGreaterThan(asked);
});

test("list shows what is here and what can be had", async () => {
	await models("pull", name);
	const list = JSON.parse((await models("list", "--json")).stdout) as {
		name: string;
		source: string;
		directory?: string;
	}[];
	expect(list.find((each) => each.name === "demo")).toMatchObject({
		source: "package",
	});
	expect(list.find((each) => each.name === name)).toMatchObject({
		source: "pulled",
		directory: expect.stringContaining("acme--small"),
	});
	expect(list.find((each) => each.name === "ViT-B-16-plus-240")).toMatchObject({
		source: "known",
		repo: "timm/vit_base_patch16_plus_clip_240.laion400m_e32",
	});
	expect((await models("list")).stdout).toMatch(
		/ViT-L-14-336 +not here .*alfa models pull ViT-L-14-336/,
	);
});

test("verify finds a flipped byte and a file that is gone", async () => {
	expect(await models("verify")).toMatchObject({ code: 0, stdout: "" });
	await models("pull", name);
	expect(await models("verify", name)).toMatchObject({
		...quietly,
		stdout: expect.stringMatching(
			/ok .*config\.json\nok .*model\.safetensors\n/,
		),
	});
	const [file] = named("model.safetensors");
	const bytes = readFileSync(file!);
	bytes[123_456]! ^= 1;
	writeFileSync(file!, bytes);
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
	writeFileSync(named("config.json")[0]!, "");
	expect(JSON.parse((await models("verify", "--json")).stdout)).toContainEqual({
		model: name,
		file: "config.json",
		problem: expect.stringContaining("is missing"),
	});
});

describe.each([
	["SIGINT", 1, null],
	["SIGKILL", null, "SIGKILL"],
] as const)("a pull that ends by %s", (signal, code, by) => {
	test("keeps what came, and the next goes on from there", async () => {
		hub.answer = ({ on }, response) =>
			on === "cdn" &&
			(response
				.writeHead(200, { "content-length": weights.length })
				.write(weights.subarray(0, 300_000)),
			true);
		const child = spawn(
			process.execPath,
			[command, "models", "pull", name, "--endpoint", hub.endpoint],
			{ env: { ...process.env, ALFA_CACHE: cache } },
		);
		let stderr = "";
		child.stderr.setEncoding("utf8").on("data", (text: string) => {
			stderr += text;
		});
		await expect
			.poll(() => named(".part").map((file) => statSync(file).size)[0] ?? 0, {
				timeout: 20_000,
			})
			.toBeGreaterThan(100_000);
		child.kill(signal);
		expect(await once(child, "close")).toEqual([code, by]);
		if (signal === "SIGINT")
			expect(stderr).toMatch(/stopped; what came is kept/);
		expect(named("manifest.json")).toEqual([]);
		const [kept] = named(".part").map((file) => statSync(file).size);
		hub.answer = () => {};
		expect((await models("pull", name)).stderr).toMatch(
			/model\.safetensors {2}400\.0 kB, going on from/,
		);
		expect(
			hub.asked.filter(({ on }) => on === "cdn").at(-1)!.headers.range,
		).toBe(`bytes=${kept}-`);
		expect(sha256(readFileSync(named("model.safetensors")[0]!))).toBe(hash);
		expect(named(".part")).toEqual([]);
	});
});

test.skipIf(process.platform === "win32")(
	"a disk that takes no more is named, what came is kept",
	async () => {
		const limited = spawn(
			"sh",
			[
				"-c",
				`ulimit -f 300; exec "${process.execPath}" "${command}" models pull ${name} --endpoint ${hub.endpoint}`,
			],
			{ env: { ...process.env, ALFA_CACHE: cache } },
		);
		let stderr = "";
		limited.stderr.setEncoding("utf8").on("data", (text: string) => {
			stderr += text;
		});
		expect(await once(limited, "close")).toEqual([1, null]);
		expect(stderr).toMatch(
			/model\.safetensors.*cannot be written.*EFBIG.*ERR_ALFA_WRITE/,
		);
		expect(await models("pull", name)).toMatchObject({ code: 0 });
		expect(hub.asked.at(-1)!.headers.range).toMatch(/^bytes=[1-9]/);
	},
);

test("two processes at once leave one whole model", async () => {
	hub.answer = ({ on }, response) =>
		on === "cdn" &&
		(response
			.writeHead(200, { "content-length": weights.length })
			.write(weights.subarray(0, 200_000)),
		setTimeout(() => response.end(weights.subarray(200_000)), 100),
		true);
	for (const ended of await Promise.all([
		models("pull", name),
		models("pull", name),
	]))
		expect(ended).toMatchObject({ code: 0 });
	expect(named(".part")).toEqual([]);
	expect(await models("verify", name)).toMatchObject({ code: 0 });
});

test.each([
	[["pull"], 2, /name/],
	[["pull", name, "--sha256", "x"], 2, /FILE=HASH/],
	[["pull", name, "--endpoint", "ftp://x"], 2, /endpoint/],
	[["pull", "ViT-B-16-plus"], 1, /ViT-B-16-plus-240/],
	[["pull", "acme/none"], 1, /404.*ERR_ALFA_MODEL_NOT_FOUND/],
	[["verify", "acme/none"], 1, /ERR_ALFA_MODEL_NOT_FOUND/],
] as [string[], number, RegExp][])(
	"alfa models %j is refused",
	async (args, code, says) => {
		const ended = await models(...args);
		expect(ended).toMatchObject({ code, stdout: "", late: false });
		expect(ended.stderr).toMatch(says);
		expect(ended.stderr).not.toContain("SECRET");
	},
);
