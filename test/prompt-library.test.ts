// The shipped prompt sets: valid, distinct, short enough, and found by the names that users and data sets write.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { TextTokenizer } from "../dist/tokenizer/tokenizer.js";
import {
	fallbackSet,
	libraryNames,
	librarySet,
} from "../dist/prompts/library.js";
import { toPromptSet, type PromptSet } from "../dist/prompts/prompt-set.js";
import { root, sharedData } from "./support/paths.js";

const mvtec = [
	"bottle",
	"cable",
	"capsule",
	"carpet",
	"grid",
	"hazelnut",
	"leather",
	"metal_nut",
	"pill",
	"screw",
	"tile",
	"toothbrush",
	"transistor",
	"wood",
	"zipper",
];
const visa = [
	"candle",
	"capsules",
	"cashew",
	"chewinggum",
	"fryum",
	"macaroni1",
	"macaroni2",
	"pcb1",
	"pcb2",
	"pcb3",
	"pcb4",
	"pipe_fryum",
];

/** The demo model's held-out classes, as its catalogue says them. */
function demo(): string[] {
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
const bare = (text: string) =>
	text
		.toLowerCase()
		.replace(/[^a-z0-9]+/g, " ")
		.trim();

const opened: TextTokenizer[] = [];
afterAll(() => Promise.all(opened.map((each) => each.close())));

describe.each(sets)("%s", (name, set) => {
	test("is a whole prompt set that says where it comes from", () => {
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

	test("says nothing twice, neither within a label nor across", () => {
		for (const texts of [prompts(set), set.descriptors!])
			expect(new Set(texts.map(bare)).size).toBe(texts.length);
	});

	test("speaks of its class in captions without markup", () => {
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

	test("contradicts no label", () => {
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

test("every prompt and descriptor is far from 77 tokens", async ({ skip }) => {
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
	lengths.forEach((length, i) =>
		expect(length, texts[i]).toBeLessThanOrEqual(40),
	);
});

describe("a set is found", () => {
	test.each([...mvtec, ...visa, ...demo()])("for %s", (name) => {
		expect(libraryNames()).toContain(name);
		expect(librarySet(name)).toBeDefined();
	});

	test.each([
		"metal_nut",
		"metal-nut",
		"metal nut",
		" Metal  Nut ",
		"METAL_NUT",
		"metal_nut2",
	])("under %j", (name) => {
		expect(librarySet(name)?.class).toBe("metal nut");
	});

	test("with its digits first, then without", () => {
		expect(librarySet("pcb1")).not.toEqual(librarySet("pcb2"));
		expect(librarySet("bottle7")).toEqual(librarySet("bottle"));
		for (const name of ["pcb", "pcb9", "macaroni"])
			expect(librarySet(name)?.class).toBe(name.replace(/\d/, ""));
		expect(librarySet("capsules")).not.toEqual(librarySet("capsule"));
	});

	test("by the words that its own prompts use", () => {
		for (const [name, set] of sets.slice(0, -1))
			expect(librarySet(set.class)?.class, name).toBe(set.class);
	});

	test.each(["", "12", "turbine blade", "bottles", "constructor", "__proto__"])(
		"not for %j",
		(name) => {
			expect(librarySet(name)).toBeUndefined();
		},
	);
});

test("the fallback takes any name and its article", () => {
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

test("a set is the caller's own: changing it changes no other", () => {
	librarySet("bottle")!.normal.length = 0;
	fallbackSet("object").descriptors!.length = 0;
	expect(librarySet("bottle")!.normal.length).toBeGreaterThan(0);
	expect(fallbackSet("object").descriptors!.length).toBeGreaterThan(0);
});

test("every file of the library is reachable", () => {
	const files = readdirSync(join(root, "lib", "prompts", "library")).map(
		(file) => file.replace(".json", ""),
	);
	expect(files.sort()).toEqual([...libraryNames(), "fallback"].sort());
});
