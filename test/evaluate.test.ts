// Whole evaluations on small datasets: the figures are those of results and metrics put together by hand, whatever is
// missing is told, and a stopped run goes on.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
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
	evaluate,
	metrics,
	readDataset,
	type EvaluateProgress,
	type EvaluationResult,
} from "../dist/index.js";
import { temporaryFolder } from "./support/folder.js";
import { TestLogger } from "./support/logger.js";
import { root } from "./support/paths.js";
import { expectRefusal } from "./support/refusal.js";

const pictures = join(root, "demo", "pictures");
const logger = new TestLogger();
let engine: Engine;
beforeAll(async () => {
	engine = await Engine.open({ logger });
});
afterAll(() => engine.close());

const bytes = (folder: string, name: string) =>
	readFileSync(join(folder, name));
const copy = () => {
	const folder = join(temporaryFolder(), "set");
	cpSync(pictures, folder, { recursive: true });
	return folder;
};
/** The evaluation without what a run adds. */
const figures = ({ run, ...rest }: EvaluationResult) => rest;

describe("figures", () => {
	let found: EvaluationResult;
	const folder = temporaryFolder();
	beforeAll(async () => {
		found = await evaluate(engine, pictures, {
			systems: ["alfa", "winclip", "clip-ac", "anovl", "patchcore", "musc"],
			shots: [0, 2],
			seeds: 2,
			report: folder,
		});
	});

	test.each(["alfa", "winclip", "anovl", "clip-ac"] as const)(
		"of %s are those of its results",
		async (recipe) => {
			const { categories } = await readDataset(pictures);
			const size = engine.info.imageSize;
			for (const { name, test } of categories) {
				const category = await engine.category(name, { recipe });
				const results = await Promise.all(
					test.map(({ file }) => category.detect(file)),
				);
				const masks = await Promise.all(
					test.map(async ({ mask }) =>
						mask === undefined
							? new Uint8Array(size * size)
							: new Uint8Array(
									await sharp(mask)
										.extractChannel(0)
										.resize(size, size, { fit: "fill", kernel: "nearest" })
										.raw()
										.toBuffer(),
								),
					),
				);
				const got = found.datasets[0]!.categories.find(
					(each) => each.name === name,
				)!.variants[recipe]!.figures;
				const image = metrics.image(
					Uint8Array.from(test, ({ anomalous }) => Number(anomalous)),
					Float64Array.from(results, ({ score }) => score),
				);
				expect([
					got.imageAuroc.mean,
					got.imageAp.mean,
					got.imageAupr.mean,
					got.imageF1.mean,
				]).toEqual([image.auroc, image.averagePrecision, image.aupr, image.f1]);
				if (recipe === "clip-ac") {
					expect(got.pro).toEqual({ mean: null, std: null, reason: "no map" });
					continue;
				}
				const pixel = metrics.pixel(
					results.map(({ map }) => map),
					masks,
					{ width: size, height: size },
				);
				expect([
					got.pixelAuroc.mean,
					got.pixelAp.mean,
					got.pixelF1.mean,
					got.pro.mean,
				]).toEqual([pixel.auroc, pixel.averagePrecision, pixel.f1, pixel.pro]);
			}
		},
	);

	test("of few-shot have a mean and a deviation over the seeds, of the rest none", () => {
		const { mean } = found.datasets[0]!;
		expect(mean["patchcore 2-shot"]!.imageAuroc).toMatchObject({
			mean: expect.any(Number),
			std: expect.any(Number),
			categories: 4,
		});
		expect(mean["alfa"]!.imageAuroc.std).toBeNull();
		expect(found.variants.map(({ id }) => id)).toEqual([
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

	test("the mean is over categories", () => {
		const { categories, mean } = found.datasets[0]!;
		const values = categories.map(
			({ variants }) => variants["alfa"]!.figures.pro.mean!,
		);
		expect(mean["alfa"]!.pro.mean).toBeCloseTo(
			values.reduce((sum, each) => sum + each) / values.length,
			14,
		);
	});

	test("stand in the files, which say the same", () => {
		expect(JSON.parse(bytes(folder, "results.json").toString())).toEqual(
			JSON.parse(JSON.stringify(figures(found))),
		);
		const lines = bytes(folder, "results.csv").toString().trim().split("\n");
		expect(lines).toHaveLength(1 + found.variants.length * 5);
		const mean = lines
			.find((line) => line.startsWith("pictures,,alfa,"))!
			.split(",");
		expect(Number(mean[lines[0]!.split(",").indexOf("pro")])).toBe(
			found.datasets[0]!.mean["alfa"]!.pro.mean,
		);
		expect(bytes(folder, "index.html").length).toBeGreaterThan(10_000);
		expect(found.model).toEqual({
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
		expect(JSON.parse(bytes(folder, "run.json").toString())).toMatchObject({
			versions: { node: process.versions.node },
		});
	});

	test("are the same bytes again", async () => {
		const again = temporaryFolder();
		await evaluate(engine, pictures, {
			systems: ["alfa", "winclip", "clip-ac", "anovl", "patchcore", "musc"],
			shots: [0, 2],
			seeds: 2,
			report: again,
		});
		for (const name of ["results.json", "results.csv", "images.jsonl"])
			expect(bytes(again, name).equals(bytes(folder, name)), name).toBe(true);
	});
});

describe("a run that stops", () => {
	const options = {
		systems: ["alfa", "musc"] as const,
		classes: ["wood", "cookie"],
	};

	test("goes on where it was, to the same bytes", async () => {
		const whole = temporaryFolder();
		await evaluate(engine, pictures, { ...options, report: whole });
		const folder = temporaryFolder();
		const stop = new AbortController();
		let images = 0;
		await expect(
			evaluate(engine, pictures, {
				...options,
				report: folder,
				signal: stop.signal,
				onProgress: ({ phase }) => {
					if (phase === "images" && ++images === 3) stop.abort();
				},
			}),
		).rejects.toMatchObject({ name: "AbortError" });
		expect(existsSync(join(folder, "results.json"))).toBe(false);
		await expectRefusal(
			() => evaluate(engine, pictures, { ...options, report: folder }),
			"ERR_ALFA_EVALUATION",
			/resume/,
		);
		await expectRefusal(
			() =>
				evaluate(engine, pictures, {
					systems: ["winclip"],
					report: folder,
					resume: true,
				}),
			"ERR_ALFA_EVALUATION",
		);
		const before = logger.encodedTexts;
		let fresh = 0;
		await evaluate(engine, pictures, {
			...options,
			report: folder,
			resume: true,
			onProgress: ({ phase }) => {
				if (phase === "images") fresh++;
			},
		});
		expect(fresh).toBe(20);
		expect(logger.encodedTexts).toBe(before);
		for (const name of ["results.json", "images.jsonl"])
			expect(bytes(folder, name).equals(bytes(whole, name)), name).toBe(true);
	});

	test("killed in the middle of a line, loses that image alone", async () => {
		const folder = temporaryFolder();
		await evaluate(engine, pictures, { ...options, report: folder });
		const journal = bytes(folder, "images.jsonl"),
			results = bytes(folder, "results.json");
		rmSync(join(folder, "results.json"));
		truncateSync(
			join(folder, "images.jsonl"),
			Math.floor(journal.length * 0.8),
		);
		await evaluate(engine, pictures, {
			...options,
			report: folder,
			resume: true,
		});
		expect(bytes(folder, "images.jsonl").equals(journal)).toBe(true);
		expect(bytes(folder, "results.json").equals(results)).toBe(true);
	});

	test("two runs do not write into one folder; one that died stands in nobody's way", async () => {
		const folder = temporaryFolder();
		const [first, second] = await Promise.allSettled(
			[1, 2].map(() =>
				evaluate(engine, pictures, { ...options, report: folder }),
			),
		);
		expect([first!.status, second!.status].sort()).toEqual([
			"fulfilled",
			"rejected",
		]);
		const refused = [first, second].find(
			(each) => each!.status === "rejected",
		) as PromiseRejectedResult;
		expect(refused.reason).toMatchObject({
			code: "ERR_ALFA_EVALUATION",
			message: expect.stringMatching(/Another run/),
		});
		expect(existsSync(join(folder, ".lock"))).toBe(false);
		const gone = spawnSync(process.execPath, ["-e", ""]).pid;
		writeFileSync(
			join(folder, ".lock"),
			JSON.stringify({ host: hostname(), pid: gone }),
		);
		await evaluate(engine, pictures, { ...options, report: folder });
		for (const torn of ["", '{"host"']) {
			writeFileSync(join(folder, ".lock"), torn);
			await evaluate(engine, pictures, { ...options, report: folder });
		}
	});

	test("a finished one is replaced, or its figures made anew with other rules", async () => {
		const folder = temporaryFolder();
		const first = await evaluate(engine, pictures, {
			...options,
			report: folder,
		});
		const journal = bytes(folder, "images.jsonl");
		const other = await evaluate(engine, pictures, {
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
		expect(bytes(folder, "images.jsonl").equals(journal)).toBe(true);
		expect(
			figures(await evaluate(engine, pictures, { ...options, report: folder })),
		).toEqual(figures(first));
	});
});

describe("data with holes", () => {
	test("what can be measured is, what cannot is null with its reason", async () => {
		const set = copy();
		rmSync(join(set, "wood", "ground_truth"), { recursive: true }); // no masks at all
		rmSync(join(set, "cookie", "test", "good"), { recursive: true }); // nothing good
		rmSync(join(set, "capsule", "train"), { recursive: true }); // no references but test images
		const { categories } = await readDataset(set);
		for (const { test } of categories.filter(
			({ name }) => name === "hex_nut",
		)) {
			for (const { file } of test.filter(({ anomalous }) => anomalous))
				writeFileSync(file, "no picture any more"); // nothing defective that can be read
		}
		writeFileSync(
			join(set, "capsule", "test", "good", "broken.png"),
			"nothing",
		);
		const found = await evaluate(engine, set, {
			systems: ["alfa", "patchcore"],
			shots: [0, 1],
			seeds: 1,
		});
		const of = (name: string, variant: string) =>
			found.datasets[0]!.categories.find((each) => each.name === name)!
				.variants[variant]!;
		expect(of("wood", "alfa").figures.imageAuroc.mean).toBeTypeOf("number");
		expect(of("wood", "alfa").figures.pro).toEqual({
			mean: null,
			std: null,
			reason: "no usable masks",
		});
		expect(of("cookie", "alfa").figures.imageAuroc).toEqual({
			mean: null,
			std: null,
			reason: "no good images",
		});
		expect(of("cookie", "alfa").figures.pixelAuroc.mean).toBeTypeOf("number");
		expect(of("hex_nut", "alfa").figures.imageAp).toEqual({
			mean: null,
			std: null,
			reason: "no defective images",
		});
		expect(of("hex_nut", "alfa").figures.pro).toEqual({
			mean: null,
			std: null,
			reason: "no defective images",
		});
		expect(of("capsule", "patchcore 1-shot")).toMatchObject({
			images: of("capsule", "alfa").images - 1,
		});
		const { mean, problems } = found.datasets[0]!;
		expect(mean["alfa"]!.imageAuroc.categories).toBe(2);
		expect(mean["alfa"]!.pro.categories).toBe(2);
		const counted = (kind: string) =>
			problems.filter((each) => each.kind === kind).length;
		expect({
			unreadable: counted("unreadable-image"),
			missing: counted("missing-mask"),
			noGood: counted("no-good"),
			noTrain: counted("no-train"),
		}).toEqual({ unreadable: 4, missing: 1, noGood: 1, noTrain: 1 });
	});

	test("references that are not enough are a reason, not an end", async () => {
		const found = await evaluate(engine, pictures, {
			systems: ["alfa"],
			shots: [0, 100],
			seeds: 1,
			classes: ["wood"],
		});
		const { variants } = found.datasets[0]!.categories[0]!;
		expect(variants["alfa"]!.figures.imageAuroc.mean).toBeTypeOf("number");
		expect(variants["alfa 100-shot"]!.figures.imageAuroc).toEqual({
			mean: null,
			std: null,
			reason: "needs 100 normal images as references, of which there are 6",
		});
	});

	test("images of many sizes meet their masks at their own size", async () => {
		const set = join(temporaryFolder(), "sizes");
		for (const [kind, name, width, height] of [
			["good", "a", 60, 40],
			["bad", "b", 33, 80],
			["bad", "c", 120, 90],
		] as const) {
			const file = join(set, "test", kind, `${name}.png`);
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
			const mask = join(set, "ground_truth", kind, `${name}.png`);
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
		const found = await evaluate(engine, set, {
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
				category.detect(join(set, "test", kind!, `${name}.png`)),
			),
		);
		const maps = Float32Array.from(results.flatMap(({ map }) => [...map]));
		const labels = Uint8Array.from(
			results.flatMap(({ map, mapWidth }, i) =>
				Array.from(map, (_, p) => Number(i > 0 && p < mapWidth * 5)),
			),
		);
		expect(
			found.datasets[0]!.categories[0]!.variants["alfa"]!.figures.pixelAuroc
				.mean,
		).toBe(metrics.auroc(labels, maps));
	});
});

test("the paper's figures stand beside those of its dataset, and of nothing else", async () => {
	const folder = join(temporaryFolder(), "any");
	const names = [
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
	for (const name of names)
		cpSync(join(pictures, "wood"), join(folder, name), { recursive: true });
	const {
		datasets: [whole],
	} = await evaluate(engine, folder, {
		systems: ["winclip"],
		report: join(folder, "..", "report"),
	});
	expect(whole!.name).toBe("MVTec AD");
	expect(
		whole!.published.map(({ variant, metric, published, source }) => [
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
	for (const { metric, ours } of whole!.published)
		expect(ours).toBe(whole!.mean["winclip"]![metric].mean);
	expect(
		readFileSync(join(folder, "..", "report", "index.html"), "utf8"),
	).toMatch(/91\.8/);
	rmSync(join(folder, "zipper"), { recursive: true });
	const {
		datasets: [part],
	} = await evaluate(engine, folder, {
		systems: ["winclip"],
		classes: ["bottle", "cable"],
	});
	expect(part).toMatchObject({ name: "any", published: [] });
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
	])("%j is refused", (options, code) =>
		expectRefusal(() => evaluate(engine, pictures, options as never), code),
	);

	test("folders that are none, and two of one name", async () => {
		await expectRefusal(
			() => evaluate(engine, join(pictures, "nowhere")),
			"ERR_ALFA_DATASET",
		);
		await expectRefusal(() => evaluate(engine, []), "ERR_ALFA_RANGE");
		await expectRefusal(
			() => evaluate(engine, [pictures, pictures]),
			"ERR_ALFA_RANGE",
		);
		const file = join(temporaryFolder(), "file");
		writeFileSync(file, "");
		await expectRefusal(
			() => evaluate(engine, pictures, { report: join(file, "report") }),
			"ERR_ALFA_WRITE",
			"is a file",
		);
		if (existsSync("/proc/self"))
			await expectRefusal(
				() => evaluate(engine, pictures, { report: "/proc/report" }),
				"ERR_ALFA_WRITE",
			);
		const empty = join(temporaryFolder(), "empty");
		for (const kind of ["good", "bad"])
			mkdirSync(join(empty, kind), { recursive: true });
		await expectRefusal(
			() => evaluate(engine, empty),
			"ERR_ALFA_DATASET",
			"no image to test",
		);
		await expectRefusal(
			() =>
				evaluate(engine, pictures, {
					systems: [{ title: "mine", temperature: -1 }],
				}),
			"ERR_ALFA_RANGE",
			"The system 'mine'",
		);
	});

	test("a recipe that needs all images at once gets to the end, and not beyond", async () => {
		const seen: EvaluateProgress[] = [];
		await evaluate(engine, join(pictures, "wood"), {
			systems: ["musc"],
			onProgress: (each) => {
				seen.push(each);
			},
		});
		expect(seen.map(({ done, total }) => [done, total]).at(-1)).toEqual([5, 5]);
	});

	test("titles that objects have of their own", async () => {
		const titles = ["__proto__", "constructor", "toString"];
		const found = await evaluate(engine, join(pictures, "wood"), {
			systems: titles.map((title, i) => ({ title, scales: [2 + i] })),
			report: join(temporaryFolder(), "report"),
		});
		const { mean, categories } = found.datasets[0]!;
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

	test("several datasets, own prompts, progress to the end", async () => {
		const seen: EvaluateProgress[] = [];
		const prompts = {
			wood: { normal: ["smooth clean wood"], abnormal: ["wood with a hole"] },
		};
		const found = await evaluate(
			engine,
			[join(pictures, "wood"), join(pictures, "cookie")],
			{
				prompts,
				onProgress: (each) => {
					seen.push(each);
				},
			},
		);
		expect(found.datasets.map(({ name }) => name)).toEqual(["wood", "cookie"]);
		const last = seen.filter(({ phase }) => phase === "images").at(-1)!;
		expect(last).toMatchObject({
			done: 10,
			total: 10,
			dataset: "cookie",
			left: 0,
		});
		const without = await evaluate(engine, join(pictures, "wood"));
		expect(found.datasets[0]!.mean["alfa"]!.pro.mean).not.toBe(
			without.datasets[0]!.mean["alfa"]!.pro.mean,
		);
	});
});
