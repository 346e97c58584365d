// readDataset: the layouts mvtec and folder, the choice of the layout, and the problems that are reported.
import { chmodSync, mkdirSync, rmSync, symlinkSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { describe, expect, test } from "vitest";
import { readDataset } from "../dist/index.js";
import {
	imageList,
	inCategory,
	mvtecCategories,
	problemList,
	writeDataset,
} from "./support/datasets.js";
import { expectError } from "./support/errors.js";
import { temporaryFolder } from "./support/folder.js";
import { sharedData } from "./support/paths.js";

const leather = [
	"train/good/001.png",
	"train/good/000.png",
	"test/good/000.png",
	"test/cut/001.png",
	"test/cut/000.png",
	"ground_truth/cut/000_mask.png",
	"ground_truth/cut/001_mask.png",
];
const leatherImages = (prefix: string) => ({
	train: [`${prefix}train/good/000.png`, `${prefix}train/good/001.png`],
	test: [
		`${prefix}test/cut/000.png cut ${prefix}ground_truth/cut/000_mask.png`,
		`${prefix}test/cut/001.png cut ${prefix}ground_truth/cut/001_mask.png`,
		`${prefix}test/good/000.png good`,
	],
});

describe("layout mvtec", () => {
	test("reads a single category", async () => {
		const root = writeDataset("leather", leather);
		const found = await readDataset(root);
		expect(found).toMatchObject({
			name: "leather",
			root,
			layout: "mvtec",
			problems: [],
		});
		expect(imageList(found)).toEqual({ leather: leatherImages("") });
	});
	test("reads several categories in order and ignores known extra files", async () => {
		const found = await readDataset(
			writeDataset("mine", [
				...inCategory("b", leather),
				...inCategory("B", leather),
				...inCategory("a", leather),
				"readme.txt",
				"b/license.txt",
				"b/.DS_Store",
				".hidden/x.png",
				"a/test/cut/Thumbs.db",
				"b/test/cut/.000.png",
			]),
		);
		expect(found).toMatchObject({
			name: "mine",
			layout: "mvtec",
			problems: [],
		});
		expect(Object.keys(imageList(found))).toEqual(["B", "a", "b"]);
		expect(imageList(found)).toEqual({
			B: leatherImages("B/"),
			a: leatherImages("a/"),
			b: leatherImages("b/"),
		});
	});
	test("finds masks with any extension, and the folder good in any letter case", async () => {
		const found = await readDataset(
			writeDataset("nut", [
				"train/Good/1.jpg",
				"test/GOOD/1.jpg",
				"test/hole/1.jpg",
				"test/hole/2.JPEG",
				"ground_truth/hole/1.tif",
				"ground_truth/hole/2_mask.PNG",
				"ground_truth/GOOD/1.png",
			]),
		);
		expect(imageList(found)["nut"]).toEqual({
			train: ["train/Good/1.jpg"],
			test: [
				"test/GOOD/1.jpg good",
				"test/hole/1.jpg hole ground_truth/hole/1.tif",
				"test/hole/2.JPEG hole ground_truth/hole/2_mask.PNG",
			],
		});
		expect(found.problems).toEqual([]);
	});
	test("reports every problem", async () => {
		const found = await readDataset(
			writeDataset("mine", [
				"a/test/good/0.png",
				"a/test/cut/0.png",
				"a/test/cut/1.png",
				"a/ground_truth/cut/0_mask.png",
				"a/ground_truth/cut/0.png",
				"a/ground_truth/cut/7_mask.png",
				"a/ground_truth/gone/0.png",
				"a/test/cut/notes.txt",
				"a/test/cut/more/0.png",
				"a/test/9.png",
				"a/what.bin",
				"a/extra/0.png",
				"b/test/cut/0.png",
				"b/test/cut/1.png",
				"b/train/good/0.png",
				"b/train/bad/0.png",
				"b/train/0.png",
				"c/test/good/0.png",
				"c/test/cut/.keep",
				"other/x.txt",
				"loose.png",
				"notes.csv",
			]),
		);
		expect(problemList(found).sort()).toEqual(
			[
				"ignored mine",
				"ignored a",
				"ignored a/test/9.png",
				"ignored a/test/cut",
				"missing-mask a/test/cut/1.png",
				"no-train a",
				"orphan-mask a/ground_truth/cut/0.png",
				"orphan-mask a/ground_truth/cut/7_mask.png",
				"orphan-mask a/ground_truth/gone/0.png",
				"ignored b/train",
				"missing-mask b",
				"no-good b",
				"ignored c/test/cut",
				"no-defective c",
				"no-train c",
			].sort(),
		);
		const order = found.problems.map(
			({ category, where }) => `${category}\0${where}`,
		);
		expect(order).toEqual(order.toSorted());
		expect(found.problems.find(({ where }) => where === "mine")).toMatchObject({
			category: "",
			message: expect.stringMatching(/other, loose\.png, notes\.csv/),
		});
		for (const { where, message } of found.problems)
			expect(message).toContain(where);
	});
	test("names only three of many files that are not images", async () => {
		const found = await readDataset(
			writeDataset("leather", [
				...leather,
				...Array.from({ length: 40 }, (_, i) => `test/cut/${i}.txt`),
			]),
		);
		expect(found.problems).toMatchObject([
			{
				kind: "ignored",
				where: "test/cut",
				message: expect.stringMatching(/0\.txt, 1\.txt, 10\.txt and 37 more/),
			},
		]);
	});
	test("follows links to folders and files", async () => {
		const real = writeDataset("real", leather),
			root = temporaryFolder();
		symlinkSync(real, join(root, "linked"));
		mkdirSync(join(root, "own/test/good"), { recursive: true });
		symlinkSync(join(real, "test/cut"), join(root, "own/test/cut"));
		symlinkSync(
			join(real, "test/good/000.png"),
			join(root, "own/test/good/5.png"),
		);
		symlinkSync(join(root, "own"), join(root, "own/test/round"));
		symlinkSync("nowhere.png", join(root, "own/test/good/gone.png"));
		const found = await readDataset(root);
		expect(imageList(found)["linked"]).toEqual(leatherImages("linked/"));
		expect(imageList(found)["own"]!.test).toEqual([
			"own/test/cut/000.png cut",
			"own/test/cut/001.png cut",
			"own/test/good/5.png good",
		]);
		expect(problemList(found).sort()).toEqual([
			"ignored own/test/good/gone.png",
			"ignored own/test/round/test",
			"missing-mask own",
			"no-train own",
		]);
	});
	test("uses the name MVTec AD only for exactly its fifteen categories", async () => {
		const all = mvtecCategories;
		const files = (names: string[]) =>
			names.flatMap((name) =>
				inCategory(name, ["test/good/0.png", "test/bad/0.png"]),
			);
		expect((await readDataset(writeDataset("x", files(all)))).name).toBe(
			"MVTec AD",
		);
		expect(
			(
				await readDataset(writeDataset("x", files(all)), {
					classes: all.slice(1),
				})
			).name,
		).toBe("x");
		expect(
			(await readDataset(writeDataset("x", files(all.slice(1))))).name,
		).toBe("x");
		expect(
			(await readDataset(writeDataset("x", files([...all, "zz"])))).name,
		).toBe("x");
	});
});

describe("layout folder", () => {
	test("reads the folder good and the folders of defects", async () => {
		const found = await readDataset(
			writeDataset("parts", [
				"good/b.png",
				"good/a.png",
				"scratch/0.jpg",
				"dent/0.png",
			]),
		);
		expect(found).toMatchObject({ name: "parts", layout: "folder" });
		expect(imageList(found)).toEqual({
			parts: {
				train: [],
				test: [
					"dent/0.png dent",
					"good/a.png good",
					"good/b.png good",
					"scratch/0.jpg scratch",
				],
			},
		});
		expect(problemList(found)).toEqual([
			"missing-mask parts",
			"no-train parts",
		]);
	});
	test("finds masks in three places, and training images with and without the folder good", async () => {
		const found = await readDataset(
			writeDataset("all", [
				...inCategory("a", [
					"Good/0.png",
					"dent/0.png",
					"masks/dent/0.png",
					"train/good/0.png",
				]),
				...inCategory("b", [
					"good/0.png",
					"dent/0.png",
					"ground_truth/dent/0_mask.png",
					"train/0.png",
				]),
				...inCategory("c", [
					"good/0.png",
					"good/0_mask.png",
					"dent/0.jpg",
					"dent/0_mask.png",
					"dent/1_mask.png",
					"train/0.png",
				]),
			]),
		);
		expect(imageList(found)).toEqual({
			a: {
				train: ["a/train/good/0.png"],
				test: ["a/Good/0.png good", "a/dent/0.png dent a/masks/dent/0.png"],
			},
			b: {
				train: ["b/train/0.png"],
				test: [
					"b/dent/0.png dent b/ground_truth/dent/0_mask.png",
					"b/good/0.png good",
				],
			},
			c: {
				train: ["c/train/0.png"],
				test: ["c/dent/0.jpg dent c/dent/0_mask.png", "c/good/0.png good"],
			},
		});
		expect(problemList(found)).toEqual(["orphan-mask c/dent/1_mask.png"]);
	});
	test("reports an empty folder good, an empty kind, and masks without a kind", async () => {
		const root = writeDataset("x", [
			"dent/0.png",
			"dent/1.png",
			"masks/dent/1.png",
			"masks/hole/0.png",
			"masks/0.png",
		]);
		for (const name of ["good", "hole"]) mkdirSync(join(root, name));
		expect(problemList(await readDataset(root)).sort()).toEqual([
			"ignored good",
			"ignored hole",
			"ignored masks/0.png",
			"missing-mask dent/0.png",
			"no-good x",
			"no-train x",
			"orphan-mask masks/hole/0.png",
		]);
	});
	test("keeps hostile names unchanged", async () => {
		const names = [
			"<script>alert(1)",
			"line\nbreak",
			"\u001b[31mred",
			"__proto__",
			"it's",
			"ünïcode",
		];
		const found = await readDataset(
			writeDataset("x", [
				"good/0.png",
				...names.map((name) => `${name}/${name}.png`),
			]),
		);
		expect(found.categories[0]!.test.map(({ id }) => id)).toEqual(
			["good/0.png", ...names.map((name) => `${name}/${name}.png`)].sort(),
		);
		const dataset = await readDataset(
			writeDataset("x", [
				...inCategory("<img src=x>\n", ["good/0.png", "a/0.png"]),
			]),
		);
		expect(dataset.categories[0]!.name).toBe("<img src=x>\n");
		expect(dataset.problems[0]!.message).toContain("<img src=x>\n");
	});
});

describe("choice of the layout", () => {
	test("tries visa, then mvtec, then folder, unless an option names one", async () => {
		const root = writeDataset("all", [
			...inCategory("m", leather),
			"f/good/0.png",
			"f/dent/0.png",
			"v/Data/Images/Normal/0.JPG",
			"v/Data/Images/Anomaly/0.JPG",
		]);
		const layoutAndCategories = async (options = {}) => {
			const { layout, categories } = await readDataset(root, options);
			return [layout, ...categories.map(({ name }) => name)];
		};
		for (const layout of ["visa", "mvtec", "folder"] as const)
			expect(await layoutAndCategories({ layout })).toEqual([
				layout,
				layout[0],
			]);
		expect(await layoutAndCategories()).toEqual(["visa", "v"]);
		expect(
			await layoutAndCategories({ layout: undefined, classes: undefined }),
		).toEqual(["visa", "v"]);
		rmSync(join(root, "v"), { recursive: true });
		expect(await layoutAndCategories()).toEqual(["mvtec", "m"]);
		rmSync(join(root, "m"), { recursive: true });
		expect(await layoutAndCategories()).toEqual(["folder", "f"]);
		expect(problemList(await readDataset(root))).toEqual([
			"no-train f",
			"missing-mask f/dent/0.png",
		]);
		await expectError(
			() => readDataset(root, { layout: "visa" }),
			"ERR_ALFA_DATASET",
			root,
			/does not have the layout visa/,
			/split_csv\/1cls\.csv/,
		);
		await expectError(
			() => readDataset(root, { layout: "mvtec" }),
			"ERR_ALFA_DATASET",
			/test\/good/,
		);
	});
	test("rejects a folder without a known layout", async () => {
		for (const root of [
			temporaryFolder(),
			writeDataset("x", ["0.png", "a/0.png"]),
		]) {
			await expectError(
				() => readDataset(root),
				"ERR_ALFA_DATASET",
				root,
				/visa needs .*mvtec needs .*folder needs /,
			);
		}
	});
	test("rejects a path that is not a folder", async () => {
		const root = writeDataset("x", ["file"]);
		await expectError(
			() => readDataset(join(root, "gone")),
			"ERR_ALFA_DATASET",
			"gone",
			/does not exist/,
		);
		await expectError(
			() => readDataset(join(root, "file")),
			"ERR_ALFA_DATASET",
			"file",
			/not a folder/,
		);
		await expectError(() => readDataset("nul\0"), "ERR_ALFA_DATASET");
		await expectError(() => readDataset(""), "ERR_ALFA_ARGUMENT", /root/);
		await expectError(
			() => readDataset(7 as never),
			"ERR_ALFA_ARGUMENT",
			/root/,
		);
	});
	test("rejects a dataset with a folder that cannot be read", async () => {
		const root = writeDataset("x", [
			...inCategory("a", leather),
			...inCategory("b", leather),
		]);
		const closed = join(root, "b/test/cut");
		for (let at = closed; at.length >= dirname(root).length; at = dirname(at))
			chmodSync(at, at === closed ? 0 : 0o755);
		const superuser = process.geteuid?.() === 0;
		if (superuser) process.seteuid!(65534);
		try {
			await expectError(
				() => readDataset(root),
				"ERR_ALFA_DATASET",
				closed,
				/EACCES/,
				/permissions/,
			);
		} finally {
			if (superuser) process.seteuid!(0);
			chmodSync(closed, 0o755);
		}
	});
	test("validates its options", async () => {
		const root = writeDataset("x", [
			...inCategory("leather", leather),
			...inCategory("wood", [...leather, "odd.bin"]),
		]);
		expect(
			(await readDataset(root, { classes: ["wood", "wood"] })).problems,
		).toMatchObject([{ category: "wood" }]);
		const one = await readDataset(root, { classes: ["leather"] });
		expect(one).toMatchObject({
			name: basename(root),
			problems: [],
			categories: [{ name: "leather" }],
		});
		await expectError(
			() => readDataset(root, { classes: ["leathr"] }),
			"ERR_ALFA_RANGE",
			/"leathr"/,
			/did you mean 'leather'\? The dataset has 'leather' or 'wood'/,
		);
		await expectError(
			() => readDataset(root, { classes: [] }),
			"ERR_ALFA_RANGE",
			/classes/,
		);
		await expectError(
			() => readDataset(root, { classes: "wood" as never }),
			"ERR_ALFA_ARGUMENT",
			/classes/,
		);
		await expectError(
			() => readDataset(root, { layout: "mvtek" as never }),
			"ERR_ALFA_RANGE",
			/did you mean 'mvtec'/,
		);
		await expectError(
			() => readDataset(root, { clases: ["wood"] } as never),
			"ERR_ALFA_ARGUMENT",
			/did you mean 'classes'/,
		);
	});
});

describe("parts of published datasets", () => {
	test.for([
		{ name: "leather", train: 4, good: 4, defective: 11, kinds: 5 },
		{ name: "hazelnut", train: 28, good: 6, defective: 17, kinds: 1 },
	])("$name", async ({ name, train, good, defective, kinds }, { skip }) => {
		const found = await readDataset(sharedData(name, skip));
		expect(found).toMatchObject({
			name,
			layout: "mvtec",
			problems: [],
			categories: [{ name }],
		});
		const category = found.categories[0]!;
		const bad = category.test.filter(({ anomalous }) => anomalous);
		expect([
			category.train.length,
			category.test.length - bad.length,
			bad.length,
			new Set(bad.map(({ kind }) => kind)).size,
		]).toEqual([train, good, defective, kinds]);
		for (const { id, mask } of bad)
			expect(basename(mask!).replace("_mask", "")).toBe(
				basename(id).replace(".jpg", ".png"),
			);
	});
});
