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
	const set = templatePrompts("iron_bolt", {
		domains: ["X-ray"],
		normal: ["intact", "polished"],
		abnormal: ["rusty", { state: "damaged", details: "with a burr" }],
	});
	expect(set).toMatchObject({
		class: "iron bolt",
		source: { kind: "user" },
		normal: [
			"An X-ray image of an intact iron bolt",
			"An X-ray image of a polished iron bolt",
		],
		abnormal: [
			"An X-ray image of a rusty iron bolt",
			"An X-ray image of a damaged iron bolt with a burr",
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

const classNames: [name: string, className: string][] = [
	["USB 3.0", "USB 3.0"],
	["M8", "M8"],
	["screw_M6x20", "screw M6x20"],
	["CR2032", "CR2032"],
	["bolt 10", "bolt 10"],
	["tile_2", "tile 2"],
	["Type_2", "Type 2"],
	["pcb1", "pcb"],
	["PCB4", "PCB"],
	["macaroni2", "macaroni"],
	["pcb5", "pcb5"],
	["pcb12", "pcb12"],
	["metal_nut", "metal nut"],
];

test.each(classNames)("the class %s is called '%s'", (name, className) => {
	expect(templatePrompts(name).class).toBe(className);
});

test("a class name without letters is an error", () => {
	for (const name of ["01", "3.5", "__"])
		expect(() => templatePrompts(name)).toThrow(RangeError);
});

const articles: Record<string, string[]> = {
	a: [
		...["USB connector", "usb stick", "UPS", "UV lamp", "uPVC window", "PCB"],
		...["university", "uniform", "unit", "union", "unidirectional valve"],
		...["one-way valve", "one-piece lid", "euro coin", "ewer", "user"],
		...["utility knife", "utensil", "urethane foam", "usable part", "ukulele"],
		...["7-pin plug", "1-way valve", "10 mm bolt", "100 W lamp", "110 V plug"],
		...[
			"LAN cable",
			"RAM module",
			"SIM card",
			"MOSFET",
			"LiDAR",
			"HEPA filter",
		],
		...["T-shirt", "U-bolt", "house", "hazelnut", "yellow pipe", "xylophone"],
		...["RING", "SCREW", "NUT", "bottle"],
	],
	an: [
		...["hourglass", "honest face", "heirloom", "LED", "LEDs", "OLED display"],
		...[
			"X-ray tube",
			"x-ray tube",
			"MRI scanner",
			"SSD",
			"HDMI cable",
			"RFID tag",
		],
		...["8-pin plug", "8 mm bolt", "80 mm pipe", "11 mm screw", "18-pin plug"],
		...[
			"11,000 V cable",
			"M8 screw",
			"O-ring",
			"L-bracket",
			"S-hook",
			"N95 mask",
		],
		...["uninterruptible power supply", "unidentified part", "umbrella", "urn"],
		...["AC adapter", "IC", "FPGA", "iPhone", "apple", "onion", "egg"],
	],
};

test.each(Object.entries(articles))("'%s' stands before", (article, names) => {
	for (const displayName of names) {
		const { normal } = templatePrompts(displayName, {
			domains: ["sharp"],
			normal: [{ state: "" }],
		});
		const words = displayName.replaceAll("-", " ");
		expect(normal).toEqual([`A sharp image of ${article} ${words}`]);
	}
});

test("letters that are names are no articles", () => {
	const { normal } = templatePrompts("USB A outlet", {
		domains: ["sharp"],
		normal: ["new"],
	});
	expect(normal).toEqual(["A sharp image of a new USB A outlet"]);
});
