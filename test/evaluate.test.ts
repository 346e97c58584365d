// Evaluations of small datasets: metric values equal those computed from single results, missing values have
// a reason, and a stopped run continues.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
	appendFileSync,
	cpSync,
	existsSync,
	mkdirSync,
	readFileSync,
	rmSync,
	truncateSync,
	writeFileSync,
} from "node:fs";
import { hostname } from "node:os";
import { dirname, join } from "node:path";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
	Engine,
	type EvaluateProgress,
	type EvaluationResult,
	evaluate,
	metrics,
	readDataset,
} from "../dist/index.js";
import { mvtecCategories } from "./support/datasets.js";
import { expectError } from "./support/errors.js";
import { temporaryFolder } from "./support/folder.js";
import { TestLogger } from "./support/logger.js";
import { root } from "./support/paths.js";

const demoImages = join(root, "demo", "pictures");
const logger = new TestLogger();
let engine: Engine;
beforeAll(async () => {
	engine = await Engine.open({ logger });
});
afterAll(() => engine.close());

const readReport = (folder: string, name: string) =>
	readFileSync(join(folder, name));
const copyDemoImages = () => {
	const folder = join(temporaryFolder(), "set");
	cpSync(demoImages, folder, { recursive: true });
	return folder;
};
/** The pixels of a mask at another size. Without a mask, all zero. */
async function readMaskAt(
	mask: string | undefined,
	size: number,
): Promise<Uint8Array> {
	if (mask === undefined) return new Uint8Array(size * size);
	const pixels = await sharp(mask)
		.extractChannel(0)
		.resize(size, size, { fit: "fill", kernel: "nearest" })
		.raw()
		.toBuffer();
	return new Uint8Array(pixels);
}
/** The part of the result that is the same for every run. */
const withoutRun = ({ run, ...rest }: EvaluationResult) => rest;

