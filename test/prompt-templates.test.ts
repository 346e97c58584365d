// Prompt sets from states, and sets that are extended.
import { expect, test } from "vitest";
import { extendPrompts, templatePrompts } from "../dist/index.js";

test("the default states give 72 distinct prompts per label, and each names the class", () => {
	const { normal, abnormal, source } = templatePrompts("metal_nut");
	expect([new Set(normal).size, new Set(abnormal).size]).toEqual([72, 72]);
	for (const text of [...normal, ...abnormal])
		expect(text).toContain("metal nut");
	expect(normal.filter((text) => abnormal.includes(text))).toEqual([]);
	expect(source.kind).toBe("template");
});

test("a user's states and domains replace the default ones and get the right articles", () => {
	const set = templatePrompts("iron_bolt2", {
		domains: ["X-ray"],
		normal: ["intact", "polished"],
		abnormal: ["rusty", { state: "damaged", details: "with a burr" }],
	});
	expect(set).toMatchObject({
		class: "iron bolt",
		source: { kind: "user" },
		normal: [
			"A X-ray image of an intact iron bolt",
			"A X-ray image of a polished iron bolt",
		],
		abnormal: [
			"A X-ray image of a rusty iron bolt",
			"A X-ray image of a damaged iron bolt with a burr",
		],
	});
});

test("a user's states can extend the default ones", () => {
	const both = extendPrompts(
		templatePrompts("bolt"),
		templatePrompts("bolt", { abnormal: ["rusty"] }),
	);
	expect(both.normal).toHaveLength(72);
	expect(both.abnormal.length).toBeGreaterThan(72);
});

test("extendPrompts adds only new texts, and records them in the source", () => {
	const base = {
		class: "bottle",
		normal: ["a clean bottle"],
		abnormal: ["a broken bottle"],
		source: { kind: "library" as const },
	};
	const extended = extendPrompts(base, {
		abnormal: ["A broken  bottle!", "a bottle without cap"],
		descriptors: ["no cap"],
	});
	expect(extended).toEqual({
		class: "bottle",
		normal: ["a clean bottle"],
		abnormal: ["a broken bottle", "a bottle without cap"],
		descriptors: ["no cap"],
		source: {
			kind: "library",
			extended: [{ kind: "user", added: { abnormal: 1, descriptors: 1 } }],
		},
	});
	expect(base.abnormal).toHaveLength(1);
	expect(() => extendPrompts(base, { abnormaly: [] } as never)).toThrow(
		/abnormal/,
	);
});

test.each([
	[["", {}], "ERR_ALFA_RANGE", "className"],
	[["bolt", { state: ["x"] }], "ERR_ALFA_ARGUMENT", "Unknown key 'state'"],
	[["bolt", { normal: [] }], "ERR_ALFA_RANGE", "normal"],
	[["bolt", { abnormal: [7] }], "ERR_ALFA_ARGUMENT", "abnormal[0]"],
] as const)("wrong arguments %j are refused", (args, code, words) => {
	expect(() =>
		(templatePrompts as (...each: readonly unknown[]) => unknown)(...args),
	).toThrow(
		expect.objectContaining({ code, message: expect.stringContaining(words) }),
	);
});
