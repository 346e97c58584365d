// A tokenizer.json is accepted only if it consists of the parts of CLIP's tokenizers. Everything else is refused by
// name, in bounded time, and the engine goes on.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { Engine } from "../dist/index.js";
import { runScript, success } from "./support/child.js";
import { expectError } from "./support/errors.js";
import { readExpected } from "./support/expected.js";
import { copyFixture } from "./support/folder.js";
import { tinyModel } from "./support/paths.js";

const corrupt = "ERR_ALFA_MODEL_CORRUPT";
const unsupported = "ERR_ALFA_MODEL_UNSUPPORTED";

// biome-ignore lint/suspicious/noExplicitAny: the JSON of a tokenizer, which the tests make invalid.
type Json = any;

/** A copy of the tiny model with a changed tokenizer. `change` may return the text of the file. */
function changedModel(change: (json: Json) => unknown): string {
	const model = copyFixture("tiny-open-clip-gelu");
	const file = join(model, "tokenizer.json");
	const json = JSON.parse(readFileSync(file, "utf8"));
	const text = change(json);
	writeFileSync(file, typeof text === "string" ? text : JSON.stringify(json));
	return model;
}

async function expectRefused(
	change: (json: Json) => unknown,
	code: string,
	...parts: (string | RegExp)[]
): Promise<void> {
	await using engine = await Engine.open({
		model: changedModel(change),
		cache: false,
	});
	const start = performance.now();
	for (let i = 0; i < 2; i++) {
		await expectError(
			() => engine.embedText("a widget"),
			code,
			"tokenizer.json",
			...parts,
		);
	}
	expect(performance.now() - start).toBeLessThan(10_000);
}

const step = (type: string, more: object = {}) => ({ type, ...more });
const split = (pattern: object) =>
	step("Split", { pattern, behavior: "Removed", invert: true });
const doubling = step("Replace", {
	pattern: { String: "a" },
	content: "aa",
});

type Case = [what: string, change: (json: Json) => unknown, part: string];

const unsupportedCases: Case[] = [
	[
		"a backtracking expression in a normalizer",
		(json) => {
			json.normalizer = step("Replace", {
				pattern: { Regex: "(a+)+$" },
				content: " ",
			});
		},
		"normalizer.pattern.Regex",
	],
	[
		"steps that double the text",
		(json) => {
			json.normalizer.normalizers = Array(8).fill(doubling);
		},
		"normalizer.normalizers[0].pattern",
	],
	[
		"white space replaced by a long text",
		(json) => {
			json.normalizer.normalizers[1].content = "x".repeat(1e6);
		},
		"normalizer.normalizers[1].content",
	],
	[
		"a backtracking expression in a pre-tokenizer",
		(json) => {
			json.pre_tokenizer.pretokenizers[0] = split({ Regex: "(\\w+\\s?)+;" });
		},
		"pre_tokenizer.pretokenizers[0].pattern.Regex",
	],
	[
		"thousands of steps",
		(json) => {
			json.normalizer.normalizers = Array(5000).fill(step("NFC"));
		},
		"normalizer.normalizers",
	],
	[
		"a sequence in a sequence",
		(json) => {
			const inner = step("Sequence", { normalizers: [step("NFC")] });
			json.normalizer = step("Sequence", { normalizers: [inner] });
		},
		"normalizer.normalizers[0].type",
	],
	[
		"an unknown normalizer",
		(json) => {
			json.normalizer = step("Precompiled", { precompiled_charsmap: "AAAA" });
		},
		"'Precompiled'",
	],
	[
		"a normalizer that is named like a property of every object",
		(json) => {
			json.normalizer = step("constructor");
		},
		"'constructor'",
	],
	[
		"an unknown pre-tokenizer",
		(json) => {
			json.pre_tokenizer = step("Metaspace");
		},
		"'Metaspace'",
	],
	[
		"a template that repeats the text",
		(json) => {
			const text = { Sequence: { id: "A", type_id: 0 } };
			json.post_processor = step("TemplateProcessing", {
				single: Array(8).fill(text),
				pair: null,
				special_tokens: {},
			});
		},
		"post_processor.single",
	],
	[
		"an unknown post-processor",
		(json) => {
			json.post_processor = step("BertProcessing");
		},
		"'BertProcessing'",
	],
	[
		"an unknown decoder",
		(json) => {
			json.decoder = step("CTC");
		},
		"'CTC'",
	],
	[
		"another model",
		(json) => {
			json.model = { type: "Unigram", vocab: [["a", -1]] };
		},
		"'Unigram'",
	],
	[
		"dropout",
		(json) => {
			json.model.dropout = 0.1;
		},
		"model.dropout",
	],
	[
		"an unknown key",
		(json) => {
			json.model.continuing_subword_suffix = "</x>";
		},
		"continuing_subword_suffix",
	],
	[
		"a token of a million characters",
		(json) => {
			json.model.vocab["a".repeat(1e6)] = 7;
		},
		"model.vocab",
	],
	["a file of 40 MB", () => `{"version":"${"1".repeat(40 << 20)}"}`, "bytes"],
];

