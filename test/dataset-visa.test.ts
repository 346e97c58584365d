// VisA: its split decides, is not trusted, and is not needed.
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { readDataset } from "../dist/datasets/layouts.js";
import { images, picture, planted, problems } from "./support/datasets.js";
import { expectRefusal } from "./support/refusal.js";

const at = (name: string) => `candle/Data/Images/${name}`;
const table = (...rows: string[]) =>
	["object,split,label,image,mask", ...rows, ""].join("\n");
const withSplit = (files: readonly string[], csv: string | Uint8Array) => {
	const root = planted("visa", files);
	mkdirSync(join(root, "split_csv"), { recursive: true });
	writeFileSync(join(root, "split_csv/1cls.csv"), csv);
	return root;
};
const files = [
	at("Normal/1.JPG"),
	at("Normal/0.JPG"),
	at("Anomaly/0.JPG"),
	"candle/Data/Masks/Anomaly/0.png",
	"candle/image_anno.csv",
];

test.each([
	["as published", (csv: string) => csv],
	[
		"from Windows",
		(csv: string) =>
			`\ufeff${csv.replaceAll("\n", "\r\n").replaceAll("/", "\\")}`,
	],
])("the split, %s", async (_, written) => {
	const found = await readDataset(
		withSplit(
			[...files, at("Normal/unlisted.JPG")],
			written(
				table(
					`candle,test,normal,${at("Normal/1.JPG")},`,
					`candle,train,normal,${at("Normal/0.JPG")},`,
					`candle,test,anomaly,${at("Anomaly/0.JPG")},candle/Data/Masks/Anomaly/0.png`,
				),
			),
		),
	);
	expect(found).toMatchObject({ name: "visa", layout: "visa", problems: [] });
	expect(images(found)).toEqual({
		candle: {
			train: [at("Normal/0.JPG")],
			test: [
				`${at("Anomaly/0.JPG")} anomaly candle/Data/Masks/Anomaly/0.png`,
				`${at("Normal/1.JPG")} good`,
			],
		},
	});
});
test("rows that name what is not there, or not inside", async () => {
	const csv = table(
		`candle,test,normal,${at("Normal/1.JPG")},`,
		`candle,test,normal,${at("Normal/1.JPG")},`,
		`candle,train,normal,candle/./Data/../Data/Images//Normal/0.JPG,`,
		"candle,test,normal,../secret.JPG,",
		"candle,test,normal,a/../../secret.JPG,",
		"candle,test,normal,..\\secret.JPG,",
		`candle,train,normal,${join(dirname(import.meta.dirname), "package.json")},`,
		"candle,test,normal,C:\\secret.JPG,",
		"candle,test,normal,C:secret.JPG,",
		"candle,test,normal,\\\\server\\secret.JPG,",
		`candle,test,normal,${at("Normal/9.JPG")},`,
		`candle,test,normal,${at("Normal")},`,
		`candle,test,anomaly,${at("Anomaly/0.JPG")},../mask.png`,
		`candle,test,anomaly,${at("Anomaly/1.JPG")},candle/Data/Masks/Anomaly/1.png`,
		`candle,test,anomaly,${at("Anomaly/2.JPG")},candle/Data/Masks/Anomaly/0.png`,
		`candle,train,anomaly,${at("Anomaly/3.JPG")},`,
		"cashew,test,normal,cashew/0.JPG,",
	);
	const root = withSplit(
		[...files, at("Anomaly/1.JPG"), at("Anomaly/2.JPG"), at("Anomaly/3.JPG")],
		csv,
	);
	for (const name of ["secret.JPG", "mask.png"])
		writeFileSync(join(dirname(root), name), picture);
	const found = await readDataset(root);
	expect(images(found)["candle"]).toEqual({
		train: [at("Normal/0.JPG")],
		test: [
			`${at("Anomaly/0.JPG")} anomaly`,
			`${at("Anomaly/1.JPG")} anomaly`,
			`${at("Anomaly/2.JPG")} anomaly candle/Data/Masks/Anomaly/0.png`,
			`${at("Normal/1.JPG")} good`,
		],
	});
	const count = (kind: string) =>
		found.problems
			.filter((each) => each.kind === kind && each.category === "candle")
			.map(({ where }) => where);
	expect(count("outside").sort()).toEqual(
		[
			"../mask.png",
			"../secret.JPG",
			"..\\secret.JPG",
			join(dirname(import.meta.dirname), "package.json"),
			"C:\\secret.JPG",
			"C:secret.JPG",
			"\\\\server\\secret.JPG",
			"a/../../secret.JPG",
		].sort(),
	);
	expect(count("missing-image")).toEqual([at("Normal"), at("Normal/9.JPG")]);
	expect(count("ignored")).toEqual([at("Anomaly/3.JPG"), at("Normal/1.JPG")]);
	expect(count("missing-mask")).toEqual([
		at("Anomaly/0.JPG"),
		at("Anomaly/1.JPG"),
	]);
	expect(problems(found).filter((each) => each.includes("cashew"))).toEqual([
		"no-defective cashew",
		"no-good cashew",
		"no-train cashew",
		"missing-image cashew/0.JPG",
	]);
});
test("a category with a name that objects have", async () => {
	const found = await readDataset(
		withSplit(
			files,
			table(
				`__proto__,test,normal,${at("Normal/1.JPG")},`,
				`"a\n<b>",test,normal,${at("Normal/0.JPG")},`,
			),
		),
	);
	expect(found.categories.map(({ name }) => name)).toEqual([
		"__proto__",
		"a\n<b>",
	]);
});
test("the original folders", async () => {
	const found = await readDataset(
		planted("visa", [
			...files,
			at("Anomaly/7.JPG"),
			"candle/Data/Masks/Anomaly/8.png",
			"split_csv/2cls.csv",
		]),
	);
	expect(found.layout).toBe("visa");
	expect(images(found)).toEqual({
		candle: {
			train: [],
			test: [
				`${at("Anomaly/0.JPG")} anomaly candle/Data/Masks/Anomaly/0.png`,
				`${at("Anomaly/7.JPG")} anomaly`,
				`${at("Normal/0.JPG")} good`,
				`${at("Normal/1.JPG")} good`,
			],
		},
	});
	expect(problems(found)).toEqual([
		"no-split split_csv/1cls.csv",
		"no-train candle",
		`missing-mask ${at("Anomaly/7.JPG")}`,
		"orphan-mask candle/Data/Masks/Anomaly/8.png",
	]);
});
test("VisA's name is for its twelve categories", async () => {
	const all = [
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
	const rows = (names: string[]) =>
		table(...names.map((name) => `${name},test,normal,${name}.JPG,`));
	expect(
		(
			await readDataset(
				withSplit(
					all.map((name) => `${name}.JPG`),
					rows(all),
				),
			)
		).name,
	).toBe("VisA");
	expect(
		(
			await readDataset(
				withSplit(
					all.map((name) => `${name}.JPG`),
					rows(all.slice(1)),
				),
			)
		).name,
	).toBe("visa");
});

const line = `candle,test,normal,${at("Normal/1.JPG")},`;
test.each<[string, string | Uint8Array, RegExp]>([
	["empty", "", /no column 'object', 'split', 'label', 'image' or 'mask'/],
	[
		"without a column",
		"object,split,image,mask\ncandle,test,x.JPG,\n",
		/no column 'label'/,
	],
	["of a header alone", table(), /no image/],
	["binary", Buffer.from([0x89, 0x50, 0x4e, 0x47, 0, 0, 0, 13]), /binary/],
	[
		"of one line of 10 MB",
		"x".repeat(10 << 20),
		/a line in it is longer than 64 KB/,
	],
	[
		"with a field of 10 MB",
		table(line, `candle,test,normal,"${"x".repeat(10 << 20)}",`),
		/a line in it is longer than 64 KB/,
	],
	[
		"of 17 MB",
		Buffer.alloc(17 << 20, "a,b,c,d,e\n"),
		/larger than the limit of 16 MB/,
	],
	["with a short row", table(line, "candle,test"), /line 3/],
	["with an open quote", table(line, '"candle,test'), /[Qq]uote/],
	[
		"with another label",
		table(line, `candle,test,bad,${at("Normal/0.JPG")},`),
		/line 3 has "bad" for label, where 'normal' or 'anomaly'/,
	],
	[
		"with another split",
		table(`candle,val,normal,${at("Normal/0.JPG")},`),
		/line 2 has "val" for split, where 'test' or 'train'/,
	],
	[
		"with a row of no category",
		table(line, ",test,normal,x.JPG,"),
		/line 3 has nothing for object/,
	],
	[
		"with a row of no image",
		table(line, "candle,test,normal,,"),
		/line 3 has nothing for image/,
	],
])("a split %s", async (_, csv, says) => {
	const root = withSplit([], csv);
	await expectRefusal(() => readDataset(root), "ERR_ALFA_DATASET", root, says);
});
test("a split that is a link to nowhere", async () => {
	const root = planted("visa", ["split_csv/2cls.csv"]);
	symlinkSync("nowhere.csv", join(root, "split_csv/1cls.csv"));
	await expectRefusal(
		() => readDataset(root),
		"ERR_ALFA_DATASET",
		/1cls\.csv/,
		/ENOENT/,
	);
});