describe("metric values", () => {
	let result: EvaluationResult;
	const folder = temporaryFolder();
	beforeAll(async () => {
		result = await evaluate(engine, demoImages, {
			systems: ["alfa", "winclip", "clip-ac", "anovl", "patchcore", "musc"],
			shots: [0, 2],
			seeds: 2,
			report: folder,
		});
	});

	test.each(["alfa", "winclip", "anovl", "clip-ac"] as const)(
		"of %s equal those computed from its results",
		async (recipe) => {
			const { categories } = await readDataset(demoImages);
			const size = engine.info.imageSize;
			for (const { name, test } of categories) {
				const detector = await engine.category(name, { recipe });
				const results = await Promise.all(
					test.map(({ file }) => detector.detect(file)),
				);
				const masks = await Promise.all(
					test.map(({ mask }) => readMaskAt(mask, size)),
				);
				const values = result.datasets[0]!.categories.find(
					(category) => category.name === name,
				)!.variants[recipe]!.figures;
				const image = metrics.image(
					Uint8Array.from(test, ({ anomalous }) => Number(anomalous)),
					Float64Array.from(results, ({ score }) => score),
				);
				expect([
					values.imageAuroc.mean,
					values.imageAp.mean,
					values.imageAupr.mean,
					values.imageF1.mean,
				]).toEqual([image.auroc, image.averagePrecision, image.aupr, image.f1]);
				if (recipe === "clip-ac") {
					expect(values.pro).toEqual({
						mean: null,
						std: null,
						reason: "no map",
					});
					continue;
				}
				const pixel = metrics.pixel(
					results.map(({ map }) => map),
					masks,
					{ width: size, height: size },
				);
				expect([
					values.pixelAuroc.mean,
					values.pixelAp.mean,
					values.pixelF1.mean,
					values.pro.mean,
				]).toEqual([pixel.auroc, pixel.averagePrecision, pixel.f1, pixel.pro]);
			}
		},
	);

	test("have a standard deviation over the seeds only with references", () => {
		const { mean } = result.datasets[0]!;
		expect(mean["patchcore 2-shot"]!.imageAuroc).toMatchObject({
			mean: expect.any(Number),
			std: expect.any(Number),
			categories: 4,
		});
		expect(mean["alfa"]!.imageAuroc.std).toBeNull();
		expect(result.variants.map(({ id }) => id)).toEqual([
			"alfa",
			"alfa 2-shot",
			"winclip",
			"winclip 2-shot",
			"clip-ac",
			"clip-ac 2-shot",
			"anovl",
			"anovl 2-shot",
			"patchcore 2-shot",
			"musc",
		]);
	});

	test("of a dataset are the mean over its categories", () => {
		const { categories, mean } = result.datasets[0]!;
		const values = categories.map(
			({ variants }) => variants["alfa"]!.figures.pro.mean!,
		);
		expect(mean["alfa"]!.pro.mean).toBeCloseTo(
			values.reduce((sum, value) => sum + value) / values.length,
			14,
		);
	});

	test("are the same in all files of the report", () => {
		expect(JSON.parse(readReport(folder, "results.json").toString())).toEqual(
			JSON.parse(JSON.stringify(withoutRun(result))),
		);
		const lines = readReport(folder, "results.csv")
			.toString()
			.trim()
			.split("\n");
		expect(lines).toHaveLength(1 + result.variants.length * 5);
		const mean = lines
			.find((line) => line.startsWith("pictures,,alfa,"))!
			.split(",");
		expect(Number(mean[lines[0]!.split(",").indexOf("pro")])).toBe(
			result.datasets[0]!.mean["alfa"]!.pro.mean,
		);
		expect(readReport(folder, "index.html").length).toBeGreaterThan(10_000);
		expect(result.model).toEqual({
			name: "demo",
			precision: "fp32",
			sha256: createHash("sha256")
				.update(
					readFileSync(
						join(root, "models", "demo", "open_clip_model.safetensors"),
					),
				)
				.digest("hex"),
		});
		expect(JSON.parse(readReport(folder, "run.json").toString())).toMatchObject(
			{
				versions: { node: process.versions.node },
			},
		);
	});

	test("share one detection per image if only the readout differs", async () => {
		const report = temporaryFolder();
		const { variants } = await evaluate(engine, join(demoImages, "wood"), {
			ablate: ["score"],
			report,
		});
		expect(variants).toHaveLength(3);
		const [, ...lines] = readReport(report, "images.jsonl")
			.toString()
			.trim()
			.split("\n");
		expect(lines).toHaveLength(5);
		for (const line of lines)
			expect(Object.keys(JSON.parse(line).looks)).toHaveLength(1);
	});

	test("are the same bytes in a second run", async () => {
		const again = temporaryFolder();
		await evaluate(engine, demoImages, {
			systems: ["alfa", "winclip", "clip-ac", "anovl", "patchcore", "musc"],
			shots: [0, 2],
			seeds: 2,
			report: again,
		});
		for (const name of ["results.json", "results.csv", "images.jsonl"])
			expect(
				readReport(again, name).equals(readReport(folder, name)),
				name,
			).toBe(true);
	});
});

