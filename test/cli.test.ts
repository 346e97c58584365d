// The command alfa: results on stdout, everything else on stderr, and the exit status.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import sharp from "sharp";
import { beforeAll, describe, expect, test } from "vitest";
import { runAlfa, success } from "./support/child.js";
import { temporaryFolder } from "./support/folder.js";
import { scene } from "./support/images.js";
import { command, packaged, tinyModel } from "./support/paths.js";

let folder: string;
let image: string;
beforeAll(async () => {
	folder = temporaryFolder();
	image = join(folder, "image.png");
	writeFileSync(
		image,
		await sharp(scene(60, 40, 7), {
			raw: { width: 60, height: 40, channels: 3 },
		})
			.png()
			.toBuffer(),
	);
});
const detect = (...rest: string[]) =>
	runAlfa(["detect", ...rest, "--class", "widget", "--model", tinyModel]);
const escapes = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/;

describe("alfa detect", () => {
	test("prints a row for each image", async () => {
		const result = await detect(image);
		expect(result).toMatchObject(success);
		expect(result.stdout).toMatch(/image\.png\s+[01]\.\d{3}/);
		expect(result.stdout, "colours without a terminal").not.toMatch(escapes);
	});

	test("prints one JSON document with --json, and writes a PNG for each image with --out", async () => {
		const out = join(folder, "out", "here");
		const result = await detect(
			image,
			image,
			"--json",
			"--out",
			out,
			"--threshold",
			"0.5",
		);
		expect(result).toMatchObject(success);
		const { images } = JSON.parse(result.stdout);
		expect(images).toHaveLength(2);
		for (const { file, score, anomalous, globalScore, overlay } of images) {
			expect(file).toBe(image);
			expect(
				score >= 0 && score <= 1 && globalScore >= 0 && globalScore <= 1,
			).toBe(true);
			expect(anomalous).toBe(score > 0.5);
			expect(await sharp(overlay).metadata()).toMatchObject({
				format: "png",
				width: 60,
				height: 40,
			});
		}
		expect(readdirSync(out)).toHaveLength(2);
	});

	test("supports --references, --rotate and --tile", async () => {
		const good = join(folder, "good");
		mkdirSync(good, { recursive: true });
		for (const seed of [1, 2])
			writeFileSync(
				join(good, `${seed}.png`),
				await sharp(scene(48, 48, seed), {
					raw: { width: 48, height: 48, channels: 3 },
				})
					.png()
					.toBuffer(),
			);
		const scores = [];
		for (const flags of [
			[],
			["--references", good],
			["--references", good, "--rotate", "--tile", "40,10"],
			["--recipe", "patchcore", "--references", good],
		]) {
			const result = await detect(image, "--json", ...flags);
			expect(result).toMatchObject(success);
			scores.push(JSON.parse(result.stdout).images[0].score);
		}
		expect(new Set(scores).size).toBe(4);
	});

	test("supports recipes whose images judge each other", async () => {
		const result = await detect(
			image,
			join(folder, "good", "1.png"),
			join(folder, "good", "2.png"),
			"--recipe",
			"musc",
			"--json",
		);
		expect(result).toMatchObject(success);
		expect(
			JSON.parse(result.stdout).images.map(
				({ score }: { score: number }) => score > 0 && score < 1,
			),
		).toEqual([true, true, true]);
	});

	test.each([
		[["--references", "nowhere"], 1, /nowhere is not a folder/],
		[["--tile", "big"], 2, /numbers/],
		[["--tile", "40,40"], 2, /overlap/],
		[["--recipe", "patchcore"], 2, /references/],
		[["--recipe", "musc"], 2, /at least 2/],
	] as const)("rejects %j", async (flags, code, message) => {
		const result = await detect(image, ...flags);
		expect(result).toMatchObject({
			code,
			stdout: expect.not.stringMatching(/image\.png\s+[01]\./),
		});
		expect(result.stderr).toMatch(message);
	});

	test("reports an image that fails, detects the others, and exits with 1", async () => {
		const result = await detect(
			image,
			join(folder, "missing.png"),
			image,
			"--json",
		);
		expect(result).toMatchObject({ code: 1, signal: null, timedOut: false });
		expect(result.stderr).toContain("missing.png");
		const { images } = JSON.parse(result.stdout);
		expect(images.map(({ score }: { score?: number }) => typeof score)).toEqual(
			["number", "undefined", "number"],
		);
		expect(images[1].error.code).toBe("ERR_ALFA_IMAGE");
	});

	test.skipIf(process.platform === "win32")(
		"escapes control characters in file names",
		async () => {
			const damaged = join(folder, "damaged\u001b[31m\u0007\u009b2J\r.png");
			writeFileSync(damaged, "not an image");
			const good = join(folder, "good\u001b]0;title\u0007.png");
			writeFileSync(good, await sharp(image).toBuffer());
			const result = await detect(
				damaged,
				good,
				"--out",
				join(folder, "out\u001b[2J"),
			);
			expect(result.code).toBe(1);
			expect(result.stderr).toContain("damaged");
			expect(result.stdout).toContain("good");
			expect(result.stdout).not.toMatch(escapes);
			expect(result.stderr).not.toMatch(escapes);
		},
	);

	test("prefers NO_COLOR to FORCE_COLOR", async () => {
		const result = await runAlfa(
			["detect", image, "--class", "widget", "--model", tinyModel],
			{ env: { NO_COLOR: "1", FORCE_COLOR: "1" } },
		);
		expect(result.stdout).not.toMatch(escapes);
	});

	test("writes no overlays for a recipe without a map", async () => {
		const out = join(folder, "none");
		const result = await detect(image, "--recipe", "clip-ac", "--out", out);
		expect(result.code).toBe(0);
		expect(existsSync(out) ? readdirSync(out) : []).toEqual([]);
		expect(result.stdout).not.toContain("The overlays are in");
	});

	test("does not fail if the reader of its output ends early", async () => {
		const child = spawn(process.execPath, [
			command,
			"detect",
			...Array(40).fill(image),
			"--class",
			"widget",
			"--model",
			tinyModel,
		]);
		let stderr = "";
		child.stderr.setEncoding("utf8").on("data", (text: string) => {
			stderr += text;
		});
		child.stdout.once("data", () => child.stdout.destroy());
		const [code] = await once(child, "exit");
		expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
	});
});

