// Texts become the ids that CLIP's own tokenizer gives.
import { afterAll, describe, expect, test } from "vitest";
import { Engine } from "../dist/index.js";
import { TextTokenizer } from "../dist/tokenizer/tokenizer.js";
import { expectedOf, readJson } from "./support/expected.js";
import { fixture, models, sharedData, tiny } from "./support/paths.js";

const opened: TextTokenizer[] = [];
afterAll(() => Promise.all(opened.map((each) => each.close())));

async function idsOf(
	folder: string,
	vocabulary: number,
	texts: string[],
): Promise<number[][]> {
	const tokenizer = new TextTokenizer(folder, 77, vocabulary);
	opened.push(tokenizer);
	const { ids, lengths } = await tokenizer.encode(texts);
	let at = 0;
	return Array.from(lengths, (length) =>
		Array.from(ids.subarray(at, (at += length))),
	);
}

describe("CLIP's vocabulary", () => {
	test("gives the reference tokenizer's ids", async ({ skip }) => {
		const folder = sharedData("clip-tokenizer", skip);
		const golden: { text: string; ids: number[] }[] = readJson(
			`${folder}/golden.json`,
		);
		const found = await idsOf(
			folder,
			49408,
			golden.map(({ text }) => text),
		);
		golden.forEach(({ text, ids }, i) => expect(found[i], text).toEqual(ids));
	});

	test("cuts a long text to 77 tokens and keeps its end token", async ({
		skip,
	}) => {
		const folder = sharedData("clip-tokenizer", skip);
		const [just, long] = await idsOf(folder, 49408, [
			`${"bottle ".repeat(75)}`,
			"bottle ".repeat(500),
		]);
		expect(just).toEqual([49406, ...Array(75).fill(5392), 49407]);
		expect(long).toEqual(just);
	});
});

test.each(models)(
	"%s: its own vocabulary gives transformers' ids",
	async (model) => {
		const { texts, ids } = expectedOf(model);
		const found = await idsOf(fixture(model), 640, texts);
		texts.forEach((text, i) =>
			expect(found[i], JSON.stringify(text)).toEqual(ids[i]),
		);
		expect(found[8]).toHaveLength(2);
		expect(found[10]).toHaveLength(77);
		expect(found[10]!.at(-1)).toBe(639);
	},
);

test("countTokens counts what would be cut", async () => {
	const engine = await Engine.open({ model: tiny });
	const { texts, ids } = expectedOf("tiny-open-clip-gelu");
	for (const [i, text] of texts.entries()) {
		const count = await engine.countTokens(text);
		if (ids[i]!.length < 77) expect(count).toBe(ids[i]!.length);
		else expect(count).toBeGreaterThanOrEqual(77);
	}
	expect(await engine.countTokens("crack ".repeat(100))).toBeGreaterThan(100);
	await engine.close();
});
