// Prompts from states: ours, and a user's own.
import { expect, test } from "vitest";
import { extendPrompts, templatePrompts } from "../dist/index.js";

test("ours: 72 distinct ones per label, each naming the class", () => {
	const { normal, abnormal, source } = templatePrompts("metal_nut");
	expect([new Set(normal).size, new Set(abnormal).size]).toEqual([72, 72]);
	for (const text of [...normal, ...abnormal])
		expect(text).toContain("metal nut");
	expect(normal.filter((text) => abnormal.includes(text))).toEqual([]);
	expect(source.kind).toBe("template");
});

test("own states and domains replace ours, with the right articles", () => {
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

test("own states beside ours", () => {
	const both = extendPrompts(
		templatePrompts("bolt"),
		templatePrompts("bolt", { abnormal: ["rusty"] }),
	);
	expect(both.normal).toHaveLength(72);
	expect(both.abnormal.length).toBeGreaterThan(72);
});

test.each([
	[["", {}], "ERR_ALFA_RANGE", "className"],
	[["bolt", { state: ["x"] }], "ERR_ALFA_ARGUMENT", "Unknown key 'state'"],
	[["bolt", { normal: [] }], "ERR_ALFA_RANGE", "normal"],
	[["bolt", { abnormal: [7] }], "ERR_ALFA_ARGUMENT", "abnormal[0]"],
] as const)("%j is refused", (args, code, words) => {
	expect(() =>
		(templatePrompts as (...given: readonly unknown[]) => unknown)(...args),
	).toThrow(
		expect.objectContaining({ code, message: expect.stringContaining(words) }),
	);
});
