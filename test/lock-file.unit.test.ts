// lockFile: of several processes that start at the same time, exactly one gets the lock.
import { spawn, spawnSync } from "node:child_process";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { LockHeldError, lockFile } from "../dist/util/lock-file.js";
import { runNode } from "./support/child.js";
import { temporaryFolder } from "./support/folder.js";
import { root } from "./support/paths.js";

const lockModule = JSON.stringify(join(root, "dist", "util", "lock-file.js"));
const processes = 4;

/** Runs the text of a module in several processes at the same time and returns what they print. */
async function runInParallel(text: string): Promise<string[]> {
	const results = await Promise.all(
		Array.from({ length: processes }, () =>
			runNode(["--input-type=module", "-e", text], { limit: 200_000 }),
		),
	);
	for (const { stderr, code } of results)
		expect({ stderr, code }).toEqual({ stderr: "", code: 0 });
	return results.map(({ stdout }) => stdout);
}

/** The lock of a process that has ended. */
function staleLock(): string {
	const { pid } = spawnSync(process.execPath, ["-e", ""]);
	return JSON.stringify({ host: hostname(), pid, token: "stale" });
}

/**
 * One round: wait for a common start, lock, keep the lock. Prints the numbers of the rounds that this process won, and
 * ends when all processes have finished all rounds.
 */
const manyRounds = (folder: string, rounds: number, finished: string) => `
	import { readdirSync, writeFileSync } from 'node:fs'
	import { lockFile } from ${lockModule}
	const won = []
	for (let round = 0; round < ${rounds}; round++) {
		while (Date.now() % 10 !== 0);
		try {
			await lockFile(${JSON.stringify(folder)} + '/' + round)
			won.push(round)
		} catch (error) {
			if (error.constructor.name !== 'LockHeldError') throw error
		}
	}
	console.log(JSON.stringify(won))
	writeFileSync(${JSON.stringify(finished)} + '/' + process.pid, '')
	while (readdirSync(${JSON.stringify(finished)}).length < ${processes})
		await new Promise((resolve) => setTimeout(resolve, 20))
`;

test.each(["free", "stale"])(
	"exactly one of several processes gets a lock that is %s, in each of 300 rounds",
	async (state) => {
		const folder = temporaryFolder();
		const rounds = 300;
		const stale = staleLock();
		if (state === "stale")
			for (let round = 0; round < rounds; round++)
				writeFileSync(join(folder, String(round)), stale);
		const outputs = await runInParallel(
			manyRounds(folder, rounds, temporaryFolder()),
		);
		const winners = outputs.flatMap((text) => JSON.parse(text) as number[]);
		expect(winners.sort((a, b) => a - b)).toEqual(
			Array.from({ length: rounds }, (_, round) => round),
		);
		// Nothing but the locks is left.
		expect(readdirSync(folder).length).toBe(rounds);
	},
	240_000,
);

test("processes that lock and unlock one file in turn are never in it together", async () => {
	const folder = temporaryFolder();
	const file = JSON.stringify(join(folder, "lock"));
	const outputs = await runInParallel(`
		import { rm, writeFile } from 'node:fs/promises'
		import { lockFile } from ${lockModule}
		let count = 0
		for (const end = Date.now() + 3000; Date.now() < end; ) {
			try {
				const unlock = await lockFile(${file})
				await writeFile(${file} + '.inside', '', { flag: 'wx' })
				await rm(${file} + '.inside')
				await unlock()
				count++
			} catch (error) {
				if (error.constructor.name !== 'LockHeldError') throw error
			}
		}
		console.log(count)
	`);
	const total = outputs.reduce((sum, text) => sum + Number(text), 0);
	expect(total).toBeGreaterThan(0);
	expect(readdirSync(folder)).toEqual([]);
});

test("a lock whose process was killed is free, also while its breaker was killed", async () => {
	const folder = temporaryFolder();
	const file = join(folder, "lock");
	const child = spawn(process.execPath, [
		"--input-type=module",
		"-e",
		`import { lockFile } from ${lockModule}
		await lockFile(${JSON.stringify(file)})
		await lockFile(${JSON.stringify(`${file}.break`)})
		console.log('locked')
		setInterval(() => {}, 1000)`,
	]);
	await new Promise((resolve) => child.stdout.once("data", resolve));
	await expect(lockFile(file)).rejects.toThrow(LockHeldError);
	await expect(lockFile(file)).rejects.toMatchObject({
		holder: `process ${child.pid}`,
	});
	child.kill("SIGKILL");
	await new Promise((resolve) => child.once("close", resolve));
	const unlock = await lockFile(file);
	await unlock();
	expect(readdirSync(folder)).toEqual([]);
});

test("a later process with the same id does not keep the lock", async () => {
	const file = join(temporaryFolder(), "lock");
	const unlock = await lockFile(file);
	await expect(lockFile(file)).rejects.toThrow(LockHeldError);
	const content = JSON.parse(readFileSync(file, "utf8"));
	await unlock();
	if (content.started === undefined) return; // Only Linux tells when a process started.
	writeFileSync(file, JSON.stringify({ ...content, started: "boot 1" }));
	await (await lockFile(file))();
});

test("a lock of another host or container counts as held", async () => {
	const file = join(temporaryFolder(), "lock");
	writeFileSync(file, JSON.stringify({ host: "elsewhere", pid: 1 }));
	await expect(lockFile(file)).rejects.toMatchObject({
		holder: "process 1 on the host elsewhere",
	});
	if (process.platform !== "linux") return;
	writeFileSync(
		file,
		JSON.stringify({ host: hostname(), pid: 1, namespace: "pid:[1]" }),
	);
	await expect(lockFile(file)).rejects.toMatchObject({
		holder: "process 1 in another container",
	});
});

test("unlocking leaves the lock of another process", async () => {
	const file = join(temporaryFolder(), "lock");
	const unlock = await lockFile(file);
	const other = JSON.stringify({ host: hostname(), pid: 1, token: "other" });
	writeFileSync(file, other);
	await unlock();
	expect(readFileSync(file, "utf8")).toBe(other);
});
