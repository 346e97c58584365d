// One bad image or category does not end a run: it is a named problem, and the others have their results.
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Engine, evaluate, readDataset } from "../dist/index.js";
import { runAlfa } from "./support/child.js";
import { expectError } from "./support/errors.js";
import { temporaryFolder } from "./support/folder.js";
import { noise } from "./support/images.js";
import { tinyModel } from "./support/paths.js";

let engine: Engine;
beforeAll(async () => {
	engine = await Engine.open({ model: tinyModel });
});
afterAll(() => engine.close());

const photo = (seed: number, side = 48) =>
	sharp(noise(side, side, seed), {
		raw: { width: side, height: side, channels: 3 },
	})
		.png()
		.toBuffer();
/** A TIFF with red, green, blue and two more channels, little-endian. */
function fiveBands(): Buffer {
	const side = 48;
	const pixels = Buffer.alloc(side * side * 5, 90);
	const [bitsAt, pixelsAt] = [160, 180];
	// Tag, type (3 = 16 bits, 4 = 32 bits), count, value.
	const tags = [
		[256, 4, 1, side],
		[257, 4, 1, side],
		[258, 3, 5, bitsAt],
		[259, 4, 1, 1],
		[262, 4, 1, 2],
		[273, 4, 1, pixelsAt],
		[277, 4, 1, 5],
		[278, 4, 1, side],
		[279, 4, 1, pixels.length],
		[338, 3, 2, 0],
	] as const;
	const head = Buffer.alloc(pixelsAt);
	head.set([0x49, 0x49, 42, 0, 8, 0, 0, 0, tags.length, 0]);
	for (const [i, [tag, type, count, value]] of tags.entries()) {
		head.writeUInt16LE(tag, 10 + 12 * i);
		head.writeUInt16LE(type, 12 + 12 * i);
		head.writeUInt32LE(count, 14 + 12 * i);
		head.writeUInt32LE(value, 18 + 12 * i);
	}
	for (let i = 0; i < 5; i++) head.writeUInt16LE(8, bitsAt + 2 * i);
	return Buffer.concat([head, pixels]);
}

/** A dataset with two normal and two anomalous images per category. `more`: further files. */
async function writeImages(
	categories: readonly string[],
	more: Record<string, Buffer | string> = {},
	[normal, defect] = ["good", "scratch"],
): Promise<string> {
	const root = join(temporaryFolder(), "set");
	const write = (file: string, content: Buffer | string) => {
		mkdirSync(dirname(join(root, file)), { recursive: true });
		writeFileSync(join(root, file), content);
	};
	for (const category of categories)
		for (const [kind, first] of [
			[normal!, 1],
			[defect!, 3],
		] as const)
			for (const i of [0, 1])
				write(`${category}/${kind}/${i}.png`, await photo(first + i));
	for (const [file, content] of Object.entries(more)) write(file, content);
	return root;
}
const prompts = { normal: ["a clean widget"], abnormal: ["a broken widget"] };

describe("evaluate", () => {
	test("reports images that cannot be read or scored, and measures the others", async () => {
		const good = await writeImages(["nut", "pipe"]);
		const expected = await evaluate(engine, good);
		const bad = await writeImages(["nut", "pipe"], {
			"nut/good/bands.tiff": fiveBands(),
			"nut/scratch/empty.png": "",
			"nut/scratch/small.png": await photo(9, 4),
			"nut/scratch/text.jpg": "not an image",
			"pipe/good/cut.png": (await photo(5)).subarray(0, 900),
		});
		const report = temporaryFolder();
		const { datasets } = await evaluate(engine, bad, { report });
		const [{ categories, problems, mean }] = datasets as [(typeof datasets)[0]];
		expect(
			problems
				.filter(({ kind }) => kind === "unreadable-image")
				.map(({ where }) => where)
				.sort(),
		).toEqual([
			"nut/good/bands.tiff",
			"nut/scratch/empty.png",
			"nut/scratch/small.png",
			"nut/scratch/text.jpg",
			"pipe/good/cut.png",
		]);
		for (const { message } of problems) expect(message).not.toContain(bad);
		expect(categories.map(({ unreadable }) => unreadable)).toEqual([4, 1]);
		expect(mean).toEqual(expected.datasets[0]!.mean);
		const results = readFileSync(join(report, "results.json"), "utf8");
		// The same again, from the journal.
		rmSync(join(report, "results.json"));
		await evaluate(engine, bad, { report, resume: true });
		expect(readFileSync(join(report, "results.json"), "utf8")).toBe(results);
	});

	test("reports a category that cannot be prepared, with a reason for its metrics", async () => {
		const root = await writeImages(["nut", "pipe"]);
		const { datasets } = await evaluate(engine, root, {
			systems: ["alfa", "clip-ac"],
			prompts: { nut: { normal: [], abnormal: ["a bent nut"] } },
		});
		const [{ categories, problems, mean }] = datasets as [(typeof datasets)[0]];
		const [nut, pipe] = categories;
		const failed = problems.filter(({ kind }) => kind === "failed-category");
		expect(failed).toMatchObject([
			{
				category: "nut",
				where: "nut",
				message: expect.stringMatching(/^alfa: .*normal/),
			},
		]);
		expect(nut!.variants["alfa"]!.figures.imageAuroc).toMatchObject({
			mean: null,
			reason: expect.any(String),
		});
		expect(nut!.variants["clip-ac"]!.figures.imageAuroc.mean).not.toBeNull();
		expect(pipe!.variants["alfa"]!.figures.imageAuroc.mean).not.toBeNull();
		expect(mean["alfa"]!.imageAuroc.categories).toBe(1);
		expect(mean["clip-ac"]!.imageAuroc.categories).toBe(2);
	});

	test("rejects if every category fails, with the reason", async () => {
		const root = await writeImages(["nut"]);
		await expectError(
			() =>
				evaluate(engine, root, {
					systems: [{ title: "large", scales: [64] }],
				}),
			"ERR_ALFA_RANGE",
		);
	});

	test("ends when the engine is closed", async () => {
		const root = await writeImages(["nut"]);
		const closing = await Engine.open({ model: tinyModel });
		await expectError(
			() =>
				evaluate(closing, root, {
					onProgress: ({ phase, done }) => {
						if (phase === "images" && done === 1) void closing.close();
					},
				}),
			"ERR_ALFA_CLOSED",
		);
	});
});

