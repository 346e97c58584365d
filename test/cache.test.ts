// What is kept between runs: embeddings of texts, per model. A cache may be slow, damaged or missing, never wrong.
import { randomUUID } from "node:crypto";
import {
	existsSync,
	mkdirSync,
	readdirSync,
	readFileSync,
	writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { Engine, type EngineOptions } from "../dist/index.js";
import { script } from "./support/child.js";
import { fixture } from "./support/paths.js";

const model = fixture("tiny-open-clip-gelu");
const texts = Array.from({ length: 300 }, (_, i) => `item ${i} with a crack`);
const newFolder = () => join(tmpdir(), `alfa-cache-${randomUUID()}`);

async function embed(options: Partial<EngineOptions>, list = texts) {
	const engine = await Engine.open({ model, ...options });
	const rows = await engine.embedText(list);
	const encoded = engine.encodedTexts;
	await engine.close();
	return { rows, encoded };
}

const files = (folder: string) =>
	readdirSync(join(folder, "embeddings")).flatMap((each) =>
		readdirSync(join(folder, "embeddings", each)).map((name) =>
			join(folder, "embeddings", each, name),
		),
	);

test("a second engine encodes nothing and gives the same numbers", async () => {
	const cache = newFolder();
	const first = await embed({ cache });
	const second = await embed({ cache });
	expect([first.encoded, second.encoded]).toEqual([300, 0]);
	expect(second.rows).toEqual(first.rows);
});

test("opening a known category of 300 prompts takes under 20 ms and encodes nothing", async () => {
	const cache = newFolder();
	const prompts = { normal: texts.slice(0, 150), abnormal: texts.slice(150) };
	let best = Infinity;
	for (let run = 0; run < 5; run++) {
		const engine = await Engine.open({ model, cache });
		const start = performance.now();
		await engine.category("item", { prompts });
		if (run > 0) {
			best = Math.min(best, performance.now() - start);
			expect(engine.encodedTexts).toBe(0);
		}
		await engine.close();
	}
	expect(best).toBeLessThan(20);
});

test("another model, and the same model with another tokenizer, share nothing", async () => {
	const cache = newFolder();
	await embed({ cache });
	expect((await embed({ cache, model: fixture("tiny-hf-gelu") })).encoded).toBe(
		300,
	);
	const copy = newFolder();
	mkdirSync(copy);
	for (const name of [
		"open_clip_config.json",
		"open_clip_model.safetensors",
		"tokenizer.json",
	]) {
		writeFileSync(join(copy, name), readFileSync(join(model, name)));
	}
	writeFileSync(
		join(copy, "tokenizer.json"),
		readFileSync(join(model, "tokenizer.json"), "utf8") + " ",
	);
	expect((await embed({ cache, model: copy })).encoded).toBe(300);
});

test.each(["cut short", "one bit turned", "empty", "of something else"])(
	"a file %s is discarded with a warning, and made again",
	async (how) => {
		const cache = newFolder();
		const { rows } = await embed({ cache });
		const [file] = files(cache);
		const bytes = readFileSync(file!);
		if (how === "one bit turned") bytes[bytes.length >> 1]! ^= 1;
		writeFileSync(
			file!,
			how === "cut short"
				? bytes.subarray(0, 1000)
				: how === "empty"
					? ""
					: how === "of something else"
						? '{"a":1}'.repeat(99)
						: bytes,
		);
		const warnings: string[] = [];
		const again = await embed({
			cache,
			logger: { warn: (message) => warnings.push(message) },
		});
		expect(warnings.join()).toContain("damaged");
		expect(again.encoded).toBe(300);
		expect(again.rows).toEqual(rows);
		expect((await embed({ cache })).encoded).toBe(0);
	},
);

test("engines side by side lose nothing of each other", async () => {
	const cache = newFolder();
	await Promise.all(
		[0, 1, 2, 3].map((i) => embed({ cache }, texts.slice(i * 75, i * 75 + 75))),
	);
	expect((await embed({ cache })).encoded).toBe(0);
});

test("processes side by side lose nothing of each other", async () => {
	const cache = newFolder();
	const ended = await Promise.all(
		[0, 1, 2].map((i) =>
			script(`
    const engine = await Engine.open({ model, cache: ${JSON.stringify(cache)} })
    for (let n = 0; n < 30; n++) await engine.embedText('part ' + (n * 3 + ${i}))
    await engine.close()`),
		),
	);
	for (const { code, stderr } of ended) expect([code, stderr]).toEqual([0, ""]);
	expect(
		(
			await embed(
				{ cache },
				Array.from({ length: 90 }, (_, n) => `part ${n}`),
			)
		).encoded,
	).toBe(0);
});

test("many small batches become few files", async () => {
	const cache = newFolder();
	const engine = await Engine.open({ model, cache });
	for (let i = 0; i < 40; i++) await engine.embedText(texts[i]!);
	await engine.close();
	expect(files(cache).length).toBeLessThanOrEqual(25);
	expect((await embed({ cache }, texts.slice(0, 40))).encoded).toBe(0);
});

test("a folder that cannot be made is a warning, and cache: false writes nothing", async () => {
	const file = newFolder();
	writeFileSync(file, "");
	const warnings: string[] = [];
	expect(
		(
			await embed({
				cache: join(file, "below"),
				logger: { warn: (message) => warnings.push(message) },
			})
		).encoded,
	).toBe(300);
	expect(warnings).toHaveLength(1);
	const kept = process.env["ALFA_CACHE"];
	const unused = newFolder();
	process.env["ALFA_CACHE"] = unused;
	await embed({ cache: false });
	process.env["ALFA_CACHE"] = kept;
	expect(existsSync(unused)).toBe(false);
});