describe("a run that stops", () => {
	const options = {
		systems: ["alfa", "musc"] as const,
		classes: ["wood", "cookie"],
	};

	test("continues to the same bytes", async () => {
		const complete = temporaryFolder();
		await evaluate(engine, demoImages, { ...options, report: complete });
		const folder = temporaryFolder();
		const stop = new AbortController();
		let images = 0;
		await expect(
			evaluate(engine, demoImages, {
				...options,
				report: folder,
				signal: stop.signal,
				onProgress: ({ phase }) => {
					if (phase === "images" && ++images === 3) stop.abort();
				},
			}),
		).rejects.toMatchObject({ name: "AbortError" });
		expect(existsSync(join(folder, "results.json"))).toBe(false);
		await expectError(
			() => evaluate(engine, demoImages, { ...options, report: folder }),
			"ERR_ALFA_EVALUATION",
			/resume/,
		);
		await expectError(
			() =>
				evaluate(engine, demoImages, {
					systems: ["winclip"],
					report: folder,
					resume: true,
				}),
			"ERR_ALFA_EVALUATION",
		);
		const before = logger.encodedTexts;
		let processed = 0;
		await evaluate(engine, demoImages, {
			...options,
			report: folder,
			resume: true,
			onProgress: ({ phase }) => {
				if (phase === "images") processed++;
			},
		});
		expect(processed).toBe(20);
		expect(logger.encodedTexts).toBe(before);
		for (const name of ["results.json", "images.jsonl"])
			expect(
				readReport(folder, name).equals(readReport(complete, name)),
				name,
			).toBe(true);
	});

	test("loses only one image if it is killed while it writes a line", async () => {
		const folder = temporaryFolder();
		await evaluate(engine, demoImages, { ...options, report: folder });
		const journal = readReport(folder, "images.jsonl");
		const results = readReport(folder, "results.json");
		for (const cutBytes of [1, 20, Math.ceil(journal.length * 0.2)]) {
			rmSync(join(folder, "results.json"));
			truncateSync(join(folder, "images.jsonl"), journal.length - cutBytes);
			let prepared = 0;
			await evaluate(engine, demoImages, {
				...options,
				report: folder,
				resume: true,
				onProgress: ({ phase }) => {
					if (phase === "references") prepared++;
				},
			});
			expect(prepared).toBeGreaterThan(0);
			expect(readReport(folder, "images.jsonl").equals(journal)).toBe(true);
			expect(readReport(folder, "results.json").equals(results)).toBe(true);
		}
	});

	test("repeats only the images of damaged lines", async () => {
		const folder = temporaryFolder();
		await evaluate(engine, demoImages, { ...options, report: folder });
		const results = readReport(folder, "results.json");
		const journal = join(folder, "images.jsonl");
		appendFileSync(journal, 'garbage\n[1,2]\nnull\n{"dataset":1}\n');
		const before = readFileSync(journal, "utf8");
		await evaluate(engine, demoImages, {
			...options,
			report: folder,
			resume: true,
		});
		expect(readFileSync(journal, "utf8")).toBe(before);
		expect(readReport(folder, "results.json").equals(results)).toBe(true);
	});

	test.each(['{"run":"other"}\n', "not a journal\n"])(
		"does not change the journal of another run: %j",
		async (content) => {
			const folder = temporaryFolder();
			const journal = join(folder, "images.jsonl");
			writeFileSync(journal, content);
			await expectError(
				() =>
					evaluate(engine, demoImages, {
						...options,
						report: folder,
						resume: true,
					}),
				"ERR_ALFA_EVALUATION",
				/another model/,
			);
			expect(readFileSync(journal, "utf8")).toBe(content);
		},
	);

	test("locks its folder, and replaces the lock of a process that has ended", async () => {
		const folder = temporaryFolder();
		const [first, second] = await Promise.allSettled(
			[1, 2].map(() =>
				evaluate(engine, demoImages, { ...options, report: folder }),
			),
		);
		expect([first!.status, second!.status].sort()).toEqual([
			"fulfilled",
			"rejected",
		]);
		const rejected = [first, second].find(
			(outcome) => outcome!.status === "rejected",
		) as PromiseRejectedResult;
		expect(rejected.reason).toMatchObject({
			code: "ERR_ALFA_EVALUATION",
			message: expect.stringMatching(/Another run/),
		});
		expect(existsSync(join(folder, ".lock"))).toBe(false);
		const endedProcess = spawnSync(process.execPath, ["-e", ""]).pid;
		writeFileSync(
			join(folder, ".lock"),
			JSON.stringify({ host: hostname(), pid: endedProcess }),
		);
		await evaluate(engine, demoImages, { ...options, report: folder });
		for (const damaged of ["", '{"host"']) {
			writeFileSync(join(folder, ".lock"), damaged);
			await evaluate(engine, demoImages, { ...options, report: folder });
		}
	});

	test("is replaced after its end, or measured again with other options", async () => {
		const folder = temporaryFolder();
		const first = await evaluate(engine, demoImages, {
			...options,
			report: folder,
		});
		const journal = readReport(folder, "images.jsonl");
		const other = await evaluate(engine, demoImages, {
			...options,
			report: folder,
			resume: true,
			resolution: 48,
			maxFpr: 0.1,
		});
		expect(other.resolution).toBe(48);
		expect(other.datasets[0]!.mean["alfa"]!.imageAuroc).toEqual(
			first.datasets[0]!.mean["alfa"]!.imageAuroc,
		);
		expect(other.datasets[0]!.mean["alfa"]!.pro.mean).not.toBe(
			first.datasets[0]!.mean["alfa"]!.pro.mean,
		);
		expect(readReport(folder, "images.jsonl").equals(journal)).toBe(true);
		expect(
			withoutRun(
				await evaluate(engine, demoImages, { ...options, report: folder }),
			),
		).toEqual(withoutRun(first));
	});
});

