// Checkpoints from a hub: whole and checked or not there, asked for once, continued after a cut.
import { randomBytes } from "node:crypto";
import { readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { Engine, pullModel } from "../dist/index.js";
import {
	commit,
	cut,
	hubStub,
	serve,
	sha256,
	type Answer,
} from "./support/hub-stub.js";
import {
	atWeights,
	demo,
	files,
	large,
	name,
	now,
	onCdn,
	partSizes,
	parts,
	plain,
	pull,
	refused,
	repositories,
	weights,
} from "./support/pulling.js";
import { expectRefusal } from "./support/refusal.js";

describe("a pull that goes well", () => {
	test("brings a checkpoint that opens by its name, and embeds as the one that was served", async () => {
		const seen: { file: string; received: number; total: number }[] = [];
		const pulled = await pull("acme/clip", {
			onProgress: (progress) => seen.push(progress),
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
			[
				"open_clip_config.json",
				"open_clip_model.safetensors",
				"tokenizer.json",
			].map((each) => [each, demo(each).length, sha256(demo(each))]),
		);
		for (const { file, size } of pulled.files)
			expect(seen.filter((each) => each.file === file).at(-1)).toEqual({
				file,
				received: size,
				total: size,
			});
		expect(files()).toEqual([
			"manifest.json",
			"open_clip_config.json",
			"open_clip_model.safetensors",
			"tokenizer.json",
		]);
		await using engine = await Engine.open({
			model: "acme/clip",
			cache: false,
		});
		await using own = await Engine.open({ cache: false });
		expect(engine.info.directory).toBe(pulled.directory);
		expect(await engine.embedText("a photo of a bottle")).toEqual(
			await own.embedText("a photo of a bottle"),
		);
	});

	test("asks nothing once the model is there, whatever became of the hub", async () => {
		const own = await hubStub(repositories);
		const first = await pull(name, { endpoint: own.endpoint });
		await own.close();
		expect(await pull(name, { endpoint: own.endpoint })).toEqual({
			...first,
			cached: true,
		});
		expect(
			await pull(name, { endpoint: own.endpoint, revision: commit }),
		).toMatchObject({ cached: true });
		expect(own.asked.length).toBeGreaterThan(0);
		await expectRefusal(
			() => pull(name, { endpoint: own.endpoint, refresh: true }),
			"ERR_ALFA_DOWNLOAD",
			/127\.0\.0\.1.*ECONNREFUSED/,
		);
		expect(await pull(name, { endpoint: own.endpoint })).toMatchObject({
			cached: true,
		});
	});

	test("takes a known name from its repository, and the tokenizer from where one is", async () => {
		process.env["HF_ENDPOINT"] = now.hub.endpoint;
		const { files: got } = await pullModel("ViT-B-16-plus-240");
		expect(got.map(({ file, repo }) => [file, repo])).toEqual([
			...["open_clip_config.json", "open_clip_model.safetensors"].map(
				(each) => [each, "timm/vit_base_patch16_plus_clip_240.laion400m_e32"],
			),
			["tokenizer.json", "openai/clip-vit-base-patch32"],
		]);
		expect((await pull("acme/bare")).files.map(({ repo }) => repo)).toEqual([
			"acme/bare",
			"acme/bare",
			"openai/clip-vit-base-patch32",
		]);
		expect(
			(await pull("acme/other-words")).files.map(({ file }) => file),
		).toEqual(["open_clip_config.json", "open_clip_model.safetensors"]);
	});

	test("a refresh downloads what changed, and nothing else", async () => {
		const before = await pull();
		now.hub.asked = [];
		expect(await pull(name, { refresh: true })).toEqual({
			...before,
			cached: false,
		});
		expect(
			now.hub.asked.filter(({ path }) => path.includes("/resolve/")),
		).toEqual([]);
		const { "config.json": old } = repositories[name]!;
		repositories[name]!["config.json"] = plain('{"newer":true}');
		const after = await pull(name, { refresh: true });
		repositories[name]!["config.json"] = old!;
		expect(readFileSync(join(after.directory, "config.json"), "utf8")).toBe(
			'{"newer":true}',
		);
		expect(files().filter((each) => each === "config.json")).toHaveLength(1);
	});

	test("two at once end well and leave one model", async () => {
		const both = await Promise.all([pull(), pull()]);
		expect(both[0]).toEqual(both[1]);
		expect(files()).toEqual([
			"config.json",
			"manifest.json",
			"model.safetensors",
		]);
		expect(
			readFileSync(join(both[0]!.directory, "model.safetensors")).equals(
				weights,
			),
		).toBe(true);
	});
});

describe("a pull that was cut off goes on", () => {
	test.each([
		["within one call", 1],
		["with the next call", 0],
	])("%s", async (_, retries) => {
		let cuts = 0;
		now.hub.answer = atWeights(
			(_request, response) => cuts++ === 0 && cut(weights, 150_000, response),
		);
		if (retries === 0) {
			await refused("ERR_ALFA_DOWNLOAD", /failed|ended/, /Run it again/);
			expect(
				files().filter(
					(each) => each === "manifest.json" || each === "model.safetensors",
				),
			).toEqual([]);
			expect(parts()).toHaveLength(1);
		}
		const { directory } = await pull(name, { retries });
		const ranges = onCdn().map(({ headers }) => headers.range);
		expect(ranges[0]).toBeUndefined();
		expect(ranges[1]).toMatch(/^bytes=[1-9]\d*-$/);
		expect(
			readFileSync(join(directory, "model.safetensors")).equals(weights),
		).toBe(true);
		expect(parts()).toEqual([]);
	});

	test("starts over where the server takes no Range, or the content is another one by now", async () => {
		let cuts = 0;
		now.hub.answer = atWeights((_request, response, file) =>
			cuts++ === 0
				? cut(file!.content, 150_000, response)
				: (response.end(file!.content), true),
		);
		await refused("ERR_ALFA_DOWNLOAD");
		expect(
			readFileSync(join((await pull()).directory, "model.safetensors")).equals(
				weights,
			),
		).toBe(true);
		cuts = 0;
		const newer = randomBytes(300_000);
		repositories["acme/moving"] = {
			...repositories[name],
			"model.safetensors": large(newer),
		};
		await expectRefusal(() => pull("acme/moving"), "ERR_ALFA_DOWNLOAD");
		repositories["acme/moving"] = repositories[name]!;
		now.hub.asked = [];
		now.hub.answer = () => {};
		expect(
			readFileSync(
				join((await pull("acme/moving")).directory, "model.safetensors"),
			).equals(weights),
		).toBe(true);
		expect(onCdn().map(({ headers }) => headers.range)).toEqual([undefined]);
	});

	test("an abort keeps what came", async () => {
		const stop = new AbortController();
		now.hub.answer = atWeights((_request, response) => {
			response.writeHead(200).write(weights.subarray(0, 200_000));
			return true;
		});
		const stopped = expect(pull(name, { signal: stop.signal })).rejects.toThrow(
			"enough",
		);
		await expect
			.poll(() => partSizes()[0] ?? 0, { timeout: 15_000 })
			.toBeGreaterThan(100_000);
		stop.abort(new Error("enough"));
		await stopped;
		expect(parts()).toHaveLength(1);
		now.hub.answer = () => {};
		await pull();
		expect(onCdn().at(-1)!.headers.range).toMatch(/^bytes=[1-9]/);
		await expect(
			pull(name, { signal: AbortSignal.abort(new Error("before")) }),
		).rejects.toThrow("before");
	});
});

describe("what is not what the hub states, or what the user knows, is not kept", () => {
	test.each<[string, Answer, string, RegExp]>([
		[
			"a flipped byte",
			(request, response) => {
				const bad = Buffer.from(weights);
				bad[7]! ^= 1;
				serve(bad, request, response);
				return true;
			},
			"ERR_ALFA_MODEL_CORRUPT",
			/damaged.*SHA-256/,
		],
		[
			"more than stated",
			(request, response) => {
				serve(Buffer.concat([weights, weights]), request, response);
				return true;
			},
			"ERR_ALFA_MODEL_CORRUPT",
			/more.*400000 bytes/,
		],
		[
			"without end",
			(_, response) => {
				const more = () => {
					while (!response.destroyed && response.write(weights));
				};
				response.writeHead(200).on("drain", more);
				more();
				return true;
			},
			"ERR_ALFA_MODEL_CORRUPT",
			/more.*400000 bytes/,
		],
	])("%s", async (_, answer, code, says) => {
		now.hub.answer = atWeights(answer);
		await refused(code, says, /model\.safetensors/);
		expect(files()).toEqual(["config.json"]);
	});

	test("fewer than stated", async () => {
		now.hub.answer = atWeights((_, response) => {
			response.end(weights.subarray(0, 1000));
			return true;
		});
		await refused("ERR_ALFA_DOWNLOAD", /after 1000 of the 400000 bytes/);
	});

	test("a small file is checked against its git hash", async () => {
		now.hub.answer = ({ path }, response) =>
			path.startsWith("/api/resolve-cache") && (response.end("[]"), true);
		await refused("ERR_ALFA_MODEL_CORRUPT", /config\.json.*git blob/);
	});

	test("the user's own hashes", async () => {
		const good = {
			"model.safetensors": sha256(weights).toUpperCase(),
			"config.json": sha256(Buffer.from("{}")),
		};
		for (const bad of [
			{ "model.safetensors": "0".repeat(64) },
			{ "config.json": "0".repeat(64) },
		])
			await expectRefusal(
				() => pull(name, { sha256: bad }),
				"ERR_ALFA_MODEL_CORRUPT",
				/not the file that is wanted/,
			);
		expect(files()).not.toContain("manifest.json");
		await pull(name, { sha256: good });
		await expectRefusal(
			() => pull(name, { sha256: { "config.json": "0".repeat(64) } }),
			"ERR_ALFA_MODEL_CORRUPT",
		);
		await expectRefusal(
			() => pull(name, { sha256: { "other.json": "0".repeat(64) } }),
			"ERR_ALFA_RANGE",
			/other\.json/,
		);
	});

	test("a hub that serves another file than it lists", async () => {
		now.hub.answer = ({ path }, response) =>
			path.endsWith("model.safetensors") &&
			(response
				.writeHead(200, { "x-linked-etag": `"${"0".repeat(64)}"` })
				.end(weights),
			true);
		await refused("ERR_ALFA_DOWNLOAD", /lists.*but serves/);
	});
});

test("a model that is known but not here says how to get it, one that lost a file says so", async () => {
	await expectRefusal(
		() => Engine.open({ model: "ViT-L-14-336" }),
		"ERR_ALFA_MODEL_NOT_FOUND",
		/alfa models pull ViT-L-14-336/,
	);
	const { directory } = await pull();
	writeFileSync(join(directory, "config.json"), "");
	await expectRefusal(
		() => Engine.open({ model: name }),
		"ERR_ALFA_MODEL_NOT_FOUND",
		/config\.json.*pull acme\/small/,
	);
	expect(await pull()).toMatchObject({ cached: false });
	expect(statSync(join(directory, "config.json")).size).toBe(2);
});