describe("wrong usage ends with exit status 2 and a message on stderr", () => {
	test.each([
		[["detekt"], /detect/],
		[["detect", "--class", "widget"], /images/],
		[["detect", "a.png"], /--class/],
		[["detect", "a.png", "--class", "widget", "--recip", "alfa"], /--recipe/],
		[["detect", "a.png", "--class", "widget", "--recipe", "alpha"], /alfa/],
		[["detect", "a.png", "--class", "widget", "--scales", "two"], /scales/],
		[["detect", "a.png", "--class", "widget", "--threshold", "7"], /threshold/],
		[["detect", "a.png", "--class", " ", "--model", tinyModel], /class name/],
		[
			[
				"detect",
				"a.png",
				"--class",
				"widget",
				"--model",
				tinyModel,
				"--scales",
				"99",
			],
			/scales/,
		],
		[["detect", "a.png", "--class", "widget", "--range", "1,0"], /range/],
	] as [string[], RegExp][])("alfa %j", async (args, message) => {
		const result = await runAlfa(args);
		expect(result).toMatchObject({
			code: 2,
			signal: null,
			stdout: "",
			timedOut: false,
		});
		expect(result.stderr).toMatch(message);
	});
	test("alfa without arguments prints its help", async () => {
		const result = await runAlfa([]);
		expect(`${result.stdout}${result.stderr}`).toContain("Usage: alfa");
	});
});

test("a missing model ends with exit status 1", async () => {
	const result = await runAlfa([
		"detect",
		image,
		"--class",
		"widget",
		"--model",
		join(folder, "no-model"),
	]);
	expect(result).toMatchObject({ code: 1, stdout: "", timedOut: false });
	expect(result.stderr).toMatch(/no-model.*ERR_ALFA_MODEL_NOT_FOUND/);
});

test("alfa models info and alfa doctor print JSON", async () => {
	const info = await runAlfa(["models", "info", tinyModel, "--json"]);
	expect(info).toMatchObject(success);
	expect(JSON.parse(info.stdout)).toMatchObject({
		device: "cpu",
		imageSize: 48,
	});
	const doctor = await runAlfa(["doctor", "--json"]);
	expect(JSON.parse(doctor.stdout)).toContainEqual(
		expect.objectContaining({ part: "addon", ok: true }),
	);
});

describe("alfa demo", () => {
	test("detects every demo image and writes its overlay", async ({ skip }) => {
		packaged("models/demo/open_clip_model.safetensors", skip);
		const demoImages = packaged("demo/pictures", skip);
		const out = join(folder, "demo");
		const result = await runAlfa(["demo", "--out", out, "--json"], {
			limit: 170_000,
		});
		expect(result).toMatchObject({ code: 0, signal: null, timedOut: false });
		const report = JSON.parse(result.stdout);
		const files = (
			readdirSync(demoImages, { recursive: true }) as string[]
		).filter((name) => /test.*\.(png|jpg)$/.test(name));
		expect(report.pictures).toHaveLength(files.length);
		for (const { overlay, score } of report.pictures) {
			expect(score >= 0 && score <= 1).toBe(true);
			expect(existsSync(overlay)).toBe(true);
		}
		// Measured: 0.708 (mean over four classes with five images each). Random scores give 0.5.
		expect(report.auroc).toBeGreaterThan(0.6);
	}, 180_000);
});
