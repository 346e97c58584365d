// Whole programs: they end by themselves, with nothing to say, whatever the engine was doing.
import { mkdtempSync, readdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { quietly, script } from "./support/child.js";

const begun = `
  const engine = await Engine.open({ model })
  const widget = await engine.category('widget', { prompts })
`;

describe("a program ends by itself", () => {
	test("that opens, detects and closes", async () => {
		expect(
			await script(
				`${begun} console.log((await widget.detect(image)).score > 0); await engine.close()`,
			),
		).toEqual({ ...quietly, stdout: "true\n" });
	});
	test("that never closes", async () => {
		expect(
			await script(
				`${begun} console.log((await widget.detect(image)).score > 0)`,
			),
		).toEqual({ ...quietly, stdout: "true\n" });
	});
	test("that only opens", async () => {
		expect(await script("await Engine.open({ model })")).toEqual({
			...quietly,
			stdout: "",
		});
	});
	test("that opens without waiting", async () => {
		expect(await script("Engine.open({ model })")).toEqual({
			...quietly,
			stdout: "",
		});
	});
	test("that awaits nothing: its detections still end", async () => {
		expect(
			await script(
				`${begun} for (let i = 0; i < 3; i++) widget.detect(image).then(() => console.log('done'))`,
			),
		).toEqual({ ...quietly, stdout: "done\n".repeat(3) });
	});
	test("that leaves a stream half way", async () => {
		expect(
			await script(
				`${begun} for await (const r of widget.detectMany(Array(50).fill(image))) { console.log(r.score > 0); break }`,
			),
		).toEqual({ ...quietly, stdout: "true\n" });
	});
	test("that closes while it works, and waits for the close alone", async () => {
		const ended = await script(`${begun}
      const all = Promise.allSettled(Array.from({ length: 20 }, () => widget.detect(image)))
      await engine.close()
      console.log((await all).every(({ status, reason }) => status === 'fulfilled' || reason.code === 'ERR_ALFA_CLOSED'))`);
		expect(ended).toEqual({ ...quietly, stdout: "true\n" });
	});
	test("after an error that nobody caught, with its message", async () => {
		const ended = await script(`${begun} await widget.detect('missing.png')`);
		expect(ended).toMatchObject({ code: 1, signal: null, late: false });
		expect(ended.stderr).toMatch(/AlfaError.*missing\.png[^]*ERR_ALFA_IMAGE/);
	});
});

test("nothing is written but what was asked for: no device id, no database, no log of ONNX Runtime", async () => {
	const home = mkdtempSync(join(tmpdir(), "alfa-home-")),
		temporary = mkdtempSync(join(tmpdir(), "alfa-temporary-"));
	const ended = await script(
		`
    const engine = await Engine.open({ model, cache: false })
    await (await engine.category('widget', { prompts })).detect(image)
    await engine.close()
    console.log(process.pid)`,
		{
			env: {
				HOME: home,
				XDG_CACHE_HOME: join(home, "cache"),
				XDG_CONFIG_HOME: join(home, "config"),
				TMPDIR: temporary,
			},
		},
	);
	expect(ended).toMatchObject(quietly);
	expect(readdirSync(home)).toEqual([]);
	expect(readdirSync(temporary)).toEqual([]);
	expect(
		readdirSync(tmpdir()).filter(
			(name) => name.includes(ended.stdout.trim()) && name.endsWith(".log"),
		),
	).toEqual([]);
});

describe("process.exit", () => {
	test.each([
		...[4, 8, 12, 16, 20, 24].map(
			(wait) =>
				[
					`${wait} ms after opening began`,
					`Engine.open({ model }); setTimeout(() => process.exit(3), ${wait})`,
				] as [string, string],
		),
		["in the same turn as opening", "Engine.open({ model }); process.exit(3)"],
		[
			"while detecting",
			`${begun} for (let i = 0; i < 40; i++) widget.detect(image); setTimeout(() => process.exit(3), 15)`,
		],
		[
			"in the same turn as a detection",
			`${begun} widget.detect(image); process.exit(3)`,
		],
		[
			"in the answer of a detection",
			`${begun} for (let i = 0; i < 40; i++) widget.detect(image).then(() => process.exit(3))`,
		],
		[
			"while texts are tokenised",
			`${begun} engine.embedText(Array.from({ length: 500 }, (_, i) => 'a text of number ' + i)); setTimeout(() => process.exit(3), 10)`,
		],
		[
			"while closing",
			`${begun} for (let i = 0; i < 20; i++) widget.detect(image).catch(() => {}); engine.close(); process.exit(3)`,
		],
		["after closing", `${begun} await engine.close(); process.exit(3)`],
	])("%s ends the process with its own code", async (_, text) => {
		const many = await Promise.all(
			Array.from({ length: 4 }, () => script(text)),
		); // a race is seldom lost at the first try
		for (const ended of many)
			expect(ended).toEqual({
				code: 3,
				signal: null,
				stdout: "",
				stderr: "",
				late: false,
			});
	});
});

describe("worker threads", () => {
	// `inside` runs in a worker that has begun; the main thread goes on after the worker has said 'ready'.
	const withWorker = (inside: string, outside: string) =>
		script(`
    const { Worker } = await import('node:worker_threads')
    const text = ${JSON.stringify(inside)}
    const start = async () => {
      const worker = new Worker('(async () => {' + text + '})()', { eval: true, execArgv: [], workerData: { model, image, prompts, url: ${JSON.stringify(new URL("../dist/index.js", import.meta.url).href)} } })
      worker.on('error', (error) => console.log('worker: ' + error.message))
      await new Promise((resolve) => worker.once('message', resolve))
      return worker
    }
    ${outside}
  `);
	const openInside = `
    const { parentPort, workerData: { model, image, prompts, url } } = require('node:worker_threads')
    const { Engine } = await import(url)
    const engine = await Engine.open({ model })
    const widget = await engine.category('widget', { prompts })
  `;
	const busy = `${openInside} for (let i = 0; i < 60; i++) widget.detect(image).catch(() => {}); parentPort.postMessage('ready')`;

	test("an engine in a worker detects, and the worker ends by itself", async () => {
		const ended = await withWorker(
			`${openInside} const r = await widget.detect(image); parentPort.postMessage(r.score)`,
			"const worker = await start(); await new Promise((resolve) => worker.once('exit', resolve)); console.log('ended')",
		);
		expect(ended).toEqual({ ...quietly, stdout: "ended\n" });
	});
	test("terminated in the middle of detections, the process lives on and ends well", async () => {
		const ended = await withWorker(
			busy,
			`
      const engine = await Engine.open({ model })
      const widget = await engine.category('widget', { prompts })
      const { score } = await widget.detect(image)
      for (const wait of [0, 1, 5, 20]) {
        const worker = await start()
        await new Promise((resolve) => setTimeout(resolve, wait))
        await worker.terminate()
      }
      console.log((await widget.detect(image)).score === score)`,
		);
		expect(ended).toEqual({ ...quietly, stdout: "true\n" });
	});
	test("terminated while it opens", async () => {
		const ended = await withWorker(
			`
      const { parentPort, workerData: { model, url } } = require('node:worker_threads')
      const { Engine } = await import(url)
      Engine.open({ model })
      parentPort.postMessage('ready')`,
			"for (let i = 0; i < 3; i++) await (await start()).terminate(); console.log('alive')",
		);
		expect(ended).toEqual({ ...quietly, stdout: "alive\n" });
	});
	test("process.exit while a worker detects", async () => {
		expect(await withWorker(busy, "await start(); process.exit(3)")).toEqual({
			...quietly,
			code: 3,
			stdout: "",
		});
	});
});

describe("memory", () => {
	const collected = { nodeArguments: ["--expose-gc"] };
	test("engines that nobody holds are freed, and work that still runs is finished first", async () => {
		const ended = await script(
			`
      const outcomes = []
      for (let i = 0; i < 8; i++) {
        outcomes.push((await Engine.open({ model })).embedText(['a text of number ' + i]))
        outcomes.push((await (await Engine.open({ model })).category('widget', { prompts })).detect(image))
        outcomes.push((await Engine.open({ model })).embedImage(image))
        for (let j = 0; j < 3; j++) { gc(); await new Promise((resolve) => setTimeout(resolve, 1)) }
      }
      const settled = await Promise.allSettled(outcomes)
      console.log(settled.map(({ status, reason }) => reason?.message ?? status).filter((each) => each !== 'fulfilled'))`,
			collected,
		);
		expect(ended).toEqual({ ...quietly, stdout: "[]\n" });
	});
	test("many engines opened and closed, and many detections, leave nothing behind", async () => {
		const ended = await script(
			`
      const rss = () => { gc(); return process.memoryUsage.rss() / 2 ** 20 }
      const cycle = async () => { const engine = await Engine.open({ model, threads: 1 }); await (await engine.category('widget', { prompts })).detect(image); await engine.close() }
      for (let i = 0; i < 15; i++) await cycle()
      const before = rss()
      for (let i = 0; i < 40; i++) await cycle()
      const between = rss()
      const engine = await Engine.open({ model, threads: 1 })
      const widget = await engine.category('widget', { prompts, scales: [] })
      for await (const r of widget.detectMany(Array(300).fill(image))) r.score
      const middle = rss()
      for await (const r of widget.detectMany(Array(1200).fill(image))) r.score
      console.log(JSON.stringify({ cycles: between - before, detections: rss() - middle }))`,
			collected,
		);
		expect(ended).toMatchObject(quietly);
		const { cycles, detections } = JSON.parse(ended.stdout);
		expect(cycles, "MiB over 40 engines").toBeLessThan(40);
		expect(detections, "MiB over 1200 detections").toBeLessThan(30);
	});
});
