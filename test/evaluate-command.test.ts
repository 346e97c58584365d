// The command alfa evaluate: its output, its exit status, and runs that are interrupted.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as after } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { runAlfa } from "./support/child.js";
import { temporaryFolder } from "./support/folder.js";
import { command, root } from "./support/paths.js";

const demoImages = join(root, "demo", "pictures");
const newReport = () => join(temporaryFolder(), "report");

test("prints the tables, describes the dataset, and writes the report", async () => {
	const report = newReport();
	const { code, stdout, stderr } = await runAlfa([
		"evaluate",
		demoImages,
		"--recipe",
		"alfa,patchcore",
		"--shots",
		"0,2",
		"--seeds",
		"2",
		"--report",
		report,
	]);
	expect(code).toBe(0);
	expect(stderr).toMatch(
		/pictures: MVTec AD's layout, 4 categories, 20 test images \(8 good, 12 defective, 12 masks\)/,
	);
	expect(stderr).toMatch(/24 normal images for references/);
	expect(stderr).toMatch(/wood: 100 %/);
	expect(stdout).toMatch(/^alfa\s+\d+\.\d\s/m);
	expect(stdout).toMatch(/^patchcore 2-shot\s+\d+\.\d ±\d+\.\d/m);
	expect(stdout).toMatch(/^hex_nut\s/m);
	for (const name of [
		"index.html",
		"results.json",
		"results.csv",
		"images.jsonl",
		"run.json",
	])
		expect(existsSync(join(report, name)), name).toBe(true);
});

test("prints the content of results.json with --json, and reads systems from a file", async () => {
	const report = newReport(),
		systems = join(temporaryFolder(), "systems.json");
	writeFileSync(
		systems,
		JSON.stringify([
			{ title: "two windows", scales: [2] },
			{ title: "no aligner", aligner: "off" },
		]),
	);
	const { code, stdout } = await runAlfa([
		"evaluate",
		join(demoImages, "wood"),
		"--systems",
		systems,
		"--report",
		report,
		"--json",
	]);
	expect(code).toBe(0);
	expect(JSON.parse(stdout)).toEqual(
		JSON.parse(readFileSync(join(report, "results.json"), "utf8")),
	);
	expect(
		JSON.parse(stdout).variants.map(({ id }: { id: string }) => id),
	).toEqual(["two windows", "no aligner"]);
});

test.each([
	[["--recipe", "alfa,winclap"], 2, /winclap/],
	[["--ablate", "everything"], 2, /everything/],
	[["--shots", "1,x"], 2, /whole number/],
	[["--class", "wod"], 2, /did you mean 'wood'/],
	[["--max-fpr", "2"], 2, /at most 1/],
	[["--recipe", "patchcore"], 2, /shots/],
	[["--prompt-sets", "/nowhere"], 2, /cannot be read/],
	[["--systems", "/nowhere"], 2, /cannot be read/],
	[["--layout", "visa"], 1, /split_csv/],
	[["--model", "nowhere"], 1, /'nowhere' was not found/],
] as const)("%j exits %d", async (args, status, message) => {
	const { code, stderr, stdout } = await runAlfa([
		"evaluate",
		demoImages,
		...args,
		"--report",
		newReport(),
	]);
	expect(code).toBe(status);
	expect(stderr).toMatch(message);
	expect(stdout).toBe("");
});

describe("an interrupted run", () => {
	/** Evaluates a dataset of 45 images and sends the signal after some of them. */
	async function evaluateAndStop(signal: NodeJS.Signals): Promise<{
		dataset: string;
		report: string;
		code: number | null;
		stderr: string;
	}> {
		const dataset = join(temporaryFolder(), "set"),
			report = newReport();
		cpSync(join(demoImages, "wood"), join(dataset, "wood"), {
			recursive: true,
		});
		for (let i = 0; i < 40; i++)
			cpSync(
				join(dataset, "wood", "test", "good", "00.jpg"),
				join(dataset, "wood", "test", "good", `more-${i}.jpg`),
			);
		const child = spawn(
			process.execPath,
			[command, "evaluate", dataset, "--ablate", "aligner", "--report", report],
			{ stdio: ["ignore", "ignore", "pipe"] },
		);
		let stderr = "";
		child.stderr.setEncoding("utf8").on("data", (text: string) => {
			stderr += text;
		});
		const journal = join(report, "images.jsonl");
		const lines = () =>
			existsSync(journal)
				? readFileSync(journal, "utf8").split("\n").length
				: 0;
		while (lines() < 8 && child.exitCode === null) await after(10);
		child.kill(signal);
		const [code] = (await once(child, "close")) as [number | null];
		expect(existsSync(join(report, "results.json"))).toBe(false);
		return { dataset, report, code, stderr };
	}

	test("says after Ctrl-C how to continue, and continues", async () => {
		const { dataset, report, code, stderr } = await evaluateAndStop("SIGINT");
		expect(code).toBe(1);
		expect(stderr).toMatch(/--resume continues/);
		const before = readFileSync(join(report, "images.jsonl"), "utf8");
		expect(before.endsWith("\n")).toBe(true);
		const again = await runAlfa([
			"evaluate",
			dataset,
			"--ablate",
			"aligner",
			"--report",
			report,
		]);
		expect(again).toMatchObject({
			code: 1,
			stderr: expect.stringMatching(/unfinished run; set resume to continue/),
		});
		const { code: end } = await runAlfa([
			"evaluate",
			dataset,
			"--ablate",
			"aligner",
			"--report",
			report,
			"--resume",
		]);
		expect(end).toBe(0);
		expect(
			readFileSync(join(report, "images.jsonl"), "utf8").startsWith(before),
		).toBe(true);
	});

	test("loses at most one image if it is killed", async () => {
		const { dataset, report } = await evaluateAndStop("SIGKILL");
		const before = readFileSync(join(report, "images.jsonl"), "utf8");
		const completeLines = before.slice(0, before.lastIndexOf("\n") + 1);
		const { code } = await runAlfa([
			"evaluate",
			dataset,
			"--ablate",
			"aligner",
			"--report",
			report,
			"--resume",
		]);
		expect(code).toBe(0);
		expect(
			readFileSync(join(report, "images.jsonl"), "utf8").startsWith(
				completeLines,
			),
		).toBe(true);
	});
});