describe("incomplete data", () => {
	test("gives values where possible, and null with a reason elsewhere", async () => {
		const dataset = copyDemoImages();
		rmSync(join(dataset, "wood", "ground_truth"), { recursive: true }); // no masks
		rmSync(join(dataset, "cookie", "test", "good"), { recursive: true }); // no good images
		rmSync(join(dataset, "capsule", "train"), { recursive: true }); // no training images
		const { categories } = await readDataset(dataset);
		for (const { test } of categories.filter(
			({ name }) => name === "hex_nut",
		)) {
			for (const { file } of test.filter(({ anomalous }) => anomalous))
				writeFileSync(file, "not an image"); // no readable defective image
		}
		writeFileSync(
			join(dataset, "capsule", "test", "good", "broken.png"),
			"nothing",
		);
		const result = await evaluate(engine, dataset, {
			systems: ["alfa", "patchcore"],
			shots: [0, 1],
			seeds: 1,
		});
		const resultOf = (name: string, variant: string) =>
			result.datasets[0]!.categories.find((category) => category.name === name)!
				.variants[variant]!;
		expect(resultOf("wood", "alfa").figures.imageAuroc.mean).toBeTypeOf(
			"number",
		);
		expect(resultOf("wood", "alfa").figures.pro).toEqual({
			mean: null,
			std: null,
			reason: "no usable masks",
		});
		expect(resultOf("cookie", "alfa").figures.imageAuroc).toEqual({
			mean: null,
			std: null,
			reason: "no good images",
		});
		expect(resultOf("cookie", "alfa").figures.pixelAuroc.mean).toBeTypeOf(
			"number",
		);
		expect(resultOf("hex_nut", "alfa").figures.imageAp).toEqual({
			mean: null,
			std: null,
			reason: "no defective images",
		});
		expect(resultOf("hex_nut", "alfa").figures.pro).toEqual({
			mean: null,
			std: null,
			reason: "no defective images",
		});
		expect(resultOf("capsule", "patchcore 1-shot")).toMatchObject({
			images: resultOf("capsule", "alfa").images - 1,
		});
		const { mean, problems } = result.datasets[0]!;
		expect(mean["alfa"]!.imageAuroc.categories).toBe(2);
		expect(mean["alfa"]!.pro.categories).toBe(2);
		const count = (kind: string) =>
			problems.filter((problem) => problem.kind === kind).length;
		expect({
			unreadable: count("unreadable-image"),
			missing: count("missing-mask"),
			noGood: count("no-good"),
			noTrain: count("no-train"),
		}).toEqual({ unreadable: 4, missing: 1, noGood: 1, noTrain: 1 });
	});

	test("has a reason if there are not enough references", async () => {
		const result = await evaluate(engine, demoImages, {
			systems: ["alfa"],
			shots: [0, 100],
			seeds: 1,
			classes: ["wood"],
		});
		const { variants } = result.datasets[0]!.categories[0]!;
		expect(variants["alfa"]!.figures.imageAuroc.mean).toBeTypeOf("number");
		expect(variants["alfa 100-shot"]!.figures.imageAuroc).toEqual({
			mean: null,
			std: null,
			reason: "needs 100 normal images as references, but only 6 are available",
		});
	});

	test("measures images of different sizes at their own size", async () => {
		const dataset = join(temporaryFolder(), "sizes");
		for (const [kind, name, width, height] of [
			["good", "a", 60, 40],
			["bad", "b", 33, 80],
			["bad", "c", 120, 90],
		] as const) {
			const file = join(dataset, "test", kind, `${name}.png`);
			mkdirSync(dirname(file), { recursive: true });
			writeFileSync(
				file,
				await sharp({
					create: {
						width,
						height,
						channels: 3,
						background: kind === "good" ? "#777" : "#b52",
					},
				})
					.png()
					.toBuffer(),
			);
			if (kind === "good") continue;
			const mask = join(dataset, "ground_truth", kind, `${name}.png`);
			mkdirSync(dirname(mask), { recursive: true });
			const pixels = Buffer.alloc(width * height);
			for (let i = 0; i < width * 5; i++) pixels[i] = 1 + (i % 3); // class numbers
			writeFileSync(
				mask,
				await sharp(pixels, { raw: { width, height, channels: 1 } })
					.toColourspace("b-w")
					.png()
					.toBuffer(),
			);
		}
		const result = await evaluate(engine, dataset, {
			systems: ["alfa"],
			resolution: "image",
		});
		const category = await engine.category("sizes", { resolution: "image" });
		const results = await Promise.all(
			[
				["good", "a"],
				["bad", "b"],
				["bad", "c"],
			].map(([kind, name]) =>
				category.detect(join(dataset, "test", kind!, `${name}.png`)),
			),
		);
		const maps = Float32Array.from(results.flatMap(({ map }) => [...map]));
		const labels = Uint8Array.from(
			results.flatMap(({ map, mapWidth }, i) =>
				Array.from(map, (_, p) => Number(i > 0 && p < mapWidth * 5)),
			),
		);
		expect(
			result.datasets[0]!.categories[0]!.variants["alfa"]!.figures.pixelAuroc
				.mean,
		).toBe(metrics.auroc(labels, maps));
	});
});

