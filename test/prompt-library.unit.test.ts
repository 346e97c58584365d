// The prompt sets of the library: they are valid, distinct and short enough, and are found by the names in
// data sets and by those that users write.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import {
	fallbackSet,
	libraryNames,
	librarySet,
} from "../dist/prompts/library.js";
import { type PromptSet, toPromptSet } from "../dist/prompts/prompt-set.js";
import { TextTokenizer } from "../dist/tokenizer/tokenizer.js";
import { mvtecCategories, visaCategories } from "./support/datasets.js";
import { root, sharedData } from "./support/paths.js";

/** The held-out classes of the demo model, as its catalogue names them. */
function demoClasses(): string[] {
	const catalogue = readFileSync(
		join(root, "tools", "demo-model", "catalogue.py"),
		"utf8",
	);
	return [
		.../^HELD_OUT_CLASSES = \((.*)\)/m
			.exec(catalogue)![1]!
			.matchAll(/"(\w+)"/g),
	].map(([, name]) => name!);
}

const sets: [name: string, set: PromptSet][] = [
	...libraryNames().map((name): [string, PromptSet] => [
		name,
		librarySet(name)!,
	]),
	["the fallback", fallbackSet("object")],
];
const prompts = (set: PromptSet) => [...set.normal, ...set.abnormal];
/** The words of a text. */
const wordsOf = (text: string) =>
	text
		.toLowerCase()
		.replace(/[^a-z0-9]+/g, " ")
		.trim();

const opened: TextTokenizer[] = [];
afterAll(() => Promise.all(opened.map((each) => each.close())));

describe.each(sets)("%s", (name, set) => {
	test("is a complete prompt set with its source", () => {
		expect(toPromptSet(set, name)).toEqual(set);
		expect(set.source).toMatchObject({
			kind: "library",
			version: 1,
			author: "alfa-vad",
			note: expect.any(String) as string,
		});
	});

	test("has 40 to 80 prompts per label and 10 to 20 descriptors", () => {
		for (const { length } of [set.normal, set.abnormal]) {
			expect(length).toBeGreaterThanOrEqual(40);
			expect(length).toBeLessThanOrEqual(80);
		}
		expect(set.descriptors!.length).toBeGreaterThanOrEqual(10);
		expect(set.descriptors!.length).toBeLessThanOrEqual(20);
	});

	test("has no text twice", () => {
		for (const texts of [prompts(set), set.descriptors!])
			expect(new Set(texts.map(wordsOf)).size).toBe(texts.length);
	});

	test("names its class in captions without markup", () => {
		const noun =
			set.class === "pcb"
				? /\b(pcb|circuit board)\b/i
				: new RegExp(`\\b${set.class}`, "i");
		for (const text of prompts(set)) {
			expect(text).toMatch(noun);
			expect(text).toMatch(
				/^(An? (ab)?normal image|A photo|A close-up|A top view) of /,
			);
			expect(text).toMatch(/^[A-Za-z0-9 ,'-]+[a-z0-9]$/i);
		}
		for (const text of set.descriptors!)
			expect(text).toMatch(/^[a-z][a-z0-9 ,'-]+$/i);
	});

	test("has no words that contradict the label", () => {
		for (const text of set.normal) {
			expect(text).not.toMatch(
				/\b(abnormal|anomal\w+|defective|damaged|faulty|contaminated|deformed)\b/i,
			);
		}
		for (const text of set.abnormal) {
			expect(text).not.toMatch(
				/\b(normal|flawless|faultless|perfect|intact|undamaged|spotless|immaculate|without any)\b/i,
			);
		}
	});
});

test("every prompt and descriptor has at most 40 tokens", async ({ skip }) => {
	const tokenizer = new TextTokenizer(
		sharedData("clip-tokenizer", skip),
		77,
		49408,
	);
	opened.push(tokenizer);
	const texts = sets.flatMap(([, set]) => [
		...prompts(set),
		...set.descriptors!,
	]);
	const { lengths } = await tokenizer.encode(texts);
	for (const [i, length] of lengths.entries())
		expect(length, texts[i]).toBeLessThanOrEqual(40);
});

describe("a set", () => {
	test.each([...mvtecCategories, ...visaCategories, ...demoClasses()])(
		"is found for %s",
		(name) => {
			expect(libraryNames()).toContain(name);
			expect(librarySet(name)).toBeDefined();
		},
	);

	test.each([
		"metal_nut",
		"metal-nut",
		"metal nut",
		" Metal  Nut ",
		"METAL_NUT",
		"metal_nut2",
	])("is found by the name %j", (name) => {
		expect(librarySet(name)?.class).toBe("metal nut");
	});

	test("is found with the digits of the name, else without them", () => {
		expect(librarySet("pcb1")).not.toEqual(librarySet("pcb2"));
		expect(librarySet("bottle7")).toEqual(librarySet("bottle"));
		for (const name of ["pcb", "pcb9", "macaroni"])
			expect(librarySet(name)?.class).toBe(name.replace(/\d/, ""));
		expect(librarySet("capsules")).not.toEqual(librarySet("capsule"));
	});

	test("is found by the class that its prompts name", () => {
		for (const [name, set] of sets.slice(0, -1))
			expect(librarySet(set.class)?.class, name).toBe(set.class);
	});

	test.each(["", "12", "turbine blade", "bottles", "constructor", "__proto__"])(
		"is not found for %j",
		(name) => {
			expect(librarySet(name)).toBeUndefined();
		},
	);
});

test("the fallback set accepts any name and gives it the right article", () => {
	for (const [name, article] of [
		["object", "an"],
		["turbine blade", "a"],
		["{class} $& $1", "a"],
	] as const) {
		const set = fallbackSet(name);
		expect(set.class).toBe(name);
		expect(set.normal[0]).toBe(
			`A normal image of ${article} ${name} with a clean, undamaged surface`,
		);
		expect(set.abnormal[0]).toBe(
			`An abnormal image of ${article} ${name} with a crack in its surface`,
		);
	}
	expect(prompts(fallbackSet("object")).join()).not.toMatch(/[{}]|\ba object/);
});

test("changes to a returned set do not change the library", () => {
	librarySet("bottle")!.normal.length = 0;
	fallbackSet("object").descriptors!.length = 0;
	expect(librarySet("bottle")!.normal.length).toBeGreaterThan(0);
	expect(fallbackSet("object").descriptors!.length).toBeGreaterThan(0);
});

test("every file of the library is used", () => {
	const files = readdirSync(join(root, "lib", "prompts", "library")).map(
		(file) => file.replace(".json", ""),
	);
	expect(files.sort()).toEqual([...libraryNames(), "fallback"].sort());
});
