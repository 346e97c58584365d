// Datasets are read from the folders they come in; what is wrong with them is said, once, and never passed over.
import { chmodSync, mkdirSync, rmSync, symlinkSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { describe, expect, test } from "vitest";
import { readDataset } from "../dist/datasets/layouts.js";
import { images, inside, planted, problems } from "./support/datasets.js";
import { temporaryFolder } from "./support/folder.js";
import { sharedData } from "./support/paths.js";
import { expectRefusal } from "./support/refusal.js";

const leather = [
	"train/good/001.png",
	"train/good/000.png",
	"test/good/000.png",
	"test/cut/001.png",
	"test/cut/000.png",
	"ground_truth/cut/000_mask.png",
	"ground_truth/cut/001_mask.png",
];
const leatherIs = (at: string) => ({
	train: [`${at}train/good/000.png`, `${at}train/good/001.png`],
	test: [
		`${at}test/cut/000.png cut ${at}ground_truth/cut/000_mask.png`,
		`${at}test/cut/001.png cut ${at}ground_truth/cut/001_mask.png`,
		`${at}test/good/000.png good`,
	],
});

describe("mvtec", () => {
	test("a single category", async () => {
		const root = planted("leather", leather);
		const found = await readDataset(root);
		expect(found).toMatchObject({
			name: "leather",
			root,
			layout: "mvtec",
			problems: [],
		});
		expect(images(found)).toEqual({ leather: leatherIs("") });
	});
	test("several, in order, and what goes with them", async () => {
		const found = await readDataset(
			planted("mine", [
				...inside("b", leather),
				...inside("B", leather),
				...inside("a", leather),
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
		expect(Object.keys(images(found))).toEqual(["B", "a", "b"]);
		expect(images(found)).toEqual({
			B: leatherIs("B/"),
			a: leatherIs("a/"),
			b: leatherIs("b/"),
		});
	});
	test("masks named like the image, with any extension; GOOD is good", async () => {
		const found = await readDataset(
			planted("nut", [
				"train/Good/1.jpg",
				"test/GOOD/1.jpg",
				"test/hole/1.jpg",
				"test/hole/2.JPEG",
				"ground_truth/hole/1.tif",
				"ground_truth/hole/2_mask.PNG",
				"ground_truth/GOOD/1.png",
			]),
		);
		expect(images(found)["nut"]).toEqual({
			train: ["train/Good/1.jpg"],
			test: [
				"test/GOOD/1.jpg good",
				"test/hole/1.jpg hole ground_truth/hole/1.tif",
				"test/hole/2.JPEG hole ground_truth/hole/2_mask.PNG",
			],
		});
		expect(found.problems).toEqual([]);
	});
	test("every problem", async () => {
		const found = await readDataset(
			planted("mine", [
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
		expect(problems(found).sort()).toEqual(
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
	test("of one file in a thousand that are none, three are named", async () => {
		const found = await readDataset(
			planted("leather", [
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
	test("links to folders and files", async () => {
		const real = planted("real", leather),
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
		expect(images(found)["linked"]).toEqual(leatherIs("linked/"));
		expect(images(found)["own"]!.test).toEqual([
			"own/test/cut/000.png cut",
			"own/test/cut/001.png cut",
			"own/test/good/5.png good",
		]);
		expect(problems(found).sort()).toEqual([
			"ignored own/test/good/gone.png",
			"ignored own/test/round/test",
			"missing-mask own",
			"no-train own",
		]);
	});
	test("MVTec AD's name is for its fifteen categories", async () => {
		const all = [
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
		const files = (names: string[]) =>
			names.flatMap((name) =>
				inside(name, ["test/good/0.png", "test/bad/0.png"]),
			);
		expect((await readDataset(planted("x", files(all)))).name).toBe("MVTec AD");
		expect(
			(await readDataset(planted("x", files(all)), { classes: all.slice(1) }))
				.name,
		).toBe("x");
		expect((await readDataset(planted("x", files(all.slice(1))))).name).toBe(
			"x",
		);
		expect((await readDataset(planted("x", files([...all, "zz"])))).name).toBe(
			"x",
		);
	});
});

describe("folder", () => {
	test("good and kinds", async () => {
		const found = await readDataset(
			planted("parts", [
				"good/b.png",
				"good/a.png",
				"scratch/0.jpg",
				"dent/0.png",
			]),
		);
		expect(found).toMatchObject({ name: "parts", layout: "folder" });
		expect(images(found)).toEqual({
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
		expect(problems(found)).toEqual(["missing-mask parts", "no-train parts"]);
	});
	test("masks in three places, train with and without good", async () => {
		const found = await readDataset(
			planted("all", [
				...inside("a", [
					"Good/0.png",
					"dent/0.png",
					"masks/dent/0.png",
					"train/good/0.png",
				]),
				...inside("b", [
					"good/0.png",
					"dent/0.png",
					"ground_truth/dent/0_mask.png",
					"train/0.png",
				]),
				...inside("c", [
					"good/0.png",
					"good/0_mask.png",
					"dent/0.jpg",
					"dent/0_mask.png",
					"dent/1_mask.png",
					"train/0.png",
				]),
			]),
		);
		expect(images(found)).toEqual({
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
		expect(problems(found)).toEqual(["orphan-mask c/dent/1_mask.png"]);
	});
	test("an empty good folder, an empty kind, masks of no kind", async () => {
		const root = planted("x", [
			"dent/0.png",
			"dent/1.png",
			"masks/dent/1.png",
			"masks/hole/0.png",
			"masks/0.png",
		]);
		for (const name of ["good", "hole"]) mkdirSync(join(root, name));
		expect(problems(await readDataset(root)).sort()).toEqual([
			"ignored good",
			"ignored hole",
			"ignored masks/0.png",
			"missing-mask dent/0.png",
			"no-good x",
			"no-train x",
			"orphan-mask masks/hole/0.png",
		]);
	});
	test("hostile names stay as they are", async () => {
		const names = [
			"<script>alert(1)",
			"line\nbreak",
			"\u001b[31mred",
			"__proto__",
			"it's",
			"ünïcode",
		];
		const found = await readDataset(
			planted("x", [
				"good/0.png",
				...names.map((name) => `${name}/${name}.png`),
			]),
		);
		expect(found.categories[0]!.test.map(({ id }) => id)).toEqual(
			["good/0.png", ...names.map((name) => `${name}/${name}.png`)].sort(),
		);
		const named = await readDataset(
			planted("x", [...inside("<img src=x>\n", ["good/0.png", "a/0.png"])]),
		);
		expect(named.categories[0]!.name).toBe("<img src=x>\n");
		expect(named.problems[0]!.message).toContain("<img src=x>\n");
	});
});

describe("which layout", () => {
	test("visa before mvtec before folder, unless one is asked for", async () => {
		const root = planted("all", [
			...inside("m", leather),
			"f/good/0.png",
			"f/dent/0.png",
			"v/Data/Images/Normal/0.JPG",
			"v/Data/Images/Anomaly/0.JPG",
		]);
		const named = async (options = {}) => {
			const { layout, categories } = await readDataset(root, options);
			return [layout, ...categories.map(({ name }) => name)];
		};
		for (const layout of ["visa", "mvtec", "folder"] as const)
			expect(await named({ layout })).toEqual([layout, layout[0]]);
		expect(await named()).toEqual(["visa", "v"]);
		expect(await named({ layout: undefined, classes: undefined })).toEqual([
			"visa",
			"v",
		]);
		rmSync(join(root, "v"), { recursive: true });
		expect(await named()).toEqual(["mvtec", "m"]);
		rmSync(join(root, "m"), { recursive: true });
		expect(await named()).toEqual(["folder", "f"]);
		expect(problems(await readDataset(root))).toEqual([
			"no-train f",
			"missing-mask f/dent/0.png",
		]);
		await expectRefusal(
			() => readDataset(root, { layout: "visa" }),
			"ERR_ALFA_DATASET",
			root,
			/has not the layout visa/,
			/split_csv\/1cls\.csv/,
		);
		await expectRefusal(
			() => readDataset(root, { layout: "mvtec" }),
			"ERR_ALFA_DATASET",
			/test\/good/,
		);
	});
	test("none", async () => {
		for (const root of [
			temporaryFolder(),
			planted("x", ["0.png", "a/0.png"]),
		]) {
			await expectRefusal(
				() => readDataset(root),
				"ERR_ALFA_DATASET",
				root,
				/visa needs .*mvtec needs .*folder needs /,
			);
		}
	});
	test("no folder", async () => {
		const root = planted("x", ["file"]);
		await expectRefusal(
			() => readDataset(join(root, "gone")),
			"ERR_ALFA_DATASET",
			"gone",
			/does not exist/,
		);
		await expectRefusal(
			() => readDataset(join(root, "file")),
			"ERR_ALFA_DATASET",
			"file",
			/no folder/,
		);
		await expectRefusal(() => readDataset("nul\0"), "ERR_ALFA_DATASET");
		await expectRefusal(() => readDataset(""), "ERR_ALFA_ARGUMENT", /root/);
		await expectRefusal(
			() => readDataset(7 as never),
			"ERR_ALFA_ARGUMENT",
			/root/,
		);
	});
	test("a folder that may not be read is no smaller dataset", async () => {
		const root = planted("x", [
			...inside("a", leather),
			...inside("b", leather),
		]);
		const closed = join(root, "b/test/cut");
		for (let at = closed; at.length >= dirname(root).length; at = dirname(at))
			chmodSync(at, at === closed ? 0 : 0o755);
		const superuser = process.geteuid?.() === 0;
		if (superuser) process.seteuid!(65534);
		try {
			await expectRefusal(
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
	test("options that are wrong", async () => {
		const root = planted("x", [
			...inside("leather", leather),
			...inside("wood", [...leather, "odd.bin"]),
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
		await expectRefusal(
			() => readDataset(root, { classes: ["leathr"] }),
			"ERR_ALFA_RANGE",
			/"leathr"/,
			/did you mean 'leather'\? There are 'leather' or 'wood'/,
		);
		await expectRefusal(
			() => readDataset(root, { classes: [] }),
			"ERR_ALFA_RANGE",
			/classes/,
		);
		await expectRefusal(
			() => readDataset(root, { classes: "wood" as never }),
			"ERR_ALFA_ARGUMENT",
			/classes/,
		);
		await expectRefusal(
			() => readDataset(root, { layout: "mvtek" as never }),
			"ERR_ALFA_RANGE",
			/did you mean 'mvtec'/,
		);
		await expectRefusal(
			() => readDataset(root, { clases: ["wood"] } as never),
			"ERR_ALFA_ARGUMENT",
			/did you mean 'classes'/,
		);
	});
});

describe("real ones", () => {
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
