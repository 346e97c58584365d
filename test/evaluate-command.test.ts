// alfa evaluate: tables on stdout, the data and the progress on stderr, and a run that Ctrl-C or a kill ends goes on.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as after } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { alfa } from "./support/child.js";
import { temporaryFolder } from "./support/folder.js";
import { command, root } from "./support/paths.js";

const pictures = join(root, "demo", "pictures");
const fresh = () => join(temporaryFolder(), "report");

test("prints the tables, says what it found, and writes the report", async () => {
	const report = fresh();
	const { code, stdout, stderr } = await alfa([
		"evaluate",
		pictures,
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
		/pictures: MVTec AD's layout, 4 categories, 20 test images \(8 good, 12 defective, 12 masks\), 24 normal ones/,
	);
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

test("--json is the content of results.json; systems from a file", async () => {
	const report = fresh(),
		systems = join(temporaryFolder(), "systems.json");
	writeFileSync(
		systems,
		JSON.stringify([
			{ title: "two windows", scales: [2] },
			{ title: "no aligner", aligner: "off" },
		]),
	);
	const { code, stdout } = await alfa([
		"evaluate",
		join(pictures, "wood"),
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
	[["--model", "nowhere"], 1, /no model/],
] as const)("%j exits %d", async (args, status, says) => {
	const { code, stderr, stdout } = await alfa([
		"evaluate",
		pictures,
		...args,
		"--report",
		fresh(),
	]);
	expect(code).toBe(status);
	expect(stderr).toMatch(says);
	expect(stdout).toBe("");
});

describe("stopped by", () => {
	/** A dataset that takes a while, and a run of it that got `signal` once some images were done. */
	async function stopped(signal: NodeJS.Signals): Promise<{
		set: string;
		report: string;
		code: number | null;
		stderr: string;
	}> {
		const set = join(temporaryFolder(), "set"),
			report = fresh();
		cpSync(join(pictures, "wood"), join(set, "wood"), { recursive: true });
		for (let i = 0; i < 40; i++)
			cpSync(
				join(set, "wood", "test", "good", "00.jpg"),
				join(set, "wood", "test", "good", `more-${i}.jpg`),
			);
		const child = spawn(
			process.execPath,
			[command, "evaluate", set, "--ablate", "aligner", "--report", report],
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
		return { set, report, code, stderr };
	}

	test("Ctrl-C, says how to go on, and does", async () => {
		const { set, report, code, stderr } = await stopped("SIGINT");
		expect(code).toBe(1);
		expect(stderr).toMatch(/--resume goes on/);
		const before = readFileSync(join(report, "images.jsonl"), "utf8");
		expect(before.endsWith("\n")).toBe(true);
		const again = await alfa([
			"evaluate",
			set,
			"--ablate",
			"aligner",
			"--report",
			report,
		]);
		expect(again).toMatchObject({
			code: 1,
			stderr: expect.stringMatching(/resume goes on with it/),
		});
		const { code: end } = await alfa([
			"evaluate",
			set,
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

	test("a kill loses an image at most", async () => {
		const { set, report } = await stopped("SIGKILL");
		const before = readFileSync(join(report, "images.jsonl"), "utf8");
		const whole = before.slice(0, before.lastIndexOf("\n") + 1);
		const { code } = await alfa([
			"evaluate",
			set,
			"--ablate",
			"aligner",
			"--report",
			report,
			"--resume",
		]);
		expect(code).toBe(0);
		expect(
			readFileSync(join(report, "images.jsonl"), "utf8").startsWith(whole),
		).toBe(true);
	});
});