describe("a category without letters in its name", () => {
	test.each(["01", "2024-11", "_-_"])(
		"%s has a readable default, and does not stop the others",
		async (name) => {
			const root = await writeImages([name, "nut"]);
			const { datasets } = await evaluate(engine, root, {
				systems: ["alfa", "winclip", "clip-ac", "anovl"],
			});
			for (const { variants } of datasets[0]!.categories)
				for (const { figures } of Object.values(variants))
					expect(figures.imageAuroc.mean).not.toBeNull();
			expect(
				datasets[0]!.problems.filter(({ kind }) => kind === "no-class-name"),
			).toMatchObject([
				{ where: name, message: expect.stringMatching(/"object/) },
			]);
		},
	);

	test("gets the words of displayNames", async () => {
		const root = await writeImages(["01", "nut"]);
		const words = { "01": "wood panel" };
		const named = await evaluate(engine, root, { displayNames: words });
		expect(
			named.datasets[0]!.problems.some(({ kind }) => kind === "no-class-name"),
		).toBe(false);
		// The same folder under that name has the same results.
		const wood = await writeImages(["wood panel", "nut"]);
		const expected = await evaluate(engine, wood);
		const figuresOf = ({ datasets }: typeof named, category: string) =>
			datasets[0]!.categories.find(({ name }) => name === category)!.variants;
		expect(figuresOf(named, "01")).toEqual(figuresOf(expected, "wood panel"));
		await expectError(
			() => evaluate(engine, root, { displayNames: { "02": "wood" } }),
			"ERR_ALFA_RANGE",
			/did you mean '01'/,
		);
		await expectError(
			() => evaluate(engine, root, { displayNames: { "01": " " } }),
			"ERR_ALFA_RANGE",
		);
		await expectError(
			() => evaluate(engine, root, { displayNames: ["wood"] as never }),
			"ERR_ALFA_ARGUMENT",
		);
	});

	test("belongs to the run: other words are another run", async () => {
		const root = await writeImages(["01"]);
		const report = temporaryFolder();
		await evaluate(engine, root, { report, displayNames: { "01": "wood" } });
		await expectError(
			() => evaluate(engine, root, { report, resume: true }),
			"ERR_ALFA_EVALUATION",
		);
	});

	test("keeps the user's prompts", async () => {
		const root = await writeImages(["01"]);
		const { datasets } = await evaluate(engine, root, {
			prompts: { "01": prompts },
			systems: [{ title: "mine", prompts: "library" }, "alfa"],
		});
		for (const { figures } of Object.values(
			datasets[0]!.categories[0]!.variants,
		))
			expect(figures.imageAuroc.mean).not.toBeNull();
	});
});

describe("folders of normal images", () => {
	test.each(["good", "ok", "OK", "normal", "Normal", "GOOD"])(
		"%s in both layouts",
		async (normal) => {
			for (const parts of [
				[normal, "NG"],
				[`test/${normal}`, "test/NG"],
			]) {
				const root = await writeImages(["nut", "pipe"], {}, parts);
				const { categories } = await readDataset(root);
				expect(categories.map(({ name }) => name)).toEqual(["nut", "pipe"]);
				for (const { test } of categories)
					expect(test.map(({ kind, anomalous }) => [kind, anomalous])).toEqual(
						test.map(({ id }) =>
							id.includes("NG") ? ["NG", true] : ["good", false],
						),
					);
				// One category alone.
				const single = await readDataset(join(root, "nut"));
				expect(single.categories[0]!.test).toHaveLength(4);
			}
		},
	);

	test("several in one category", async () => {
		const root = await writeImages(
			["nut"],
			{
				"nut/test/ok/2.png": await photo(5),
				"nut/test/Normal/3.png": await photo(6),
				"nut/train/OK/4.png": await photo(7),
				"nut/train/good/5.png": await photo(8),
			},
			["test/good", "test/bent"],
		);
		const { categories } = await readDataset(root);
		expect(
			categories[0]!.test.filter(({ anomalous }) => anomalous),
		).toHaveLength(2);
		expect(categories[0]!.test).toHaveLength(6);
		expect(categories[0]!.train.map(({ id }) => id)).toEqual([
			"nut/train/OK/4.png",
			"nut/train/good/5.png",
		]);
	});

	test("an option replaces the names, for readDataset and evaluate", async () => {
		const root = await writeImages(["nut"], {}, ["Pass", "ok"]);
		await expectError(
			() => readDataset(join(root, "nut", "Pass")),
			"ERR_ALFA_DATASET",
			/good, ok or normal/,
		);
		const { categories } = await readDataset(root, { normalFolders: ["pass"] });
		expect(
			categories[0]!.test.map(({ id, anomalous }) => [id, anomalous]),
		).toEqual([
			["nut/Pass/0.png", false],
			["nut/Pass/1.png", false],
			["nut/ok/0.png", true],
			["nut/ok/1.png", true],
		]);
		const { datasets } = await evaluate(engine, root, {
			normalFolders: ["pass"],
		});
		expect(datasets[0]!.categories[0]).toMatchObject({
			normal: 2,
			anomalous: 2,
		});
		for (const normalFolders of [[], ["a", ""], "ok", [1]])
			await expect(
				readDataset(root, { normalFolders: normalFolders as never }),
			).rejects.toMatchObject({ code: /ERR_ALFA_(ARGUMENT|RANGE)/ });
	});
});

describe("alfa evaluate", () => {
	test("exits with 1 after a bad image, names it, and takes display names and normal folders", async () => {
		const root = await writeImages(
			["01"],
			{ "01/pass/bands.tiff": fiveBands(), "01/pass/._0.png": "x" },
			["pass", "scratch"],
		);
		const args = [
			"evaluate",
			root,
			"--model",
			tinyModel,
			"--report",
			temporaryFolder(),
			"--normal-folder",
			"pass",
			"--display-name",
			"01=wood panel",
			"--json",
		];
		const { code, stdout, stderr } = await runAlfa(args);
		expect(code).toBe(1);
		expect(stderr).toMatch(/1 problem with images/);
		const { datasets } = JSON.parse(stdout);
		expect(datasets[0].categories[0]).toMatchObject({
			name: "01",
			normal: 2,
			anomalous: 2,
			unreadable: 1,
		});
		expect(datasets[0].problems).toContainEqual(
			expect.objectContaining({
				kind: "unreadable-image",
				where: "01/pass/bands.tiff",
			}),
		);
	});

	test("refuses a display name without words", async () => {
		const { code, stderr } = await runAlfa([
			"evaluate",
			"x",
			"--display-name",
			"01=",
		]);
		expect(code).toBe(2);
		expect(stderr).toContain('CATEGORY="words"');
	});
});

describe("alfa detect", () => {
	let folder: string;
	beforeAll(async () => {
		folder = temporaryFolder();
		for (const i of [1, 2, 3])
			writeFileSync(join(folder, `${i}.png`), await photo(i));
		writeFileSync(join(folder, "bands.tiff"), fiveBands());
	});
	const detect = (...args: string[]) =>
		runAlfa([
			"detect",
			...args,
			"--class",
			"widget",
			"--model",
			tinyModel,
			"--json",
		]);
	const path = (name: string) => join(folder, name);

	test.each(["alfa", "musc"])(
		"%s reports the images that fail, and scores the others",
		async (recipe) => {
			const files = ["bands.tiff", "1.png", "none.png", "2.png", "3.png"];
			const { code, stdout, stderr } = await detect(
				...files.map(path),
				"--recipe",
				recipe,
			);
			expect(code).toBe(1);
			expect(stderr).toContain("bands.tiff");
			expect(stderr).toContain("none.png");
			const { images } = JSON.parse(stdout);
			expect(images.map(({ file }: { file: string }) => file)).toEqual(
				files.map(path),
			);
			expect(
				images.map(({ score, error }: { score?: number; error?: object }) => [
					typeof score,
					typeof error,
				]),
			).toEqual([
				["undefined", "object"],
				["number", "undefined"],
				["undefined", "object"],
				["number", "undefined"],
				["number", "undefined"],
			]);
			for (const { error } of images.filter((each: object) => "error" in each))
				expect(error.code).toMatch(/^ERR_ALFA_(IMAGE|RANGE)/);
		},
	);

	test("leaves out reference images that cannot be read, and hidden files", async () => {
		const references = join(folder, "references");
		mkdirSync(references);
		for (const i of [1, 2])
			writeFileSync(join(references, `${i}.png`), await photo(10 + i));
		const clean = await detect(path("1.png"), "--references", references);
		expect(clean).toMatchObject({ code: 0, stderr: "" });
		for (const name of ["._1.png", ".DS_Store", "Thumbs.db", "desktop.ini"])
			writeFileSync(join(references, name), "hidden");
		const hidden = await detect(path("1.png"), "--references", references);
		expect(hidden).toMatchObject({ code: 0, stderr: "" });
		writeFileSync(join(references, "broken.png"), "not an image");
		const broken = await detect(path("1.png"), "--references", references);
		expect(broken.code).toBe(1);
		expect(broken.stderr).toContain("broken.png");
		const scores = [clean, hidden, broken].map(
			({ stdout }) => JSON.parse(stdout).images[0].score,
		);
		expect(scores[1]).toBe(scores[0]);
		expect(scores[2]).toBe(scores[0]);
		expect(JSON.parse(broken.stdout).problems).toEqual([
			{
				file: join(references, "broken.png"),
				error: {
					code: "ERR_ALFA_IMAGE",
					message: expect.stringContaining("broken.png"),
				},
			},
		]);
	});

	test("reports an overlay that cannot be written, and writes the others", async () => {
		const out = join(folder, "overlays");
		mkdirSync(join(out, "1.png", "x"), { recursive: true });
		const { code, stdout, stderr } = await detect(
			path("1.png"),
			path("2.png"),
			"--out",
			out,
		);
		expect(code).toBe(1);
		expect(stderr).toContain("cannot be written");
		const { images } = JSON.parse(stdout);
		expect(images[0].error.code).toBe("ERR_ALFA_WRITE");
		expect(images[1].overlay).toBe(join(out, "2.png"));
	});

	test("takes --max-pixels, --damaged and --colour, also in explain and evaluate", async () => {
		const cut = path("cut.jpg");
		const jpeg = await sharp(await photo(4, 96))
			.jpeg()
			.toBuffer();
		writeFileSync(cut, jpeg.subarray(0, Math.floor(jpeg.length * 0.6)));
		const refused = await detect(cut, path("1.png"));
		expect(refused.code).toBe(1);
		const accepted = await detect(
			cut,
			"--damaged",
			"accept",
			"--colour",
			"as-is",
		);
		expect(accepted.code).toBe(0);
		expect(accepted.stderr).toContain("cut.jpg");
		const [first] = JSON.parse(accepted.stdout).images;
		expect(first.score).toBeGreaterThan(0);
		expect(first.warnings.length).toBeGreaterThan(0);
		const large = await detect(path("1.png"), "--max-pixels", "1000");
		expect(large.code).toBe(1);
		expect(JSON.parse(large.stdout).images[0].error.code).toBe(
			"ERR_ALFA_IMAGE_SIZE",
		);

		const explain = (...flags: string[]) =>
			runAlfa(
				[
					"explain",
					cut,
					"--class",
					"nut",
					"--model",
					tinyModel,
					"--json",
				].concat(flags),
			);
		expect((await explain()).code).toBe(1);
		const explained = await explain("--damaged", "accept");
		expect(explained.code).toBe(0);
		expect(JSON.parse(explained.stdout).warnings.length).toBeGreaterThan(0);

		const root = await writeImages(["nut"], {
			"nut/good/cut.jpg": readFileSync(cut),
		});
		const evaluated = await runAlfa([
			"evaluate",
			root,
			"--model",
			tinyModel,
			"--report",
			temporaryFolder(),
			"--damaged",
			"accept",
			"--json",
		]);
		expect(evaluated.code).toBe(0);
		const { datasets } = JSON.parse(evaluated.stdout);
		expect(datasets[0].categories[0]).toMatchObject({
			normal: 3,
			unreadable: 0,
		});
		expect(datasets[0].problems).toContainEqual(
			expect.objectContaining({
				kind: "damaged-image",
				where: "nut/good/cut.jpg",
			}),
		);
	});
});
