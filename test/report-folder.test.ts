// The report folder of an evaluation: one run at a time, and a damaged journal never changes a result.
import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import sharp from "sharp";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Engine, evaluate } from "../dist/index.js";
import { runScript } from "./support/child.js";
import { temporaryFolder } from "./support/folder.js";
import { noise } from "./support/images.js";
import { mutations } from "./support/mutations.js";
import { tinyModel } from "./support/paths.js";

let engine: Engine;
let root: string;
beforeAll(async () => {
	engine = await Engine.open({ model: tinyModel });
	root = join(temporaryFolder(), "nut");
	for (const [kind, first] of [
		["good", 1],
		["bent", 3],
	] as const) {
		mkdirSync(join(root, kind), { recursive: true });
		for (const i of [0, 1]) {
			const raw = { width: 48, height: 48, channels: 3 as const };
			await sharp(noise(48, 48, first + i), { raw })
				.png()
				.toFile(join(root, kind, `${i}.png`));
		}
	}
});
afterAll(() => engine.close());

const journalOf = (report: string) => join(report, "images.jsonl");
const readText = (report: string, name: string) =>
	readFileSync(join(report, name), "utf8");

/** Evaluates into each folder in turn, at times that are the same in all processes. Prints the codes of the errors. */
const manyRuns = (folders: readonly string[]) => `
	const { evaluate } = await import(${JSON.stringify(new URL("../dist/index.js", import.meta.url).href)})
	const engine = await Engine.open({ model })
	const codes = []
	for (const report of ${JSON.stringify(folders)}) {
		while (Date.now() % 50 !== 0);
		codes.push(await evaluate(engine, ${JSON.stringify(root)}, { report }).then(
			() => 'done',
			(error) => error.code + ' ' + error.message,
		))
	}
	await engine.close()
	console.log(JSON.stringify(codes))
`;

test("two processes that evaluate into one folder never run at the same time", async () => {
	const folders = Array.from({ length: 6 }, () => temporaryFolder());
	// Some folders have the lock of a process that has ended.
	const { pid } = spawnSync(process.execPath, ["-e", ""]);
	for (const folder of folders.slice(3))
		writeFileSync(
			join(folder, ".lock"),
			JSON.stringify({ host: hostname(), pid }),
		);
	const outputs = await Promise.all(
		[1, 2].map(() => runScript(manyRuns(folders), { limit: 200_000 })),
	);
	for (const { stderr, code } of outputs)
		expect({ stderr, code }).toEqual({ stderr: "", code: 0 });
	const [first, second] = outputs.map(
		({ stdout }) => JSON.parse(stdout) as string[],
	) as [string[], string[]];
	const complete = temporaryFolder();
	await evaluate(engine, root, { report: complete });
	for (const [i, report] of folders.entries()) {
		const outcomes = [first[i]!, second[i]!];
		expect(outcomes).toContain("done");
		for (const outcome of outcomes)
			expect(outcome).toMatch(/^done$|^ERR_ALFA_EVALUATION Another run/);
		for (const name of ["images.jsonl", "results.json"])
			expect(readText(report, name)).toBe(readText(complete, name));
	}
}, 240_000);

test("after a random change of the journal, a resumed run has the same results or a named error", async () => {
	const report = temporaryFolder();
	const { datasets: expected } = await evaluate(engine, root, { report });
	const journal = readFileSync(journalOf(report));
	let damaged = 0;
	for (const content of mutations(journal, 30, 7)) {
		writeFileSync(journalOf(report), content);
		rmSync(join(report, "results.json"), { force: true });
		try {
			const { datasets } = await evaluate(engine, root, {
				report,
				resume: true,
			});
			const [{ problems, ...rest }] = datasets as [(typeof datasets)[0]];
			const [{ problems: before, ...original }] = expected as [
				(typeof expected)[0],
			];
			expect(rest).toEqual(original);
			const added = problems.filter(({ kind }) => kind === "damaged-journal");
			expect(problems).toHaveLength(before.length + added.length);
			damaged += Math.sign(added.length);
		} catch (error) {
			expect(error).toMatchObject({ code: "ERR_ALFA_EVALUATION" });
		}
	}
	expect(damaged).toBeGreaterThan(5);
}, 240_000);

test("the report says which lines of the journal were damaged", async () => {
	const report = temporaryFolder();
	await evaluate(engine, root, { report });
	const lines = readText(report, "images.jsonl").split("\n");
	lines[2] = lines[2]!.replace('"score":', '"score":1');
	lines[4] = "{}";
	writeFileSync(journalOf(report), lines.join("\n"));
	rmSync(join(report, "results.json"));
	const { datasets } = await evaluate(engine, root, { report, resume: true });
	const { problems } = datasets[0]!;
	expect(problems.filter(({ kind }) => kind === "damaged-journal")).toEqual([
		{
			kind: "damaged-journal",
			category: "nut",
			where: "bent/1.png",
			message: expect.stringMatching(
				/^Line 3 .*bent\/1.png was measured again/,
			),
		},
		{
			kind: "damaged-journal",
			category: "",
			where: "images.jsonl",
			message: expect.stringContaining("damaged lines (5)"),
		},
	]);
	expect(readText(report, "index.html")).toContain("Damaged lines");
});

test("a journal of an earlier version, without checksums, is refused unless it is overwritten", async () => {
	const report = temporaryFolder();
	const { datasets } = await evaluate(engine, root, { report });
	const old = readText(report, "images.jsonl").replace(
		/,"sha256":"[0-9a-f]{16}"/g,
		"",
	);
	writeFileSync(journalOf(report), old);
	rmSync(join(report, "results.json"));
	await expect(
		evaluate(engine, root, { report, resume: true }),
	).rejects.toMatchObject({
		code: "ERR_ALFA_EVALUATION",
		message: expect.stringMatching(/another version.*overwrite/),
	});
	expect(readText(report, "images.jsonl")).toBe(old);
	const again = await evaluate(engine, root, { report, overwrite: true });
	expect(again.datasets).toEqual(datasets);
});
