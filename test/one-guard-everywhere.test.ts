// Guards that many functions need: each exists once, and every sibling uses it.
import { cpSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Engine, evaluate, readPromptSet } from "../dist/index.js";
import { runAlfa } from "./support/child.js";
import { writeDataset } from "./support/datasets.js";
import { expectError } from "./support/errors.js";
import { temporaryFolder } from "./support/folder.js";
import { root, tinyModel } from "./support/paths.js";

let engine: Engine;
beforeAll(async () => {
	engine = await Engine.open({ model: tinyModel });
});
afterAll(() => engine?.close());

const dataset = writeDataset("widgets", [
	"widget/train/good/0.png",
	"widget/test/good/0.png",
	"widget/test/bad/0.png",
]);
const image = join(dataset, "widget/test/good/0.png");

describe("the source code", () => {
	const library = join(root, "lib");
	const files = readdirSync(library, { recursive: true, encoding: "utf8" })
		.filter((file) => file.endsWith(".ts"))
		.map((file) => ({
			file,
			code: readFileSync(join(library, file), "utf8").replace(
				/\/\*[\s\S]*?\*\/|\/\/.*$/gm,
				"",
			),
		}));
	const filesWith = (pattern: RegExp, ...allowed: string[]) =>
		files
			.filter(({ code }) => pattern.test(code))
			.map(({ file }) => file.replaceAll("\\", "/"))
			.filter((file) => !allowed.includes(file));

	test("makes folders with makeDirectory only: a recursive mkdir never returns below /proc", () => {
		expect(files.length).toBeGreaterThan(100);
		expect(
			filesWith(/\bmkdir(Sync)?\([^)]*recursive/, "util/make-directory.ts"),
		).toEqual([]);
		expect(filesWith(/\bmkdir(Sync)?\(/, "util/make-directory.ts")).toEqual([]);
	});

	test("never asks for typed arrays or signals of its own realm", () =>
		expect(
			filesWith(
				/instanceof (\w*Array|ArrayBuffer|URL|Set|Map|AbortSignal)\b/,
				"options/validate.ts", // AbortSignal, together with the check of its state
				"datasets/masks.ts", // arrays that it made itself
			),
		).toEqual([]));

	test("parses JSON with parseJson only, which limits the nesting and accepts a byte order mark", () =>
		expect(
			filesWith(
				/\bJSON\.parse\(/,
				"util/json.ts",
				"util/package.ts", // the package's own file
				"report/evaluation/viewer/data.ts", // data of the report itself
			),
		).toEqual([]));
});

describe.runIf(process.platform === "linux")("a folder below /proc", () => {
	const folder = "/proc/alfa/folder";

	test("exportOnnx", () =>
		expectError(() => engine.exportOnnx(folder), "ERR_ALFA_WRITE", folder));
	test("evaluate", () =>
		expectError(
			() => evaluate(engine, dataset, { report: folder }),
			"ERR_ALFA_WRITE",
			folder,
		));
	test("category.save", async () => {
		const category = await engine.category("widget", {
			prompts: { normal: ["a"], abnormal: ["b"] },
		});
		await expectError(
			() => category.save(`${folder}/widget.alfa`),
			"ERR_ALFA_WRITE",
		);
	});
	test("the cache of Engine.open", async () => {
		await using other = await Engine.open({ model: tinyModel, cache: folder });
		expect(await other.embedText("a")).toHaveLength(other.info.embedDim);
	});
	test("alfa detect --out", async () => {
		const { code, timedOut, stderr } = await runAlfa([
			"detect",
			image,
			"--model",
			tinyModel,
			"--class",
			"widget",
			"--out",
			folder,
		]);
		expect({ code, timedOut }).toEqual({ code: 1, timedOut: false });
		expect(stderr).toContain(folder);
	});
});

describe("a byte order mark", () => {
	const mark = "\ufeff";
	const encodings: [string, (text: string) => Buffer][] = [
		["UTF-8", (text) => Buffer.from(mark + text)],
		["UTF-16LE", (text) => Buffer.from(mark + text, "utf16le")],
		["UTF-16BE", (text) => Buffer.from(mark + text, "utf16le").swap16()],
	];
	const set = {
		class: "Gehäuse",
		normal: ["a clean Gehäuse"],
		abnormal: ["a broken Gehäuse"],
		source: { kind: "user" },
	};

	test.each(encodings)("of %s, in prompt sets", async (_name, encode) => {
		const file = join(temporaryFolder(), "set.json");
		writeFileSync(file, encode(JSON.stringify(set)));
		expect(await readPromptSet(file)).toEqual(set);
	});

	test.each(encodings)("of %s, in --systems", async (_name, encode) => {
		const file = join(temporaryFolder(), "systems.json");
		writeFileSync(
			file,
			encode(JSON.stringify([{ title: "two windows", scales: [2] }])),
		);
		const { code, stdout, stderr } = await runAlfa([
			"evaluate",
			dataset,
			"--model",
			tinyModel,
			"--systems",
			file,
			"--json",
		]);
		expect(code, stderr).toBe(0);
		expect(JSON.parse(stdout).variants[0].id).toBe("two windows");
	});

	test("in the JSON files of a checkpoint", async () => {
		const copy = join(temporaryFolder(), basename(tinyModel));
		cpSync(tinyModel, copy, { recursive: true });
		for (const name of readdirSync(copy)) {
			if (!name.endsWith(".json")) continue;
			const file = join(copy, name);
			writeFileSync(file, mark + readFileSync(file, "utf8"));
		}
		await using other = await Engine.open({ model: copy });
		// A text that no other test has embedded: embeddings of one batch differ from single ones in the last bits.
		const text = "a text of this test only";
		expect(await other.embedText(text)).toEqual(await engine.embedText(text));
	});

	test("text that is not valid UTF-8 is refused by name", async () => {
		const file = join(temporaryFolder(), "latin1.json");
		writeFileSync(file, Buffer.from(JSON.stringify(set), "latin1"));
		await expectError(
			() => readPromptSet(file),
			"ERR_ALFA_PROMPT_FILE",
			file,
			/UTF-8/,
		);
	});
});