test("compares with the paper only on the complete dataset of the paper", async () => {
	const folder = join(temporaryFolder(), "any");
	const names = mvtecCategories;
	for (const name of names)
		cpSync(join(demoImages, "wood"), join(folder, name), { recursive: true });
	const {
		datasets: [complete],
	} = await evaluate(engine, folder, {
		systems: ["winclip"],
		report: join(folder, "..", "report"),
	});
	expect(complete!.name).toBe("MVTec AD");
	expect(
		complete!.published.map(({ variant, metric, published, source }) => [
			variant,
			metric,
			Math.round(1000 * published) / 1000,
			source,
		]),
	).toEqual(
		[
			["imageAuroc", 0.918],
			["imageAp", 0.965],
			["imageF1", 0.929],
			["pixelAuroc", 0.851],
			["pixelF1", 0.317],
			["pro", 0.646],
		].map(([metric, value]) => ["winclip", metric, value, "Table 1, WinCLIP"]),
	);
	for (const { metric, ours } of complete!.published)
		expect(ours).toBe(complete!.mean["winclip"]![metric].mean);
	expect(
		readFileSync(join(folder, "..", "report", "index.html"), "utf8"),
	).toMatch(/91\.8/);
	rmSync(join(folder, "zipper"), { recursive: true });
	const {
		datasets: [partial],
	} = await evaluate(engine, folder, {
		systems: ["winclip"],
		classes: ["bottle", "cable"],
	});
	expect(partial).toMatchObject({ name: "any", published: [] });
});