const corruptCases: Case[] = [
	[
		"ids that are no integers",
		(json) => {
			json.model.vocab["!"] = 1.5;
		},
		"model.vocab['!']",
	],
	[
		"negative ids",
		(json) => {
			json.added_tokens[0].id = -1;
		},
		"added_tokens[0].id",
	],
	[
		"merges of three texts",
		(json) => {
			json.model.merges[3] = "a b c";
		},
		"model.merges[3]",
	],
	[
		"merges that are no texts",
		(json) => {
			json.model.merges[3] = 7;
		},
		"model.merges[3]",
	],
	[
		"a list as vocabulary",
		(json) => {
			json.model.vocab = ["a"];
		},
		"model.vocab",
	],
	[
		"10,000 levels of nesting",
		() => '{"normalizer":'.repeat(10_000) + "}".repeat(10_000),
		"levels of nesting",
	],
];

test.each(unsupportedCases)("%s: unsupported", (_, change, part) =>
	expectRefused(change, unsupported, part),
);

test.each(corruptCases)("%s: corrupt", (_, change, part) =>
	expectRefused(change, corrupt, part),
);

describe("variants that CLIP's exporters write", () => {
	const variants: [string, (json: Json) => unknown][] = [
		["no type of the model", (json) => delete json.model.type],
		[
			"merges as pairs",
			(json) => {
				json.model.merges = json.model.merges.map((merge: string) =>
					merge.split(" "),
				);
			},
		],
		[
			"the special tokens in the pattern",
			(json) => {
				const [{ pattern }] = json.pre_tokenizer.pretokenizers;
				pattern.Regex = `<\\|startoftext\\|>|<\\|endoftext\\|>|${pattern.Regex}`;
			},
		],
		[
			"a template as post-processor",
			(json) => {
				const special = (id: string) => ({ SpecialToken: { id, type_id: 0 } });
				const text = { Sequence: { id: "A", type_id: 0 } };
				const [start, end] = ["<|startoftext|>", "<|endoftext|>"];
				json.post_processor = step("TemplateProcessing", {
					single: [special(start), text, special(end)],
					pair: [special(start), text, special(end)],
					special_tokens: {
						[start]: { id: start, ids: [638], tokens: [start] },
						[end]: { id: end, ids: [639], tokens: [end] },
					},
				});
			},
		],
		[
			"truncation, padding and ignore_merges",
			(json) => {
				json.truncation = {
					direction: "Right",
					max_length: 77,
					strategy: "LongestFirst",
					stride: 0,
				};
				json.padding = {
					strategy: { Fixed: 77 },
					direction: "Right",
					pad_to_multiple_of: null,
					pad_id: 639,
					pad_type_id: 0,
					pad_token: "<|endoftext|>",
				};
				json.model.ignore_merges = false;
			},
		],
		["a byte order mark", (json) => `\ufeff${JSON.stringify(json)}`],
	];

	test.each(variants)("%s gives the same embeddings", async (_, change) => {
		const { texts } = readExpected("tiny-open-clip-gelu");
		await using original = await Engine.open({
			model: tinyModel,
			cache: false,
		});
		const model = changedModel(change);
		await using changed = await Engine.open({ model, cache: false });
		expect(await changed.embedText(texts)).toEqual(
			await original.embedText(texts),
		);
	});
});

test("the threads of 30 engines that were dropped without close() end", async () => {
	const result = await runScript(
		`
		const { readdirSync } = await import('node:fs')
		const { setTimeout: sleep } = await import('node:timers/promises')
		const threads = () => readdirSync('/proc/self/task').length
		async function openAndDrop() {
			const engine = await Engine.open({ model, cache: false, threads: 1 })
			await engine.embedText('a widget')
		}
		await openAndDrop()
		const before = threads()
		for (let i = 0; i < 30; i++) {
			await openAndDrop()
			await sleep(1)
			gc()
		}
		for (let i = 0; i < 100 && threads() > before; i++) {
			await sleep(100)
			gc()
		}
		console.log(threads() <= before)
		`,
		{ nodeArguments: ["--expose-gc"] },
	);
	expect(result).toEqual({ ...success, stdout: "true\n" });
});

test("a thread that is not permitted gives an error with the reason and the remedy", async () => {
	const result = await runScript(
		`
		const engine = await Engine.open({ model, cache: false })
		const error = await engine.embedText('a widget').catch((error) => error)
		console.log(error.code, error.message)
		await engine.close()
		`,
		{
			nodeArguments: [
				"--no-warnings",
				"--experimental-permission",
				"--allow-fs-read=*",
				"--allow-addons",
			],
		},
	);
	expect(result.stdout).toContain("ERR_ALFA_UNSUPPORTED");
	expect(result.stdout).toContain("--allow-worker");
});
