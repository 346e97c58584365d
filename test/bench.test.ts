// alfa bench and the programs in bench/. The limits are wide enough for a busy machine.
import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { Engine } from "../dist/index.js";
import { runAlfa, runNode, success } from "./support/child.js";
import { root } from "./support/paths.js";

const isRising = ({
	p50,
	p90,
	p99,
}: {
	p50: number;
	p90: number;
	p99: number;
}) => 0 <= p50 && p50 <= p90 && p90 <= p99;

describe("alfa bench", () => {
	test("prints its measurements, the machine and the model with --json", async () => {
		const result = await runAlfa([
			"bench",
			"--model",
			"demo",
			"--runs",
			"3",
			"--json",
		]);
		expect(result).toMatchObject({
			...success,
			stderr: expect.stringContaining("3 detections"),
		});
		const {
			machine,
			info,
			recipe,
			scales,
			open,
			category,
			first,
			warm,
			throughput,
			eventLoopGap,
			memory,
		} = JSON.parse(result.stdout);
		expect(machine).toContain(process.versions.node);
		expect(info).toMatchObject({ model: "demo", device: "cpu", imageSize: 96 });
		expect({ recipe, scales }).toEqual({ recipe: "alfa", scales: [2, 3] });
		for (const ms of [open, category, first, eventLoopGap])
			expect(ms).toBeGreaterThan(0);
		expect(Object.keys(warm)).toEqual([
			"resize",
			"forward",
			"score",
			"rest",
			"total",
		]);
		for (const stage of Object.values(warm) as {
			p50: number;
			p90: number;
			p99: number;
			count: number;
		}[]) {
			expect(isRising(stage), JSON.stringify(stage)).toBe(true);
			expect(stage.count).toBe(3);
		}
		expect(warm.forward.p50).toBeLessThanOrEqual(warm.total.p99);
		expect(Object.keys(throughput)).toEqual(["1", "2", "4", "8"]);
		for (const rate of Object.values(throughput))
			expect(rate).toBeGreaterThan(0.1);
		expect(memory.rss).toBeGreaterThan(20);
		expect(memory.peak).toBeGreaterThan(0.99 * memory.rss);
	});

	test("prints a table, and supports --recipe and --scales", async () => {
		const result = await runAlfa([
			"bench",
			"--runs",
			"1",
			"--recipe",
			"patchcore",
		]);
		expect(result).toMatchObject({ ...success, stderr: expect.any(String) });
		expect(result.stdout).toMatch(
			/recipe patchcore, scales none[\s\S]*forward +[\d.]+ +[\d.]+ +[\d.]+[\s\S]*images per second/,
		);
		const other = await runAlfa([
			"bench",
			"--runs",
			"1",
			"--scales",
			"4",
			"--json",
		]);
		expect(JSON.parse(other.stdout).scales).toEqual([4]);
	});

	test.each([
		[["--runs", "0"], /whole number/],
		[["--runs", "many"], /whole number/],
		[["--recipe", "musc"], /Allowed choices/],
		[["--scales", "a"], /numbers/],
		[["--scales", "99"], /scales/],
		[["--fast"], /unknown option/],
		[["extra"], /too many arguments/],
	] as const)("rejects %j", async (flags, message) => {
		const result = await runAlfa(["bench", ...flags]);
		expect(result).toMatchObject({ code: 2, stdout: "" });
		expect(result.stderr).toMatch(message);
	});

	test("reports a missing model", async () => {
		const result = await runAlfa(["bench", "--model", "nowhere/at/all"]);
		expect(result).toMatchObject({ code: 1, stdout: "" });
		expect(result.stderr).toContain("ERR_ALFA_MODEL_NOT_FOUND");
	});
});

describe("bench/", () => {
	test("bench/run.mjs runs the given sections", async () => {
		const result = await runNode([
			join(root, "bench", "run.mjs"),
			"detect",
			"memory",
			"--runs",
			"1",
			"--detections",
			"5",
			"--json",
		]);
		expect(result).toMatchObject(success);
		const results = JSON.parse(result.stdout);
		expect(Object.keys(results)).toEqual([
			"machine",
			"date",
			"model",
			"detect",
			"memory",
		]);
		expect(results.memory).toMatchObject({
			before: expect.any(Number),
			growth: expect.any(Number),
		});
		expect(
			(await runNode([join(root, "bench", "run.mjs"), "nothing"])).stderr,
		).toContain("no section 'nothing'");
	});

	// It writes 830 MB. The test only opens the checkpoint, because a detection would take long.
	test("bench/random-checkpoint.mjs writes a checkpoint of full size", async () => {
		const folder = mkdtempSync(join(tmpdir(), "alfa-full-"));
		try {
			expect(
				await runNode([join(root, "bench", "random-checkpoint.mjs"), folder]),
			).toEqual({ ...success, stdout: `${folder}\n` });
			expect(
				statSync(join(folder, "open_clip_model.safetensors")).size,
			).toBeGreaterThan(8e8);
			expect(
				JSON.parse(readFileSync(join(folder, "tokenizer.json"), "utf8")),
			).toHaveProperty("model");
			const engine = await Engine.open({ model: folder, cache: false });
			expect(engine.info).toMatchObject({
				layout: "open_clip",
				imageSize: 240,
				grid: 15,
				embedDim: 640,
				layers: 12,
				vocabulary: 49408,
			});
			expect(await engine.countTokens("a bottle")).toBeGreaterThan(2);
			await engine.close();
		} finally {
			rmSync(folder, { recursive: true });
		}
	});

	test("bench/peers/peers.mjs skips peers that are not installed, with a message", async () => {
		const result = await runNode([
			join(root, "bench", "peers", "peers.mjs"),
			"--python",
			"no-python-here",
			"--runs",
			"1",
		]);
		expect(result).toMatchObject(success);
		expect(
			result.stdout.match(/skipped, .*no-python-here was not found/g),
		).toHaveLength(3);
		expect(result.stdout).toMatch(/alfa-vad, the whole detection +[\d.]+/);
	});
});
