// Texts become the token ids that CLIP's own tokenizer gives. The public API only shows their number.
import { afterAll, describe, expect, test } from "vitest";
import { TextTokenizer } from "../dist/tokenizer/tokenizer.js";
import { readExpected, readJson } from "./support/expected.js";
import { fixture, sharedData, tinyModels } from "./support/paths.js";

const tokenizers: TextTokenizer[] = [];
afterAll(() => Promise.all(tokenizers.map((tokenizer) => tokenizer.close())));

async function encode(
	folder: string,
	vocabulary: number,
	texts: string[],
): Promise<number[][]> {
	const tokenizer = new TextTokenizer(folder, 77, vocabulary);
	tokenizers.push(tokenizer);
	const { ids, lengths } = await tokenizer.encode(texts);
	let start = 0;
	return Array.from(lengths, (length) => {
		const tokens = Array.from(ids.subarray(start, start + length));
		start += length;
		return tokens;
	});
}

describe("CLIP's vocabulary", () => {
	test("gives the ids of the reference tokenizer", async ({ skip }) => {
		const folder = sharedData("clip-tokenizer", skip);
		const golden: { text: string; ids: number[] }[] = readJson(
			`${folder}/golden.json`,
		);
		const texts = golden.map(({ text }) => text);
		const encoded = await encode(folder, 49408, texts);
		for (const [i, { text, ids }] of golden.entries())
			expect(encoded[i], text).toEqual(ids);
	});

	test("a long text is cut to 77 tokens and keeps its end token", async ({
		skip,
	}) => {
		const folder = sharedData("clip-tokenizer", skip);
		const texts = ["bottle ".repeat(75), "bottle ".repeat(500)];
		const [exact, long] = await encode(folder, 49408, texts);
		expect(exact).toEqual([49406, ...Array(75).fill(5392), 49407]);
		expect(long).toEqual(exact);
	});
});

test.each(tinyModels)(
	"%s: its vocabulary gives the ids of transformers",
	async (model) => {
		const { texts, ids } = readExpected(model);
		const encoded = await encode(fixture(model), 640, texts);
		for (const [i, text] of texts.entries())
			expect(encoded[i], JSON.stringify(text)).toEqual(ids[i]);
		expect(encoded[8]).toHaveLength(2); // an empty text: start and end
		expect(encoded[10]).toHaveLength(77); // a text that was cut
		expect(encoded[10]!.at(-1)).toBe(639);
	},
);

test("a text that takes too long is stopped with an error, and later texts work again", async () => {
	const tokenizer = new TextTokenizer(fixture("tiny-hf-gelu"), 77, 640, {
		timeLimit: 4000,
	});
	tokenizers.push(tokenizer);
	const tooLong = tokenizer.count(["crack ".repeat(20_000_000)]);
	await expect(tooLong).rejects.toMatchObject({
		code: "ERR_ALFA_UNSUPPORTED",
		message: expect.stringContaining("tokenizer.json did not finish"),
	});
	expect(await tokenizer.count(["crack"])).toEqual(
		await tokenizer.count(["crack"]),
	);
});