describe("options", () => {
	test.each([
		[{ systems: [] }, "ERR_ALFA_RANGE"],
		[{ system: ["alfa"] }, "ERR_ALFA_ARGUMENT"],
		[{ shots: [1, 1] }, "ERR_ALFA_RANGE"],
		[{ shots: [-1] }, "ERR_ALFA_RANGE"],
		[{ seeds: 0 }, "ERR_ALFA_RANGE"],
		[{ resolution: "model" }, "ERR_ALFA_ARGUMENT"],
		[{ ablate: ["nothing"] }, "ERR_ALFA_RANGE"],
		[{ proThresholds: 100 }, "ERR_ALFA_RANGE"],
		[{ resume: true }, "ERR_ALFA_ARGUMENT"],
		[{ report: "x", resume: true, overwrite: true }, "ERR_ALFA_ARGUMENT"],
		[{ layout: "mvtech" }, "ERR_ALFA_RANGE"],
		[{ classes: ["wod"] }, "ERR_ALFA_RANGE"],
	])("rejects the options %j", (options, code) =>
		expectError(() => evaluate(engine, demoImages, options as never), code),
	);

	test.each([
		[["patchcore"], [0], "ERR_ALFA_RANGE", "shots of at least 1"],
		[["musc"], [1], "ERR_ALFA_RANGE", "add 0 to shots"],
		[["alfa", "alfa"], [0], "ERR_ALFA_RANGE", "'alfa'"],
		[["alfa", { title: "alfa", scales: [2] }], [0], "ERR_ALFA_RANGE", "'alfa'"],
		[["nothing"], [0], "ERR_ALFA_RANGE", "'nothing'"],
		[[{ title: "" }], [0], "ERR_ALFA_ARGUMENT", "title"],
		[
			[{ title: "x", references: [] }],
			[0],
			"ERR_ALFA_ARGUMENT",
			"'references'",
		],
		[[{ title: "x", readout: "best" }], [0], "ERR_ALFA_RANGE", "'best'"],
		[[{ title: "x", scale: [2] }], [0], "ERR_ALFA_ARGUMENT", "scale"],
		[
			[{ title: "x", recipe: "patchcore", readout: "one-class" }],
			[1],
			"ERR_ALFA_ARGUMENT",
			"normal prompts",
		],
	] as const)(
		"rejects the systems %j with shots %j",
		(systems, shots, code, message) =>
			expectError(
				() => evaluate(engine, demoImages, { systems, shots } as never),
				code,
				message,
			),
	);

	test("rejects invalid folders and duplicate names", async () => {
		await expectError(
			() => evaluate(engine, join(demoImages, "nowhere")),
			"ERR_ALFA_DATASET",
		);
		await expectError(() => evaluate(engine, []), "ERR_ALFA_RANGE");
		await expectError(
			() => evaluate(engine, [demoImages, demoImages]),
			"ERR_ALFA_RANGE",
		);
		const file = join(temporaryFolder(), "file");
		writeFileSync(file, "");
		await expectError(
			() => evaluate(engine, demoImages, { report: join(file, "report") }),
			"ERR_ALFA_WRITE",
			"is a file",
		);
		if (existsSync("/proc/self"))
			await expectError(
				() => evaluate(engine, demoImages, { report: "/proc/report" }),
				"ERR_ALFA_WRITE",
			);
		const empty = join(temporaryFolder(), "empty");
		for (const kind of ["good", "bad"])
			mkdirSync(join(empty, kind), { recursive: true });
		await expectError(
			() => evaluate(engine, empty),
			"ERR_ALFA_DATASET",
			"contains no test image",
		);
		await expectError(
			() =>
				evaluate(engine, demoImages, {
					systems: [{ title: "mine", temperature: -1 }],
				}),
			"ERR_ALFA_RANGE",
			"The system 'mine'",
		);
	});

	test("progress of a recipe that needs all images at once ends at the total", async () => {
		const updates: EvaluateProgress[] = [];
		await evaluate(engine, join(demoImages, "wood"), {
			systems: ["musc"],
			onProgress: (update) => {
				updates.push(update);
			},
		});
		expect(updates.map(({ done, total }) => [done, total]).at(-1)).toEqual([
			5, 5,
		]);
	});

	test("accepts titles that are keys of Object.prototype", async () => {
		const titles = ["__proto__", "constructor", "toString"];
		const result = await evaluate(engine, join(demoImages, "wood"), {
			systems: titles.map((title, i) => ({ title, scales: [2 + i] })),
			report: join(temporaryFolder(), "report"),
		});
		const { mean, categories } = result.datasets[0]!;
		for (const title of titles)
			expect(
				[
					Object.hasOwn(mean, title),
					Object.hasOwn(categories[0]!.variants, title),
				],
				title,
			).toEqual([true, true]);
		expect(new Set(titles.map((title) => mean[title]!.pro.mean)).size).toBe(3);
	});

	test("evaluates several datasets with the user's prompts and reports progress", async () => {
		const updates: EvaluateProgress[] = [];
		const prompts = {
			wood: { normal: ["smooth clean wood"], abnormal: ["wood with a hole"] },
		};
		const result = await evaluate(
			engine,
			[join(demoImages, "wood"), join(demoImages, "cookie")],
			{
				prompts,
				onProgress: (update) => {
					updates.push(update);
				},
			},
		);
		expect(result.datasets.map(({ name }) => name)).toEqual(["wood", "cookie"]);
		const last = updates.filter(({ phase }) => phase === "images").at(-1)!;
		expect(last).toMatchObject({
			done: 10,
			total: 10,
			dataset: "cookie",
			left: 0,
		});
		const without = await evaluate(engine, join(demoImages, "wood"));
		expect(result.datasets[0]!.mean["alfa"]!.pro.mean).not.toBe(
			without.datasets[0]!.mean["alfa"]!.pro.mean,
		);
	});
});
