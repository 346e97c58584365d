// Prompt sets in files: written completely or not at all, and read with the place of each problem.
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import {
	type PromptSet,
	readPromptSet,
	writePromptSet,
} from "../dist/index.js";
import { expectError } from "./support/errors.js";
import { temporaryFolder } from "./support/folder.js";

const set: PromptSet = {
	class: "bottle",
	normal: ["a clean bottle"],
	abnormal: ["a broken bottle", "a bottle \u009b2J\u202e"],
	descriptors: ["crack"],
	source: { kind: "user", note: "mine" },
};

const controlCharacters =
	/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/;

describe("a written prompt set", () => {
	test("is read unchanged, and has no control characters in the file", async () => {
		const file = join(temporaryFolder(), "set.json");
		await writePromptSet(file, set);
		expect(await readPromptSet(file)).toEqual(set);
		expect(readFileSync(file, "utf8")).not.toMatch(controlCharacters);
	});

	test("may be written by several calls at once, and leaves one file", async () => {
		const folder = temporaryFolder();
		const file = join(folder, "set.json");
		await Promise.all(
			Array.from({ length: 8 }, (_, i) =>
				writePromptSet(file, { ...set, descriptors: [`crack ${i}`] }),
			),
		);
		const { descriptors } = await readPromptSet(file);
		expect(descriptors).toEqual([expect.stringMatching(/^crack \d$/)]);
		expect(readdirSync(folder)).toEqual(["set.json"]);
	});

	test("leaves nothing if it cannot be written", async () => {
		const folder = temporaryFolder();
		await expectError(
			() => writePromptSet(join(folder, "none", "set.json"), set),
			"ERR_ALFA_PROMPT_FILE",
			"ENOENT",
		);
		await expectError(
			() => writePromptSet(join(folder, "set.json"), { ...set, normal: [] }),
			"ERR_ALFA_RANGE",
			"normal",
		);
		await expectError(
			() => writePromptSet(folder, set),
			"ERR_ALFA_PROMPT_FILE",
		);
		expect(readdirSync(folder)).toEqual([]);
		const partialFiles = readdirSync(join(folder, "..")).filter((name) =>
			name.endsWith(".part"),
		);
		expect(partialFiles).toEqual([]);
	});
});

describe("a file that is not a prompt set is refused:", () => {
	const valid = '"class":"b","normal":["x"]';
	test.each<[string, RegExp]>([
		['{"class": "b",\n "normal": ["x",]}', /line 2, column 17/],
		["", /line 1, column 1/],
		['{"class": "b"', /column 14/],
		['{"class": nope}', /line 1, column 12/],
		["[]", /object/],
		[`{${valid}}`, /abnormal/],
		[`{${valid},"abnormal":["y", 7]}`, /abnormal\[1\].*string/],
		[`{${valid},"abnormal":["y"],"abnormals":["z"]}`, /abnormals.*abnormal/],
		['{"normal":["x"],"abnormal":["y"]}', /class/],
		[`{${valid},"abnormal":["y"],"source":{"kind":"gpt"}}`, /source/],
		[
			'{"class":"b","normal":[],"abnormal":"y"}',
			/normal.*1 more problem: alfa prompts --check/,
		],
	])("%j", async (text, message) => {
		const file = join(temporaryFolder(), "set.json");
		writeFileSync(file, text);
		await expectError(
			() => readPromptSet(file),
			"ERR_ALFA_PROMPT_FILE",
			"set.json",
			message,
		);
	});

	test("a missing file, whose name is shown without control characters", () =>
		expectError(
			() => readPromptSet(join(temporaryFolder(), "no\u001b[2J.json")),
			"ERR_ALFA_PROMPT_FILE",
			"ENOENT",
			/no\\u001b/,
		));

	test("a folder", () =>
		expectError(
			() => readPromptSet(temporaryFolder()),
			"ERR_ALFA_PROMPT_FILE",
			"is not a file",
		));
});
