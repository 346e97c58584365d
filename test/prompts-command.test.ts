// alfa prompts: shows, generates, saves and checks prompt sets.
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { readPromptSet } from "../dist/index.js";
import { type ProcessOptions, runNode } from "./support/child.js";
import { temporaryFolder } from "./support/folder.js";
import { goodItems, type LlmStub, llmStub } from "./support/llm-stub.js";
import { command, root, tinyModel } from "./support/paths.js";

const controlCharacters =
	/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/;
const key = "sk-test-0123456789abcdef";

/** Runs the command in an empty folder. It must never print control characters or the key. */
async function runPrompts(args: string[], options: ProcessOptions = {}) {
	const folder = options.cwd ?? temporaryFolder();
	const result = await runNode([command, "prompts", ...args], {
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
	expect(result.timedOut).toBe(false);
	expect(result.stdout).not.toMatch(controlCharacters);
	expect(result.stderr).not.toMatch(controlCharacters);
	expect(`${result.stdout}${result.stderr}`).not.toContain(key);
	return { ...result, folder, files: readdirSync(folder).sort() };
}

const llmArguments = ({ baseURL }: LlmStub, samples = 2) => [
	"--llm",
	baseURL,
	"--llm-model",
	"stub-1",
	"--samples",
	String(samples),
];

const goodStub = () =>
	llmStub((request, reply) => reply.sendList(goodItems(request)));

describe("without an LLM", () => {
	test("shows the set of the library", async () => {
		const result = await runPrompts(["bottle", "--json"]);
		expect(result).toMatchObject({ code: 0, stderr: "" });
		expect(JSON.parse(result.stdout).prompts.source.kind).toBe("library");
	});

	test("shows a general set for a class that the library does not know", async () => {
		const result = await runPrompts(["garden_gnome"]);
		expect(result).toMatchObject({ code: 0, stderr: "", files: [] });
		expect(result.stdout).toContain("garden gnome");
	});

	test("--list prints the classes of the library", async () => {
		const result = await runPrompts(["--list", "--json"]);
		expect(JSON.parse(result.stdout)).toContain("bottle");
	});

	test("--out saves a set in which --check finds no problem", async () => {
		const saved = await runPrompts(["metal_nut", "--out", "nut.json"]);
		expect(saved).toMatchObject({ code: 0, stdout: "", files: ["nut.json"] });
		const checked = await runPrompts(["--check", "nut.json"], {
			cwd: saved.folder,
		});
		expect(checked.code).toBe(0);
		expect(checked.stdout).toContain("no problem");
	});

	test("--check lists every problem with its place, and exits with 1", async () => {
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
		const { code, stdout } = await runPrompts(["--check", file]);
		expect(code).toBe(1);
		const places = [
			"class:",
			"normal[1]:",
			"normal[2]:",
			"abnormal[0]:",
			"abnormal[1]:",
			"bad\\u009b:",
		];
		for (const place of places) expect(stdout).toContain(place);
		expect(stdout.trim().split("\n")).toHaveLength(places.length);
		const json = await runPrompts(["--check", file, "--json"]);
		expect(json.code).toBe(1);
		expect(JSON.parse(json.stdout)).toMatchObject({
			ok: false,
			problems: { length: places.length },
		});
	});
});

describe("with --llm", () => {
	/** Every answer has one more item, which is dropped. */
	const stubWithBadItem = () =>
		llmStub((request, reply) =>
			reply.sendList([
				...goodItems(request),
				"An abnormal image of \u009b31mbottle <b>",
			]),
		);
	const withKey = { MY_KEY: key };

	test("saves a set, and reports what was kept, dropped and used", async () => {
		const stub = await stubWithBadItem();
		const args = ["bottle", ...llmArguments(stub), "--key-env", "MY_KEY"];
		const result = await runPrompts([...args, "--show"], { env: withKey });
		expect(result).toMatchObject({ code: 0, files: ["prompts-bottle.json"] });
		expect(result.stderr).toMatch(
			/16 normal, 16 abnormal, 12 descriptors.* 5 .*(markup|control)/,
		);
		expect(result.stderr).toMatch(/5 requests.* 500 .* 250 /);
		expect(result.stdout).toContain(
			"An abnormal image of bottle with a cracked neck",
		);
		expect(stub.requests.at(-1)!.headers.authorization).toBe(`Bearer ${key}`);
		const file = join(result.folder, "prompts-bottle.json");
		expect(readFileSync(file, "utf8")).not.toContain(key);
		const { source } = await readPromptSet(file);
		expect(source).toMatchObject({ kind: "llm", baseURL: stub.host });

		const second = await runPrompts(args, { cwd: result.folder, env: withKey });
		expect(second).toMatchObject({
			code: 0,
			files: ["prompts-bottle-2.json", "prompts-bottle.json"],
		});
	});

	test("saves under a harmless name, whatever the class is called", async () => {
		const stub = await stubWithBadItem();
		const result = await runPrompts([
			"../Bottle'; rm -rf",
			...llmArguments(stub),
		]);
		expect(result).toMatchObject({
			code: 0,
			files: ["prompts-bottle-rm-rf.json"],
		});
	});

	test("prints the set with --json and saves no file", async () => {
		const stub = await stubWithBadItem();
		const result = await runPrompts([
			"bottle",
			...llmArguments(stub),
			"--json",
		]);
		expect(result.files).toEqual([]);
		expect(JSON.parse(result.stdout)).toMatchObject({
			prompts: { class: "bottle" },
			dropped: { length: 5 },
			usage: { requests: 5 },
		});
	});

	test("sends no request for a set in the cache, unless --fresh is given or the cached file is damaged", async () => {
		const stub = await goodStub();
		const cache = temporaryFolder();
		const generate = (...more: string[]) =>
			runPrompts(["bottle", ...llmArguments(stub), "--json", ...more], {
				env: { ALFA_CACHE: cache },
			});
		const first = await generate();
		const { length } = stub.requests;
		const second = await generate();
		expect(stub.requests.length).toBe(length);
		expect(JSON.parse(second.stdout).prompts).toEqual(
			JSON.parse(first.stdout).prompts,
		);

		await generate("--fresh");
		expect(stub.requests.length).toBe(2 * length);

		const [name] = readdirSync(join(cache, "prompts"));
		writeFileSync(
			join(cache, "prompts", name!),
			'{"class": "bottle", "normal": [',
		);
		const repaired = await generate();
		expect(repaired.code).toBe(0);
		expect(repaired.stderr).toContain("damaged");
		expect(stub.requests.length).toBe(3 * length);
	});

	test("and --model drops texts that are too long for the model's text tower", async () => {
		const long = `An abnormal image of bottle with ${"q1x7 ".repeat(40)}`;
		const stub = await llmStub((request, reply) => {
			const extra = request.label === "abnormal" ? [long] : [];
			reply.sendList([...goodItems(request), ...extra]);
		});
		const result = await runPrompts([
			"bottle",
			...llmArguments(stub, 1),
			"--json",
			"--model",
			tinyModel,
		]);
		// The tiny model has random weights, so its near duplicates are random too. Too few prompts may
		// be left.
		expect([0, 1]).toContain(result.code);
		const output = result.code === 0 ? result.stdout : result.stderr;
		expect(output).toMatch(/length|TOO_FEW/);
	});

	test("exits with 1 and saves no file if the server refuses", async () => {
		const stub = await llmStub((_, reply) =>
			reply.sendError(401, `bad key ${key} \u001b[2J`),
		);
		const result = await runPrompts(
			["bottle", ...llmArguments(stub), "--out", "set.json"],
			{ env: { ALFA_LLM_KEY: key } },
		);
		expect(result).toMatchObject({ code: 1, stdout: "", files: [] });
		expect(result.stderr).toMatch(/401.*ERR_ALFA_LLM_AUTH/);
	});
});

const llm = ["--llm", "http://x", "--llm-model", "m"];
test.each<[string[], RegExp]>([
	[[], /class name/],
	[["bottle", "--llm-model", "m"], /--llm URL/],
	[["bottle", "--llm", "http://x"], /--llm-model/],
	[["bottle", ...llm, "--key-env", key], /--key-env/],
	[["bottle", ...llm, "--key-env", "NOT_THERE"], /--key-env/],
	[["bottle", "--samples", "0"], /samples/],
	[["bottle", "--llm", key, "--llm-model", "m"], /baseURL/],
])("wrong arguments %j exit with 2", async (args, message) => {
	const result = await runPrompts(args);
	expect(result).toMatchObject({ code: 2, stdout: "" });
	expect(result.stderr).toMatch(message);
	expect(existsSync(join(root, "prompts-bottle.json"))).toBe(false);
});
