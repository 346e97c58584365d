// The journal of an evaluation: a damaged line never becomes a result.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { Journal } from "../dist/evaluate/journal.js";
import type { JournalEntry } from "../dist/evaluate/journal-line.js";
import { serializeEntry } from "../dist/evaluate/journal-line.js";
import { expectError } from "./support/errors.js";
import { temporaryFolder } from "./support/folder.js";
import { mutations } from "./support/mutations.js";

const run = "a".repeat(64);
const systems = ["alfa", "winclip"];
const map = Buffer.from(new Float32Array([0.1, 0.9, 0.3, 0.4]).buffer);
const detection = (score: number) => ({
	score,
	global: score / 2,
	local: 0.9,
	kept: [3, 2] as const,
	of: [4, 4] as const,
	ambiguous: false,
	reasons: [["a scratch", 0.25]] as const,
	map: { width: 2, height: 2, data: map.toString("base64") },
});
const entries: JournalEntry[] = Array.from({ length: 8 }, (_, i) => ({
	dataset: "set",
	category: i < 4 ? "nut" : "größe\u2028",
	image: `${i}.png`,
	size: [20 + i, 30],
	looks: Object.fromEntries(
		systems.map((id, j) => [id, detection(0.1 * i + 0.01 * j)]),
	),
}));

let file: string;
let complete: Buffer;
beforeAll(async () => {
	file = join(temporaryFolder(), "images.jsonl");
	await using journal = await Journal.open(file, run, false);
	for (const entry of entries) await journal.add(entry);
	complete = readFileSync(file);
});
const open = (content: string | Uint8Array) => {
	writeFileSync(file, content);
	return Journal.open(file, run, true);
};
/** Opens a journal with this content. Every entry that it still has must be one of the original entries. */
const openAndCompare = async (content: Uint8Array) => {
	await using journal = await open(content);
	let missing = 0;
	for (const entry of entries) {
		const found = await journal.get(entry);
		if (found) expect(found).toMatchObject(entry);
		expect(journal.has(entry, systems)).toBe(found !== undefined);
		if (!found) missing++;
	}
	return {
		missing,
		damagedLines: journal.damagedLines.map(({ line }) => line),
	};
};

test("gives back what was stored", async () => {
	expect(await openAndCompare(complete)).toEqual({
		missing: 0,
		damagedLines: [],
	});
});

test("after 500 random changes of the file, an entry is as it was, or missing", async () => {
	let refused = 0;
	let damaged = 0;
	for (const content of mutations(complete, 500)) {
		try {
			const { missing, damagedLines } = await openAndCompare(content);
			if (missing > 0) damaged++;
			for (const line of damagedLines) expect(line).toBeGreaterThan(0);
		} catch (error) {
			expect(error).toMatchObject({ code: "ERR_ALFA_EVALUATION" });
			refused++;
		}
	}
	expect(damaged).toBeGreaterThan(250);
	expect(refused).toBeLessThan(50);
}, 240_000);

test("lists the numbers of damaged lines, and keeps the others", async () => {
	const lines = complete.toString().split("\n");
	lines[2] = lines[2]!.replace("0.", "1.");
	lines[5] = "";
	expect(await openAndCompare(Buffer.from(lines.join("\n")))).toEqual({
		missing: 2,
		damagedLines: [3, 6],
	});
});

test("continues without its first line, because each line belongs to the run", async () => {
	const text = complete.toString();
	expect(await openAndCompare(Buffer.from(`x${text.slice(1)}`))).toEqual({
		missing: 0,
		damagedLines: [1],
	});
});

describe("a journal is refused", () => {
	test.each([
		["of another run", () => complete.toString().replace(run, "b".repeat(64))],
		["of an earlier version, without checksums", () => `{"run":"${run}"}\n`],
		["that is not a journal", () => "text\n\n"],
	])("%s", async (_, content) => {
		const text = content();
		const isHeaderOnly = text.split("\n").length <= 3;
		const before = isHeaderOnly ? text : `${text.split("\n")[0]}\n`;
		await expectError(
			() => open(before),
			"ERR_ALFA_EVALUATION",
			/another model.*overwrite/,
		);
		expect(readFileSync(file, "utf8")).toBe(before);
	});
});

test("a line of another run is damaged, although its checksum is right", async () => {
	const foreign = serializeEntry(entries[0]!, "another run");
	const content = Buffer.concat([complete, Buffer.from(`${foreign}\n`)]);
	expect(await openAndCompare(content)).toEqual({
		missing: 0,
		damagedLines: [10],
	});
});

test("a line with a right checksum and a wrong schema is damaged", async () => {
	const wrong: object[] = [
		{ looks: { alfa: { score: "high" } } },
		{ looks: { alfa: { score: 0.5, map: { width: 2, height: 2, data: "" } } } },
		{ looks: [1] },
		{ size: [0, 8] },
		{ image: 7 },
		{ error: 5 },
	];
	for (const part of wrong) {
		const line = serializeEntry(
			{ ...entries[0]!, ...part } as JournalEntry,
			run,
		);
		const header = complete.toString().split("\n")[0]!;
		await using journal = await open(`${header}\n${line}\n`);
		expect(journal.damagedLines, line).toMatchObject([{ line: 2 }]);
	}
});

test("an image that failed is tried again", async () => {
	const failed = { dataset: "set", category: "nut", image: "failed.png" };
	const line = serializeEntry({ ...failed, error: "too large" }, run);
	await using journal = await open(`${complete.toString()}${line}\n`);
	expect(journal.has(failed, systems)).toBe(false);
	await journal.add({ ...failed, error: "still too large" });
	expect(journal.has(failed, systems)).toBe(true);
	expect((await journal.get(failed))?.error).toBe("still too large");
});

test("a file that another program changes during the run is an error", async () => {
	await using journal = await open(complete);
	writeFileSync(file, Buffer.alloc(complete.length, "x"));
	await expectError(
		() => journal.get(entries[0]!),
		"ERR_ALFA_EVALUATION",
		/another program/,
	);
});
