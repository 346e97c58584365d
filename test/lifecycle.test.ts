// Complete programs end by themselves with nothing on stderr, whatever the engine was doing.
import { mkdtempSync, readdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { runScript, success } from "./support/child.js";
import { builtPackage } from "./support/paths.js";

const openCategory = `
	const engine = await Engine.open({ model })
	const category = await engine.category('widget', { prompts })
`;
const sleep =
	"const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms))";

/** The process exits with code 0, and prints exactly `stdout`. */
async function expectOutput(
	script: string,
	stdout: string,
	nodeArguments: string[] = [],
): Promise<void> {
	expect(await runScript(script, { nodeArguments })).toEqual({
		...success,
		stdout,
	});
}

describe("a program ends by itself if it", () => {
	test("opens, detects and closes", () =>
		expectOutput(
			`${openCategory} console.log((await category.detect(image)).score > 0); await engine.close()`,
			"true\n",
		));

	test("never closes the engine", () =>
		expectOutput(
			`${openCategory} console.log((await category.detect(image)).score > 0)`,
			"true\n",
		));

	test("only opens an engine", () =>
		expectOutput("await Engine.open({ model })", ""));

	test("does not await the opening", () =>
		expectOutput("Engine.open({ model })", ""));

	test("does not await its detections, which still complete", () =>
		expectOutput(
			`${openCategory} for (let i = 0; i < 3; i++) category.detect(image).then(() => console.log('done'))`,
			"done\n".repeat(3),
		));

	test("leaves a stream before its end", () =>
		expectOutput(
			`
			${openCategory}
			for await (const { score } of category.detectMany(Array(50).fill(image))) {
				console.log(score > 0)
				break
			}
			`,
			"true\n",
		));

	test("closes the engine during detections", () =>
		expectOutput(
			`
			${openCategory}
			const results = Promise.allSettled(Array.from({ length: 20 }, () => category.detect(image)))
			await engine.close()
			const isExpected = ({ status, reason }) => status === 'fulfilled' || reason.code === 'ERR_ALFA_CLOSED'
			console.log((await results).every(isExpected))
			`,
			"true\n",
		));

	test("does not catch an error, which is printed with its code", async () => {
		const result = await runScript(
			`${openCategory} await category.detect('missing.png')`,
		);
		expect(result).toMatchObject({ code: 1, signal: null, timedOut: false });
		expect(result.stderr).toMatch(/AlfaError.*missing\.png/);
		expect(result.stderr).toContain("ERR_ALFA_IMAGE");
	});
});

test("a detection writes no files: no device id, database or log of ONNX Runtime", async () => {
	const home = mkdtempSync(join(tmpdir(), "alfa-home-"));
	const temporary = mkdtempSync(join(tmpdir(), "alfa-temporary-"));
	const result = await runScript(
		`
		const engine = await Engine.open({ model, cache: false })
		const category = await engine.category('widget', { prompts })
		await category.detect(image)
		await engine.close()
		console.log(process.pid)
		`,
		{
			env: {
				HOME: home,
				XDG_CACHE_HOME: join(home, "cache"),
				XDG_CONFIG_HOME: join(home, "config"),
				TMPDIR: temporary,
			},
		},
	);
	expect(result).toMatchObject(success);
	expect(readdirSync(home)).toEqual([]);
	expect(readdirSync(temporary)).toEqual([]);
	const pid = result.stdout.trim();
	const logs = readdirSync(tmpdir()).filter(
		(name) => name.includes(pid) && name.endsWith(".log"),
	);
	expect(logs).toEqual([]);
});

describe("process.exit", () => {
	const whileOpening = [4, 8, 12, 16, 20, 24].map((delay): [string, string] => [
		`${delay} ms after the call of Engine.open`,
		`Engine.open({ model }); setTimeout(() => process.exit(3), ${delay})`,
	]);

	test.each<[string, string]>([
		...whileOpening,
		[
			"in the same turn as Engine.open",
			"Engine.open({ model }); process.exit(3)",
		],
		[
			"during detections",
			`${openCategory}
			for (let i = 0; i < 40; i++) category.detect(image)
			setTimeout(() => process.exit(3), 15)`,
		],
		[
			"in the same turn as a detection",
			`${openCategory} category.detect(image); process.exit(3)`,
		],
		[
			"when a detection resolves",
			`${openCategory} for (let i = 0; i < 40; i++) category.detect(image).then(() => process.exit(3))`,
		],
		[
			"while texts are tokenised",
			`${openCategory}
			engine.embedText(Array.from({ length: 500 }, (_, i) => 'a text of number ' + i))
			setTimeout(() => process.exit(3), 10)`,
		],
		[
			"during close",
			`${openCategory}
			for (let i = 0; i < 20; i++) category.detect(image).catch(() => {})
			engine.close()
			process.exit(3)`,
		],
		["after close", `${openCategory} await engine.close(); process.exit(3)`],
	])("%s ends the process with its exit code", async (_, script) => {
		// Several processes, because most runs do not meet a race condition.
		const results = await Promise.all(
			Array.from({ length: 4 }, () => runScript(script)),
		);
		for (const result of results)
			expect(result).toEqual({ ...success, code: 3, stdout: "" });
	});
});

describe("worker threads", () => {
	/** Runs `mainThread`, where `start()` starts a worker with the code `worker` and resolves at its first message. */
	const runWithWorker = (worker: string, mainThread: string) =>
		runScript(`
			const { Worker } = await import('node:worker_threads')
			const code = '(async () => {' + ${JSON.stringify(worker)} + '})()'
			const workerData = { model, image, prompts, packageUrl: ${JSON.stringify(builtPackage)} }
			const start = async () => {
				const worker = new Worker(code, { eval: true, execArgv: [], workerData })
				worker.on('error', (error) => console.log('worker: ' + error.message))
				await new Promise((resolve) => worker.once('message', resolve))
				return worker
			}
			${sleep}
			${mainThread}
		`);

	const importPackage = `
		const { parentPort, workerData } = require('node:worker_threads')
		const { model, image, prompts, packageUrl } = workerData
		const { Engine } = await import(packageUrl)
	`;
	const detecting = `
		${importPackage}
		${openCategory}
		for (let i = 0; i < 60; i++) category.detect(image).catch(() => {})
		parentPort.postMessage('started')
	`;

	test("an engine in a worker detects, and the worker ends by itself", async () => {
		const result = await runWithWorker(
			`
			${importPackage}
			${openCategory}
			const { score } = await category.detect(image)
			parentPort.postMessage(score)
			`,
			`
			const worker = await start()
			await new Promise((resolve) => worker.once('exit', resolve))
			console.log('ended')
			`,
		);
		expect(result).toEqual({ ...success, stdout: "ended\n" });
	});

	test("a worker may be terminated during detections, and other engines keep working", async () => {
		const result = await runWithWorker(
			detecting,
			`
			${openCategory}
			const { score } = await category.detect(image)
			for (const delay of [0, 1, 5, 20]) {
				const worker = await start()
				await sleep(delay)
				await worker.terminate()
			}
			console.log((await category.detect(image)).score === score)
			`,
		);
		expect(result).toEqual({ ...success, stdout: "true\n" });
	});

	test("a worker may be terminated while it opens an engine", async () => {
		const result = await runWithWorker(
			`${importPackage} Engine.open({ model }); parentPort.postMessage('started')`,
			"for (let i = 0; i < 3; i++) await (await start()).terminate(); console.log('alive')",
		);
		expect(result).toEqual({ ...success, stdout: "alive\n" });
	});

	test("process.exit may be called while a worker detects", async () => {
		const result = await runWithWorker(
			detecting,
			"await start(); process.exit(3)",
		);
		expect(result).toEqual({ ...success, code: 3, stdout: "" });
	});
});

describe("memory", () => {
	test("engines without references are freed, after their running calls have ended", () =>
		expectOutput(
			`
			${sleep}
			const calls = []
			for (let i = 0; i < 8; i++) {
				calls.push((await Engine.open({ model })).embedText(['a text of number ' + i]))
				calls.push((await (await Engine.open({ model })).category('widget', { prompts })).detect(image))
				calls.push((await Engine.open({ model })).embedImage(image))
				for (let j = 0; j < 3; j++) {
					gc()
					await sleep(1)
				}
			}
			const results = await Promise.allSettled(calls)
			console.log(results.flatMap(({ reason }) => reason ? [reason.message] : []))
			`,
			"[]\n",
			["--expose-gc"],
		));

	test("opening and closing engines, and detecting, does not leak memory", async () => {
		const result = await runScript(
			`
			const usedMemory = () => {
				gc()
				return process.memoryUsage.rss() / 2 ** 20
			}
			const openAndClose = async () => {
				const engine = await Engine.open({ model, threads: 1 })
				const category = await engine.category('widget', { prompts })
				await category.detect(image)
				await engine.close()
			}
			for (let i = 0; i < 15; i++) await openAndClose()
			const beforeEngines = usedMemory()
			for (let i = 0; i < 40; i++) await openAndClose()
			const engines = usedMemory() - beforeEngines

			const engine = await Engine.open({ model, threads: 1 })
			const category = await engine.category('widget', { prompts, scales: [] })
			for await (const _ of category.detectMany(Array(300).fill(image))) {}
			const beforeDetections = usedMemory()
			for await (const _ of category.detectMany(Array(1200).fill(image))) {}
			const detections = usedMemory() - beforeDetections
			console.log(JSON.stringify({ engines, detections }))
			`,
			{ nodeArguments: ["--expose-gc"] },
		);
		expect(result).toMatchObject(success);
		const { engines, detections } = JSON.parse(result.stdout);
		expect(engines, "MiB after 40 engines").toBeLessThan(40);
		expect(detections, "MiB after 1200 detections").toBeLessThan(30);
	});
});
