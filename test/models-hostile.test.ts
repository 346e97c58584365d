// Hubs that fail, lie or attack: a named error in bounded time, nothing written elsewhere, and the token never told.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { diskError } from "../dist/download/write-error.js";
import { Engine, type PullOptions } from "../dist/index.js";
import { type Answer, commit, json, stated } from "./support/hub-stub.js";
import {
	atWeights,
	files,
	large,
	name,
	now,
	onCdn,
	plain,
	pull,
	refused,
	weights,
} from "./support/pulling.js";
import { expectRefusal } from "./support/refusal.js";

const token = "hf_SECRETSECRETSECRET";

describe("servers that fail end in a named error", () => {
	const status =
		(code: number): Answer =>
		(_, response) => {
			response
				.writeHead(code, { "retry-after": "0", "content-type": "text/html" })
				.end(`<b>${token}</b>`);
			return true;
		};
	const api =
		(answer: Answer): Answer =>
		(request, response, file) =>
			request.path.startsWith("/api/models") && answer(request, response, file);
	const says = (text: string): Answer =>
		api((_, response) => {
			response.writeHead(200, { "content-type": "application/json" }).end(text);
			return true;
		});
	test.each<[string, Answer, string, RegExp]>([
		...[401, 403].map((code): [string, Answer, string, RegExp] => [
			`${code}`,
			api(status(code)),
			"ERR_ALFA_DOWNLOAD",
			/gated.*HF_TOKEN/,
		]),
		["404", api(status(404)), "ERR_ALFA_MODEL_NOT_FOUND", /no such repository/],
		[
			"429",
			api(status(429)),
			"ERR_ALFA_DOWNLOAD",
			/429.*too many.*attempts: 3/,
		],
		["500", api(status(500)), "ERR_ALFA_DOWNLOAD", /500.*attempts: 3/],
		[
			"500 at the weights",
			atWeights(status(500)),
			"ERR_ALFA_DOWNLOAD",
			/500 for model\.safetensors/,
		],
		[
			"403 at the weights",
			atWeights(status(403)),
			"ERR_ALFA_DOWNLOAD",
			/403 for model\.safetensors/,
		],
		["a teapot", api(status(418)), "ERR_ALFA_DOWNLOAD", /418.*endpoint/],
		[
			"HTML",
			says("<html>Log in</html>"),
			"ERR_ALFA_DOWNLOAD",
			/HTML.*endpoint/,
		],
		[
			"garbage",
			says("\u001b[31m{{{"),
			"ERR_ALFA_DOWNLOAD",
			/expected the JSON/,
		],
		["null", says("null"), "ERR_ALFA_DOWNLOAD", /another form/],
		["an empty list", says("[]"), "ERR_ALFA_DOWNLOAD", /no commit/],
		[
			"odd siblings",
			says(`{"sha":"${commit}","siblings":[null]}`),
			"ERR_ALFA_DOWNLOAD",
			/another form/,
		],
		[
			"a commit that is a path",
			says('{"sha":"../../../../../../../../../../../../../x","siblings":[]}'),
			"ERR_ALFA_DOWNLOAD",
			/no commit/,
		],
		[
			"16 MB of JSON and more",
			api((_, response) => {
				const more = () => {
					while (!response.destroyed && response.write(" ".repeat(65_536)));
				};
				response.writeHead(200).on("drain", more);
				more();
				return true;
			}),
			"ERR_ALFA_DOWNLOAD",
			/more than the 16777216 bytes/,
		],
		[
			"HTML as weights",
			atWeights((_, response) => {
				response.writeHead(200, { "content-type": "text/html" }).end("<html>");
				return true;
			}),
			"ERR_ALFA_DOWNLOAD",
			/HTML page.*model\.safetensors/,
		],
		[
			"redirects in a circle",
			(_, response) => {
				response.writeHead(302, { location: "/again" }).end();
				return true;
			},
			"ERR_ALFA_DOWNLOAD",
			/redirects again and again/,
		],
		[
			"a redirect to a file",
			atWeights((_, response) => {
				response.writeHead(302, { location: "file:///etc/passwd" }).end();
				return true;
			}),
			"ERR_ALFA_DOWNLOAD",
			/another protocol \(file:\)/,
		],
		[
			"a redirect to nowhere",
			atWeights((_, response) => {
				response.writeHead(302, { location: "http://" }).end();
				return true;
			}),
			"ERR_ALFA_DOWNLOAD",
			/no address/,
		],
		["silence", (_, __) => true, "ERR_ALFA_DOWNLOAD", /too slowly/],
		[
			"a byte now and then",
			atWeights((_, response) => {
				response.writeHead(200);
				const timer = setInterval(() => response.write("x"), 20);
				response.on("close", () => clearInterval(timer));
				return true;
			}),
			"ERR_ALFA_DOWNLOAD",
			/too slowly/,
		],
		[
			"a Range of its own",
			atWeights((_, response) => {
				response
					.writeHead(206, { "content-range": "bytes 5-9/10" })
					.end("12345");
				return true;
			}),
			"ERR_ALFA_DOWNLOAD",
			/from byte 0 of 400000/,
		],
		[
			"no hash",
			(request, response) =>
				request.path.includes("paths-info") &&
				(json(response, [
					{ type: "file", path: "config.json", size: 2 },
					stated("model.safetensors", large(weights)),
				]),
				true),
			"ERR_ALFA_DOWNLOAD",
			/no hash of config\.json/,
		],
		[
			"a size below nothing",
			(request, response) =>
				request.path.includes("paths-info") &&
				(json(response, [
					{ ...stated("config.json", plain("{}")), size: -1 },
					stated("model.safetensors", large(weights)),
				]),
				true),
			"ERR_ALFA_DOWNLOAD",
			/a size of config\.json/,
		],
	])("%s", async (label, answer, code, message) => {
		process.env["HF_TOKEN"] = token;
		now.hub.answer = answer;
		let thrown: Error | undefined;
		const timeout = /silence|now and then/.test(label) ? 150 : 5000;
		await pull(name, {
			retries: /^(429|500)$/.test(label) ? 2 : 0,
			timeout,
		}).catch((error: Error) => {
			thrown = error;
		});
		expect(thrown).toMatchObject({ name: "AlfaError", code });
		expect(thrown!.message).toMatch(message);
		expect(`${thrown!.message}${thrown!.stack}`).not.toContain(token);
		expect(files()).not.toContain("manifest.json");
		expect(now.hub.asked.length).toBeLessThan(20);
	});

	test("no checkpoint that is read here", async () => {
		await expectRefusal(
			() => pull("acme/pickle"),
			"ERR_ALFA_MODEL_UNSUPPORTED",
			/pickle, pytorch_model\.bin/,
		);
		await expectRefusal(
			() => pull(name, { revision: "v9" }),
			"ERR_ALFA_MODEL_NOT_FOUND",
			/acme\/small at v9/,
		);
		expect(files()).toEqual([]);
	});
});

