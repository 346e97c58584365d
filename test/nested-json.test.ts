// JSON and objects that are nested thousands of levels deep, that contain themselves, or that hold values which JSON
// does not have: an error with a code, everywhere.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
	Engine,
	extendPrompts,
	type PromptSet,
	readPromptSet,
	writePromptSet,
} from "../dist/index.js";
import { runAlfa } from "./support/child.js";
import { expectError } from "./support/errors.js";
import { copyFixture, temporaryFolder } from "./support/folder.js";
import { tinyModel } from "./support/paths.js";

const levels = 10_000;
const nestedText = (start: string, end: string, inside = "1") =>
	start.repeat(levels) + inside + end.repeat(levels);
const nestedLists = nestedText("[", "]");
const nestedObjects = nestedText('{"a":', "}");

function nestedObject(): object {
	let value: object = {};
	for (let i = 0; i < levels; i++) value = { a: value };
	return value;
}

function cyclicObject(): object {
	const value: { self?: object } = {};
	value.self = value;
	return value;
}

const prompts = { normal: ["a good bottle"], abnormal: ["a broken bottle"] };

function promptSet(source: object): PromptSet {
	return {
		class: "bottle",
		...prompts,
		source: { kind: "user", detail: source },
	};
}

const badSources: [what: string, source: () => object][] = [
	["nested", nestedObject],
	["cyclic", cyclicObject],
	[
		"a cyclic list",
		() => {
			const list: unknown[] = [];
			list.push(list);
			return list;
		},
	],
	["with a function", () => ({ a: () => 1 })],
	["with a bigint", () => ({ a: 1n })],
	["with a symbol", () => ({ a: Symbol("a") })],
	["with NaN", () => ({ a: NaN })],
	["with infinity", () => [Infinity]],
	["with a hole", () => Array(2)],
	["a map", () => new Map()],
	["a date", () => new Date()],
	["a typed array", () => new Uint8Array(4)],
	["an object of a class", () => new (class Thing {})()],
	["with 100,000 values", () => Array(100_000).fill(1)],
];

describe("the source of a prompt set", () => {
	let engine: Engine;
	beforeAll(async () => {
		engine = await Engine.open({ model: tinyModel, cache: false });
	});
	afterAll(() => engine.close());

	test.each(badSources)("%s is refused", async (_, source) => {
		const set = promptSet(source());
		const code = "ERR_ALFA_ARGUMENT";
		await expectError(
			() => engine.category("bottle", { prompts: set }),
			code,
			"source",
		);
		await expectError(() => extendPrompts(set, {}), code, "source");
		await expectError(
			() => extendPrompts(promptSet({}), { source: set.source }),
			code,
			"source",
		);
		const file = join(temporaryFolder(), "set.json");
		await expectError(() => writePromptSet(file, set), code, "source");
	});

	test("a good one is copied: later changes have no effect", async () => {
		const detail = { list: [1, "two", null, true], nothing: undefined };
		const category = await engine.category("bottle", {
			prompts: promptSet(detail),
		});
		detail.list.push(3);
		expect(category.prompts!.source).toEqual({
			kind: "user",
			detail: { list: [1, "two", null, true] },
		});
	});

	test("sets can be extended again and again", () => {
		let set = promptSet({});
		for (let i = 0; i < 30; i++) set = extendPrompts(promptSet({ i }), set);
		expect(extendPrompts(set, {}).source["extended"]).toHaveLength(31);
	});
});

test.each([
	nestedLists,
	nestedObjects,
	`{"class":"a",${JSON.stringify(prompts).slice(1, -1)},"source":{"kind":"user","a":${nestedObjects}}}`,
])("a prompt file that is nested (%#)", async (text) => {
	const file = join(temporaryFolder(), "set.json");
	writeFileSync(file, text);
	await expectError(
		() => readPromptSet(file),
		"ERR_ALFA_PROMPT_FILE",
		"set.json",
		"levels of nesting",
	);
});

test.each(["config.json", "preprocessor_config.json"])(
	"a nested %s of a checkpoint",
	async (name) => {
		const model = copyFixture("tiny-hf-gelu");
		writeFileSync(join(model, name), nestedObjects);
		await expectError(
			() => Engine.open({ model }),
			"ERR_ALFA_MODEL_CORRUPT",
			name,
			"levels of nesting",
		);
	},
);

test("a nested header of a checkpoint's weights", async () => {
	const model = copyFixture("tiny-hf-gelu");
	const header = Buffer.from(nestedObjects);
	const length = Buffer.alloc(8);
	length.writeBigUInt64LE(BigInt(header.length));
	writeFileSync(
		join(model, "model.safetensors"),
		Buffer.concat([length, header]),
	);
	await expectError(() => Engine.open({ model }), "ERR_ALFA_MODEL_CORRUPT");
});

test("options of a category", async () => {
	await using engine = await Engine.open({ model: tinyModel, cache: false });
	for (const value of [nestedObject(), cyclicObject()]) {
		for (const key of [
			"recipe",
			"prompts",
			"scales",
			"bank",
			"references",
			"tile",
			"aligner",
		]) {
			const error = await engine
				.category("bottle", { [key]: value })
				.catch((error: { code?: string }) => error);
			expect([key, (error as { code?: string }).code]).toEqual([
				key,
				expect.stringMatching(/^ERR_ALFA_(ARGUMENT|RANGE)$/),
			]);
		}
	}
});

describe("commands", () => {
	test("a nested file of --systems", async () => {
		const folder = temporaryFolder();
		const file = join(folder, "systems.json");
		writeFileSync(file, nestedLists);
		mkdirSync(join(folder, "data"));
		const { code, stderr } = await runAlfa([
			"evaluate",
			join(folder, "data"),
			"--systems",
			file,
		]);
		expect(code).toBe(2);
		expect(stderr).toContain("levels of nesting");
		expect(stderr.trim().split("\n")).toHaveLength(1);
	});

	test("a nested prompt set", async () => {
		const file = join(temporaryFolder(), "set.json");
		writeFileSync(file, nestedObjects);
		const { code, stderr } = await runAlfa(["prompts", "--check", file]);
		expect(code).not.toBe(0);
		expect(stderr).not.toContain("RangeError");
	});
});
