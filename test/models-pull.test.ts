// pullModel: a model is in the cache completely and checked, or not at all. It is downloaded once, and an
// interrupted download is continued.
import { randomBytes } from "node:crypto";
import { readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { Engine, pullModel } from "../dist/index.js";
import { expectError } from "./support/errors.js";
import {
	type Answer,
	commit,
	cutOff,
	hubStub,
	sendContent,
	sendWithoutEnd,
	sha256,
} from "./support/hub-stub.js";
import {
	answerWeights,
	cdnRequests,
	current,
	demoFile,
	expectPullError,
	fileNames,
	largeFile,
	name,
	partialFileSizes,
	partialFiles,
	pull,
	repositories,
	smallFile,
	weights,
} from "./support/pull-models.js";

const readWeights = ({ directory }: { directory: string }) =>
	readFileSync(join(directory, "model.safetensors"));

describe("a successful pull", () => {
	test("gives a checkpoint that opens by its name and has the same embeddings", async () => {
		const names = [
			"open_clip_config.json",
			"open_clip_model.safetensors",
			"tokenizer.json",
		];
		const progress: { file: string; received: number; total: number }[] = [];
		const pulled = await pull("acme/clip", {
			onProgress: (each) => progress.push(each),
		});
		expect(pulled).toMatchObject({
			name: "acme/clip",
			repo: "acme/clip",
			revision: "main",
			commit,
			cached: false,
		});
		expect(
			pulled.files.map(({ file, size, sha256: hash }) => [file, size, hash]),
		).toEqual(
			names.map((file) => [
				file,
				demoFile(file).length,
				sha256(demoFile(file)),
			]),
		);
		for (const { file, size } of pulled.files) {
			const last = progress.filter((each) => each.file === file).at(-1);
			expect(last).toEqual({ file, received: size, total: size });
		}
		expect(fileNames()).toEqual(["manifest.json", ...names]);

		await using engine = await Engine.open({
			model: "acme/clip",
			cache: false,
		});
		await using demo = await Engine.open({ cache: false });
		expect(engine.info.directory).toBe(pulled.directory);
		expect(await engine.embedText("a photo of a bottle")).toEqual(
			await demo.embedText("a photo of a bottle"),
		);
	});

	test("makes no request once the model is in the cache, also when the hub is gone", async () => {
		const hub = await hubStub(repositories);
		const { endpoint } = hub;
		const first = await pull(name, { endpoint });
		await hub.close();
		expect(hub.requests.length).toBeGreaterThan(0);
		const cached = { ...first, cached: true };
		expect(await pull(name, { endpoint })).toEqual(cached);
		expect(await pull(name, { endpoint, revision: commit })).toEqual(cached);
		await expectError(
			() => pull(name, { endpoint, refresh: true }),
			"ERR_ALFA_DOWNLOAD",
			/127\.0\.0\.1.*ECONNREFUSED/,
		);
		expect(await pull(name, { endpoint })).toEqual(cached);
	});

	test("finds the repository of a known name, and a tokenizer in another repository", async () => {
		process.env["HF_ENDPOINT"] = current.hub.endpoint;
		const known = await pullModel("ViT-B-16-plus-240");
		const repo = "timm/vit_base_patch16_plus_clip_240.laion400m_e32";
		expect(known.files.map((each) => [each.file, each.repo])).toEqual([
			["open_clip_config.json", repo],
			["open_clip_model.safetensors", repo],
			["tokenizer.json", "openai/clip-vit-base-patch32"],
		]);
		const bare = await pull("acme/without-tokenizer");
		expect(bare.files.map((each) => each.repo)).toEqual([
			"acme/without-tokenizer",
			"acme/without-tokenizer",
			"openai/clip-vit-base-patch32",
		]);
		const other = await pull("acme/other-tokenizer");
		expect(other.files.map(({ file }) => file)).toEqual([
			"open_clip_config.json",
			"open_clip_model.safetensors",
		]);
	});

	test("with refresh downloads only what has changed", async () => {
		const before = await pull();
		current.hub.requests = [];
		expect(await pull(name, { refresh: true })).toEqual({
			...before,
			cached: false,
		});
		const downloads = current.hub.requests.filter(({ path }) =>
			path.includes("/resolve/"),
		);
		expect(downloads).toEqual([]);

		const { "config.json": oldConfig } = repositories[name]!;
		repositories[name]!["config.json"] = smallFile('{"newer":true}');
		const after = await pull(name, { refresh: true });
		repositories[name]!["config.json"] = oldConfig!;
		expect(readFileSync(join(after.directory, "config.json"), "utf8")).toBe(
			'{"newer":true}',
		);
		expect(fileNames().filter((each) => each === "config.json")).toHaveLength(
			1,
		);
	});

	test("may run twice at the same time", async () => {
		const [first, second] = await Promise.all([pull(), pull()]);
		expect(first).toEqual(second);
		expect(fileNames()).toEqual([
			"config.json",
			"manifest.json",
			"model.safetensors",
		]);
		expect(readWeights(first).equals(weights)).toBe(true);
	});
});

describe("an interrupted pull", () => {
	const cutFirst = (): Answer => {
		let requests = 0;
		return answerWeights(
			(_request, response) =>
				requests++ === 0 && cutOff(weights, 150_000, response),
		);
	};

	test.each([
		["within one call", 1],
		["with the next call", 0],
	])("is continued %s", async (_, retries) => {
		current.hub.answer = cutFirst();
		if (retries === 0) {
			await expectPullError(
				"ERR_ALFA_DOWNLOAD",
				/failed|ended/,
				/Run it again later/,
			);
			expect(fileNames()).not.toContain("manifest.json");
			expect(fileNames()).not.toContain("model.safetensors");
			expect(partialFiles()).toHaveLength(1);
		}
		const pulled = await pull(name, { retries });
		const ranges = cdnRequests().map(({ headers }) => headers.range);
		expect(ranges[0]).toBeUndefined();
		expect(ranges[1]).toMatch(/^bytes=[1-9]\d*-$/);
		expect(readWeights(pulled).equals(weights)).toBe(true);
		expect(partialFiles()).toEqual([]);
	});

	test("starts over if the server does not support ranges", async () => {
		let requests = 0;
		current.hub.answer = answerWeights((_request, response) => {
			if (requests++ === 0) return cutOff(weights, 150_000, response);
			response.end(weights);
			return true;
		});
		await expectPullError("ERR_ALFA_DOWNLOAD");
		expect(readWeights(await pull()).equals(weights)).toBe(true);
	});

	test("starts over if the content has changed in the meantime", async () => {
		const older = randomBytes(300_000);
		repositories["acme/moving"] = {
			...repositories[name],
			"model.safetensors": largeFile(older),
		};
		current.hub.answer = answerWeights((_request, response) =>
			cutOff(older, 150_000, response),
		);
		await expectError(() => pull("acme/moving"), "ERR_ALFA_DOWNLOAD");
		repositories["acme/moving"] = repositories[name]!;
		current.hub.requests = [];
		current.hub.answer = () => {};
		const pulled = await pull("acme/moving");
		expect(readWeights(pulled).equals(weights)).toBe(true);
		expect(cdnRequests().map(({ headers }) => headers.range)).toEqual([
			undefined,
		]);
	});

	test("keeps its bytes after an abort", async () => {
		const controller = new AbortController();
		current.hub.answer = answerWeights((_request, response) => {
			response.writeHead(200).write(weights.subarray(0, 200_000));
			return true;
		});
		const aborted = expect(
			pull(name, { signal: controller.signal }),
		).rejects.toThrow("enough");
		await expect
			.poll(() => partialFileSizes()[0] ?? 0, { timeout: 15_000 })
			.toBeGreaterThan(100_000);
		controller.abort(new Error("enough"));
		await aborted;
		expect(partialFiles()).toHaveLength(1);
		current.hub.answer = () => {};
		await pull();
		expect(cdnRequests().at(-1)!.headers.range).toMatch(/^bytes=[1-9]/);
	});

	test("rejects with the reason of a signal that has aborted before", async () => {
		const signal = AbortSignal.abort(new Error("before"));
		await expect(pull(name, { signal })).rejects.toThrow("before");
		expect(current.hub.requests).toEqual([]);
	});
});

describe("content that differs from what the hub or the user states", () => {
	test.each<[string, Answer, RegExp]>([
		[
			"one wrong byte",
			(request, response) => {
				const damaged = Buffer.from(weights);
				damaged[7]! ^= 1;
				sendContent(damaged, request, response);
				return true;
			},
			/damaged.*SHA-256/,
		],
		[
			"too many bytes",
			(request, response) => {
				const twice = Buffer.concat([weights, weights]);
				sendContent(twice, request, response);
				return true;
			},
			/more than the 400000 bytes/,
		],
		[
			"bytes without end",
			(_, response) => sendWithoutEnd(weights, response),
			/more than the 400000 bytes/,
		],
	])("is deleted: %s", async (_, answer, message) => {
		current.hub.answer = answerWeights(answer);
		await expectPullError(
			"ERR_ALFA_MODEL_CORRUPT",
			message,
			/model\.safetensors/,
		);
		expect(fileNames()).toEqual(["config.json"]);
	});

	test("is an error: too few bytes", async () => {
		current.hub.answer = answerWeights((_, response) => {
			response.end(weights.subarray(0, 1000));
			return true;
		});
		await expectPullError(
			"ERR_ALFA_DOWNLOAD",
			/after 1000 of the 400000 bytes/,
		);
	});

	test("is an error: a small file with another git hash", async () => {
		current.hub.answer = ({ path }, response) => {
			if (!path.startsWith("/api/resolve-cache")) return false;
			response.end("[]");
			return true;
		};
		await expectPullError(
			"ERR_ALFA_MODEL_CORRUPT",
			/config\.json.*git blob hash/,
		);
	});

	test("is an error: another hash than the user expects", async () => {
		const zeros = "0".repeat(64);
		for (const file of ["model.safetensors", "config.json"]) {
			await expectError(
				() => pull(name, { sha256: { [file]: zeros } }),
				"ERR_ALFA_MODEL_CORRUPT",
				/not the expected file/,
			);
		}
		expect(fileNames()).not.toContain("manifest.json");
		await pull(name, {
			sha256: {
				"model.safetensors": sha256(weights).toUpperCase(),
				"config.json": sha256(Buffer.from("{}")),
			},
		});
		await expectError(
			() => pull(name, { sha256: { "config.json": zeros } }),
			"ERR_ALFA_MODEL_CORRUPT",
		);
		await expectError(
			() => pull(name, { sha256: { "other.json": zeros } }),
			"ERR_ALFA_RANGE",
			/other\.json/,
		);
	});

	test("is an error: the hub serves another hash than it lists", async () => {
		current.hub.answer = ({ path }, response) => {
			if (!path.endsWith("model.safetensors")) return false;
			response
				.writeHead(200, { "x-linked-etag": `"${"0".repeat(64)}"` })
				.end(weights);
			return true;
		};
		await expectPullError("ERR_ALFA_DOWNLOAD", /lists.*but serves/);
	});
});

describe("Engine.open", () => {
	test("names the command for a known model that was not pulled", () =>
		expectError(
			() => Engine.open({ model: "ViT-L-14-336" }),
			"ERR_ALFA_MODEL_NOT_FOUND",
			/not on this machine.*alfa models pull ViT-L-14-336/,
		));

	test("names the file that a pulled model has lost", async () => {
		const { directory } = await pull();
		writeFileSync(join(directory, "config.json"), "");
		await expectError(
			() => Engine.open({ model: name }),
			"ERR_ALFA_MODEL_NOT_FOUND",
			/incomplete.*config\.json.*alfa models pull acme\/small/,
		);
		expect(await pull()).toMatchObject({ cached: false });
		expect(statSync(join(directory, "config.json")).size).toBe(2);
	});
});
