// readDataset: the layout visa with and without its split file, and invalid split files.
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { readDataset } from "../dist/index.js";
import {
	imageBytes,
	imageList,
	problemList,
	visaCategories,
	writeDataset,
} from "./support/datasets.js";
import { expectError } from "./support/errors.js";

const candleImage = (name: string) => `candle/Data/Images/${name}`;
const splitFile = (...rows: string[]) =>
	["object,split,label,image,mask", ...rows, ""].join("\n");
const withSplit = (files: readonly string[], csv: string | Uint8Array) => {
	const root = writeDataset("visa", files);
	mkdirSync(join(root, "split_csv"), { recursive: true });
	writeFileSync(join(root, "split_csv/1cls.csv"), csv);
	return root;
};
const files = [
	candleImage("Normal/1.JPG"),
	candleImage("Normal/0.JPG"),
	candleImage("Anomaly/0.JPG"),
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
])("reads the split file, %s", async (_, written) => {
	const found = await readDataset(
		withSplit(
			[...files, candleImage("Normal/unlisted.JPG")],
			written(
				splitFile(
					`candle,test,normal,${candleImage("Normal/1.JPG")},`,
					`candle,train,normal,${candleImage("Normal/0.JPG")},`,
					`candle,test,anomaly,${candleImage("Anomaly/0.JPG")},candle/Data/Masks/Anomaly/0.png`,
				),
			),
		),
	);
	expect(found).toMatchObject({ name: "visa", layout: "visa", problems: [] });
	expect(imageList(found)).toEqual({
		candle: {
			train: [candleImage("Normal/0.JPG")],
			test: [
				`${candleImage("Anomaly/0.JPG")} anomaly candle/Data/Masks/Anomaly/0.png`,
				`${candleImage("Normal/1.JPG")} good`,
			],
		},
	});
});
test("reports rows with files that do not exist or are outside the dataset", async () => {
	const csv = splitFile(
		`candle,test,normal,${candleImage("Normal/1.JPG")},`,
		`candle,test,normal,${candleImage("Normal/1.JPG")},`,
		`candle,train,normal,candle/./Data/../Data/Images//Normal/0.JPG,`,
		"candle,test,normal,../secret.JPG,",
		"candle,test,normal,a/../../secret.JPG,",
		"candle,test,normal,..\\secret.JPG,",
		`candle,train,normal,${join(dirname(import.meta.dirname), "package.json")},`,
		"candle,test,normal,C:\\secret.JPG,",
		"candle,test,normal,C:secret.JPG,",
		"candle,test,normal,\\\\server\\secret.JPG,",
		`candle,test,normal,${candleImage("Normal/9.JPG")},`,
		`candle,test,normal,${candleImage("Normal")},`,
		`candle,test,anomaly,${candleImage("Anomaly/0.JPG")},../mask.png`,
		`candle,test,anomaly,${candleImage("Anomaly/1.JPG")},candle/Data/Masks/Anomaly/1.png`,
		`candle,test,anomaly,${candleImage("Anomaly/2.JPG")},candle/Data/Masks/Anomaly/0.png`,
		`candle,train,anomaly,${candleImage("Anomaly/3.JPG")},`,
		"cashew,test,normal,cashew/0.JPG,",
	);
	const root = withSplit(
		[
			...files,
			candleImage("Anomaly/1.JPG"),
			candleImage("Anomaly/2.JPG"),
			candleImage("Anomaly/3.JPG"),
		],
		csv,
	);
	for (const name of ["secret.JPG", "mask.png"])
		writeFileSync(join(dirname(root), name), imageBytes);
	const found = await readDataset(root);
	expect(imageList(found)["candle"]).toEqual({
		train: [candleImage("Normal/0.JPG")],
		test: [
			`${candleImage("Anomaly/0.JPG")} anomaly`,
			`${candleImage("Anomaly/1.JPG")} anomaly`,
			`${candleImage("Anomaly/2.JPG")} anomaly candle/Data/Masks/Anomaly/0.png`,
			`${candleImage("Normal/1.JPG")} good`,
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
	expect(count("missing-image")).toEqual([
		candleImage("Normal"),
		candleImage("Normal/9.JPG"),
	]);
	expect(count("ignored")).toEqual([
		candleImage("Anomaly/3.JPG"),
		candleImage("Normal/1.JPG"),
	]);
	expect(count("missing-mask")).toEqual([
		candleImage("Anomaly/0.JPG"),
		candleImage("Anomaly/1.JPG"),
	]);
	expect(problemList(found).filter((each) => each.includes("cashew"))).toEqual([
		"no-defective cashew",
		"no-good cashew",
		"no-train cashew",
		"missing-image cashew/0.JPG",
	]);
});
test("accepts names that are keys of Object.prototype", async () => {
	const found = await readDataset(
		withSplit(
			files,
			splitFile(
				`__proto__,test,normal,${candleImage("Normal/1.JPG")},`,
				`"a\n<b>",test,normal,${candleImage("Normal/0.JPG")},`,
			),
		),
	);
	expect(found.categories.map(({ name }) => name)).toEqual([
		"__proto__",
		"a\n<b>",
	]);
});
test("reads the folders without a split file", async () => {
	const found = await readDataset(
		writeDataset("visa", [
			...files,
			candleImage("Anomaly/7.JPG"),
			"candle/Data/Masks/Anomaly/8.png",
			"split_csv/2cls.csv",
		]),
	);
	expect(found.layout).toBe("visa");
	expect(imageList(found)).toEqual({
		candle: {
			train: [],
			test: [
				`${candleImage("Anomaly/0.JPG")} anomaly candle/Data/Masks/Anomaly/0.png`,
				`${candleImage("Anomaly/7.JPG")} anomaly`,
				`${candleImage("Normal/0.JPG")} good`,
				`${candleImage("Normal/1.JPG")} good`,
			],
		},
	});
	expect(problemList(found)).toEqual([
		"no-split split_csv/1cls.csv",
		"no-train candle",
		`missing-mask ${candleImage("Anomaly/7.JPG")}`,
		"orphan-mask candle/Data/Masks/Anomaly/8.png",
	]);
});
test("uses the name VisA only for exactly its twelve categories", async () => {
	const all = visaCategories;
	const rows = (names: string[]) =>
		splitFile(...names.map((name) => `${name},test,normal,${name}.JPG,`));
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

const line = `candle,test,normal,${candleImage("Normal/1.JPG")},`;
test.each<[string, string | Uint8Array, RegExp]>([
	["empty", "", /no column 'object', 'split', 'label', 'image' or 'mask'/],
	[
		"without a required column",
		"object,split,image,mask\ncandle,test,x.JPG,\n",
		/no column 'label'/,
	],
	["with only a header", splitFile(), /no test image/],
	["binary", Buffer.from([0x89, 0x50, 0x4e, 0x47, 0, 0, 0, 13]), /binary/],
	["with one line of 10 MB", "x".repeat(10 << 20), /a line of more than 64 KB/],
	[
		"with a field of 10 MB",
		splitFile(line, `candle,test,normal,"${"x".repeat(10 << 20)}",`),
		/a line of more than 64 KB/,
	],
	[
		"of 17 MB",
		Buffer.alloc(17 << 20, "a,b,c,d,e\n"),
		/larger than the limit of 16 MB/,
	],
	["with a short row", splitFile(line, "candle,test"), /line 3/],
	["with an open quote", splitFile(line, '"candle,test'), /[Qq]uote/],
	[
		"with another label",
		splitFile(line, `candle,test,bad,${candleImage("Normal/0.JPG")},`),
		/line 3 has "bad" for label; expected 'normal' or 'anomaly'/,
	],
	[
		"with another split",
		splitFile(`candle,val,normal,${candleImage("Normal/0.JPG")},`),
		/line 2 has "val" for split; expected 'test' or 'train'/,
	],
	[
		"with a row without a category",
		splitFile(line, ",test,normal,x.JPG,"),
		/line 3 has no value for object/,
	],
	[
		"with a row without an image",
		splitFile(line, "candle,test,normal,,"),
		/line 3 has no value for image/,
	],
])("rejects a split file %s", async (_, csv, message) => {
	const root = withSplit([], csv);
	await expectError(() => readDataset(root), "ERR_ALFA_DATASET", root, message);
});
test("rejects a split file that is a broken link", async () => {
	const root = writeDataset("visa", ["split_csv/2cls.csv"]);
	symlinkSync("nowhere.csv", join(root, "split_csv/1cls.csv"));
	await expectError(
		() => readDataset(root),
		"ERR_ALFA_DATASET",
		/1cls\.csv/,
		/ENOENT/,
	);
});
