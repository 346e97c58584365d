// Prompt sets on disk, and the command that shows, makes, saves and checks them.
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { readPromptSet, writePromptSet } from "../dist/prompts/prompt-file.js";
import type { PromptSet } from "../dist/index.js";
import { run, type ChildOptions } from "./support/child.js";
import { temporaryFolder } from "./support/folder.js";
import { goodItems, llmStub, well } from "./support/llm-stub.js";
import { command, root, tiny } from "./support/paths.js";
import { expectRefusal } from "./support/refusal.js";

const set: PromptSet = {
	class: "bottle",
	normal: ["a clean bottle"],
	abnormal: ["a broken bottle", "a bottle \u009b2J\u202e"],
	descriptors: ["crack"],
	source: { kind: "user", note: "mine" },
};
const harmful =
	/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/;
const key = "sk-test-0123456789abcdef";

describe("prompt set files", () => {
	test("come back as they went, with nothing in them that steers a terminal, and no part files beside them", async () => {
		const folder = temporaryFolder();
		const file = join(folder, "set.json");
		await Promise.all(
			Array.from({ length: 8 }, (_, i) =>
				writePromptSet(file, { ...set, descriptors: [`crack ${i}`] }),
			),
		);
		await writePromptSet(file, set);
		expect(await readPromptSet(file)).toEqual(set);
		expect(readFileSync(file, "utf8")).not.toMatch(harmful);
		expect(readdirSync(folder)).toEqual(["set.json"]);
	});

	test("that cannot be written leave nothing behind", async () => {
		const folder = temporaryFolder();
		await expectRefusal(
			() => writePromptSet(join(folder, "none", "set.json"), set),
			"ERR_ALFA_PROMPT_FILE",
			"ENOENT",
		);
		await expectRefusal(
			() => writePromptSet(join(folder, "set.json"), { ...set, normal: [] }),
			"ERR_ALFA_RANGE",
			"normal",
		);
		await expectRefusal(
			() => writePromptSet(folder, set),
			"ERR_ALFA_PROMPT_FILE",
		);
		expect(readdirSync(folder)).toEqual([]);
		expect(
			readdirSync(join(folder, "..")).filter((name) => name.endsWith(".part")),
		).toEqual([]);
	});

	test.each([
		['{"class": "b",\n "normal": ["x",]}', /line 2, column 17/],
		["", /line 1, column 1/],
		['{"class": "b"', /column 14/],
		['{"class": nope}', /line 1, column 12/],
		["[]", /object/],
		['{"class":"b","normal":["x"]}', /abnormal/],
		[
			'{"class":"b","normal":["x"],"abnormal":["y", 7]}',
			/abnormal\[1\].*string/,
		],
		[
			'{"class":"b","normal":["x"],"abnormal":["y"],"abnormals":["z"]}',
			/abnormals.*abnormal/,
		],
		['{"normal":["x"],"abnormal":["y"]}', /class/],
		[
			'{"class":"b","normal":["x"],"abnormal":["y"],"source":{"kind":"gpt"}}',
			/source/,
		],
		['{"class":"b","normal":[],"abnormal":"y"}', /normal.*1 more problem/],
	])("%j is refused", async (text, says) => {
		const file = join(temporaryFolder(), "set.json");
		writeFileSync(file, text);
		await expectRefusal(
			() => readPromptSet(file),
			"ERR_ALFA_PROMPT_FILE",
			"set.json",
			says,
		);
	});

	test("that are none", async () => {
		const folder = temporaryFolder();
		await expectRefusal(
			() => readPromptSet(join(folder, "no\u001b[2J.json")),
			"ERR_ALFA_PROMPT_FILE",
			"ENOENT",
			/no\\u001b/,
		);
		await expectRefusal(
			() => readPromptSet(folder),
			"ERR_ALFA_PROMPT_FILE",
			"is not a file",
		);
	});
});