describe("harm", () => {
	test("the token goes to the hub and to no other host", async () => {
		process.env["HF_TOKEN"] = token;
		await pull();
		for (const { on, headers } of now.hub.asked)
			expect(headers.authorization).toBe(
				on === "hub" ? `Bearer ${token}` : undefined,
			);
		expect(onCdn().length).toBe(1);
		process.env["HF_TOKEN"] = "hf_BAD\nTOKEN";
		await expect(pull(name, { refresh: true })).rejects.toThrow(
			expect.objectContaining({
				code: "ERR_ALFA_DOWNLOAD",
				message: expect.not.stringContaining("BAD"),
			}),
		);
	});

	test("names of files that lead elsewhere are not followed", async () => {
		const evil = [
			"../../evil",
			"/tmp/evil",
			"..\\evil",
			"C:\\evil",
			"config.json/../../evil",
			"\0",
			"",
		];
		now.hub.answer = ({ path }, response) => {
			if (path.includes("/revision/"))
				json(response, {
					_id: "1",
					id: name,
					sha: commit,
					siblings: [...evil, "config.json", "model.safetensors"].map(
						(rfilename) => ({ rfilename }),
					),
				});
			else if (path.includes("paths-info"))
				json(response, [
					...evil.map((each) => stated(each, plain("evil"))),
					stated("config.json", plain("{}")),
					stated("model.safetensors", large(weights)),
					7,
				]);
			else return false;
			return true;
		};
		await pull();
		expect(files(join(now.cache, ".."))).toEqual([
			"config.json",
			"manifest.json",
			"model.safetensors",
		]);
	});

	test.each([
		"../up",
		"a/../b",
		"/etc/passwd",
		"a\\b",
		"a/b/c",
		"a/..",
		"./b",
		"a/b.",
		"a--b/c",
		"a/b?x=1",
		"ViT-B-16-plus",
		"",
	])("%j is no name of a model", async (bad) => {
		await expectRefusal(
			() => pull(bad),
			"ERR_ALFA_MODEL_NOT_FOUND",
			bad === "ViT-B-16-plus"
				? /did you mean 'ViT-B-16-plus-240'/
				: /owner\/name/,
		);
		expect(now.hub.asked).toEqual([]);
	});

	test("wrong options are told by name", async () => {
		for (const [options, code] of [
			[{ endpoint: "ftp://x" }, "ERR_ALFA_RANGE"],
			[{ endpoint: "https://me:pass@x" }, "ERR_ALFA_RANGE"],
			[{ revision: "../x" }, "ERR_ALFA_RANGE"],
			[{ sha256: { a: "b" } }, "ERR_ALFA_RANGE"],
			[{ token: "x" }, "ERR_ALFA_ARGUMENT"],
			[{ signal: 1 }, "ERR_ALFA_ARGUMENT"],
		] as const) {
			await expectRefusal(
				() => pull(name, options as PullOptions),
				code,
				new RegExp(Object.keys(options)[0]!),
			);
		}
	});

	test("a manifest that points elsewhere is none", async () => {
		const folder = join(now.cache, "models", "acme--small");
		mkdirSync(folder, { recursive: true });
		writeFileSync(
			join(folder, "manifest.json"),
			JSON.stringify({
				format: 1,
				name,
				repo: name,
				revision: "main",
				commit,
				version: "../../../etc",
				files: [
					{
						file: "../passwd",
						repo: name,
						commit,
						size: 1,
						sha256: "0".repeat(64),
					},
				],
			}),
		);
		await expectRefusal(
			() => Engine.open({ model: name }),
			"ERR_ALFA_MODEL_NOT_FOUND",
			/alfa models pull acme\/small/,
		);
	});

	test("a disk that takes nothing", async () => {
		writeFileSync(join(now.cache, "..", "file"), "");
		process.env["ALFA_CACHE"] = join(now.cache, "..", "file");
		await refused("ERR_ALFA_WRITE", /cannot be written/);
		expect(
			diskError(
				Object.assign(new Error("ENOSPC: no space left on device, write"), {
					code: "ENOSPC",
					syscall: "write",
				}),
				"x.part",
			),
		).toMatchObject({
			code: "ERR_ALFA_WRITE",
			message: expect.stringMatching(/x\.part.*disk is full.*ALFA_CACHE/),
		});
	});
});