/** The command in an empty folder; whatever it does, nothing harmful and no key leaves it. */
async function alfa(args: string[], options: ChildOptions = {}) {
	const folder = temporaryFolder();
	const ended = await run([command, "prompts", ...args], {
		cwd: folder,
		...options,
		env: {
			ALFA_CACHE: temporaryFolder(),
			ALFA_LLM_KEY: "",
			OPENAI_API_KEY: "",
			NO_COLOR: "1",
			...options.env,
		},
	});
	expect(ended.late).toBe(false);
	expect(ended.stdout).not.toMatch(harmful);
	expect(ended.stderr).not.toMatch(harmful);
	expect(`${ended.stdout}${ended.stderr}`).not.toContain(key);
	return { ...ended, folder, files: readdirSync(folder) };
}

describe("alfa prompts", () => {
	test("without an LLM shows the library, or templates for what it does not know", async () => {
		const known = await alfa(["bottle", "--json"]);
		expect(known).toMatchObject({ code: 0, stderr: "" });
		expect(JSON.parse(known.stdout).prompts.source.kind).toBe("library");
		const unknown = await alfa(["garden_gnome"]);
		expect(unknown).toMatchObject({ code: 0, stderr: "", files: [] });
		expect(unknown.stdout).toContain("garden gnome");
	});

	test("--list names classes, --out saves a set that --check finds sound", async () => {
		const list = await alfa(["--list", "--json"]);
		expect(JSON.parse(list.stdout)).toContain("bottle");
		const saved = await alfa(["metal_nut", "--out", "nut.json"]);
		expect(saved).toMatchObject({ code: 0, stdout: "", files: ["nut.json"] });
		const checked = await alfa(["--check", "nut.json"], { cwd: saved.folder });
		expect(checked.stdout).toContain("no problem");
		expect(checked.code).toBe(0);
	});

	test("--check lists every problem with its place and ends with 1", async () => {
		const file = join(temporaryFolder(), "set\u001b[2J.json");
		writeFileSync(
			file,
			JSON.stringify({
				class: "",
				normal: ["x", "X!", "a\u202eb"],
				abnormal: [1, "y ".repeat(70)],
				"bad\u009b": 1,
				source: { kind: "llm" },
			}),
		);
		const { code, stdout } = await alfa(["--check", file]);
		expect(code).toBe(1);
		for (const place of [
			"class:",
			"normal[1]:",
			"normal[2]:",
			"abnormal[0]:",
			"abnormal[1]:",
			"bad\\u009b:",
		])
			expect(stdout).toContain(place);
		expect(stdout.trim().split("\n")).toHaveLength(6);
		const json = await alfa(["--check", file, "--json"]);
		expect(json.code).toBe(1);
		expect(JSON.parse(json.stdout)).toMatchObject({
			ok: false,
			problems: { length: 6 },
		});
	});

	test("--llm makes a set, says what it took, and saves it under a harmless name", async () => {
		const stub = await llmStub((asked, reply) =>
			reply.lists([
				...goodItems(asked),
				"An abnormal image of \u009b31mbottle <b>",
			]),
		);
		const args = [
			"bottle",
			"--llm",
			stub.baseURL,
			"--llm-model",
			"stub-1",
			"--samples",
			"2",
			"--key-env",
			"MY_KEY",
			"--show",
		];
		const made = await alfa(["../Bottle'; rm -rf", ...args.slice(1)], {
			env: { MY_KEY: key },
		});
		expect(made).toMatchObject({
			code: 0,
			files: ["prompts-bottle-rm-rf.json"],
		});
		const good = await alfa(args, { env: { MY_KEY: key } });
		expect(good).toMatchObject({ code: 0, files: ["prompts-bottle.json"] });
		expect(good.stderr).toMatch(
			/kept: 16 normal, 16 abnormal, 12 descriptors; dropped: 5 .*markup|control/,
		);
		expect(good.stderr).toMatch(
			/5 requests, 0 of them repeated; tokens: 500 in, 250 out/,
		);
		expect(good.stdout).toContain(
			"An abnormal image of bottle with a cracked neck",
		);
		expect(stub.asked.at(-1)!.headers.authorization).toBe(`Bearer ${key}`);
		const saved = readFileSync(
			join(good.folder, "prompts-bottle.json"),
			"utf8",
		);
		expect(saved).not.toContain(key);
		expect(
			(await readPromptSet(join(good.folder, "prompts-bottle.json"))).source,
		).toMatchObject({ kind: "llm", baseURL: stub.host });
		const again = await alfa(args, { cwd: good.folder, env: { MY_KEY: key } });
		expect(again.code).toBe(0);
		expect(readdirSync(good.folder).sort()).toEqual([
			"prompts-bottle-2.json",
			"prompts-bottle.json",
		]);
		const json = await alfa(
			[...args.filter((each) => each !== "--show"), "--json"],
			{ env: { MY_KEY: key } },
		);
		expect(json.files).toEqual([]);
		expect(JSON.parse(json.stdout)).toMatchObject({
			prompts: { class: "bottle" },
			dropped: { length: 5 },
			usage: { requests: 5 },
		});
	});

	test("what was made once is not asked for again; --fresh asks, and a damaged copy is discarded", async () => {
		const stub = await llmStub((asked, reply) => reply.lists(goodItems(asked)));
		const cache = temporaryFolder();
		const make = (...more: string[]) =>
			alfa(
				[
					"bottle",
					"--llm",
					stub.baseURL,
					"--llm-model",
					"stub-1",
					"--samples",
					"2",
					"--json",
					...more,
				],
				{ env: { ALFA_CACHE: cache } },
			);
		const first = await make();
		const asked = stub.asked.length;
		const second = await make();
		expect(stub.asked.length).toBe(asked);
		expect(JSON.parse(second.stdout).prompts).toEqual(
			JSON.parse(first.stdout).prompts,
		);
		await make("--fresh");
		expect(stub.asked.length).toBe(2 * asked);
		const [file] = readdirSync(join(cache, "prompts"));
		writeFileSync(
			join(cache, "prompts", file!),
			'{"class": "bottle", "normal": [',
		);
		const healed = await make();
		expect(healed.code).toBe(0);
		expect(healed.stderr).toContain("damaged");
		expect(stub.asked.length).toBe(3 * asked);
	});

	test("--model: its text tower finds what says the same again and what is too long", async () => {
		const long = `An abnormal image of bottle with ${"q1x7 ".repeat(40)}`;
		const stub = await llmStub((asked, reply) =>
			reply.lists([
				...goodItems(asked),
				...(asked.label === "abnormal" ? [long] : []),
			]),
		);
		const ended = await alfa([
			"bottle",
			"--llm",
			stub.baseURL,
			"--llm-model",
			"stub-1",
			"--samples",
			"1",
			"--json",
			"--model",
			tiny,
		]);
		// The tiny model has random weights: which prompts it takes for near duplicates says nothing, only that it is asked.
		expect([0, 1]).toContain(ended.code);
		expect(ended.code === 0 ? ended.stdout : ended.stderr).toMatch(
			/length|TOO_FEW/,
		);
	});

	test("a server that refuses ends with 1, writes nothing, and tells no key", async () => {
		const stub = await llmStub((_, reply) =>
			reply.fails(401, `bad key ${key} \u001b[2J`),
		);
		const ended = await alfa(
			[
				"bottle",
				"--llm",
				stub.baseURL,
				"--llm-model",
				"m",
				"--out",
				"set.json",
			],
			{ env: { ALFA_LLM_KEY: key } },
		);
		expect(ended).toMatchObject({ code: 1, stdout: "", files: [] });
		expect(ended.stderr).toMatch(/401.*ERR_ALFA_LLM_AUTH/);
	});

	test.each([
		[[], /class name/],
		[["bottle", "--llm-model", "m"], /--llm URL/],
		[["bottle", "--llm", "http://x"], /--llm-model/],
		[
			["bottle", "--llm", "http://x", "--llm-model", "m", "--key-env", key],
			/--key-env/,
		],
		[
			[
				"bottle",
				"--llm",
				"http://x",
				"--llm-model",
				"m",
				"--key-env",
				"NOT_THERE",
			],
			/--key-env/,
		],
		[["bottle", "--samples", "0"], /samples/],
		[["bottle", "--llm", key, "--llm-model", "m"], /baseURL/],
	] as [string[], RegExp][])(
		"wrong usage ends with 2: %j",
		async (args, says) => {
			const ended = await alfa(args);
			expect(ended).toMatchObject({ code: 2, stdout: "" });
			expect(ended.stderr).toMatch(says);
		},
	);

	test("nothing was written anywhere else", () =>
		expect(existsSync(join(root, "prompts-bottle.json"))).toBe(false));
});
