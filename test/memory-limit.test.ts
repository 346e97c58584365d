// Too little memory gives an error with a code or the right result, but never a crash or an endless wait. A process
// limits its own address space (ulimit -v) after its JavaScript has been loaded; node itself needs more to start.
import { spawnSync } from "node:child_process";
import { describe, expect, test } from "vitest";
import { runScript } from "./support/child.js";

/** Code that limits the process to so many MB more than it uses now. */
const limitMemory = (megabytes: number) => `
	const { execFileSync } = await import('node:child_process')
	const { readFileSync } = await import('node:fs')
	const used = 1024 * Number(/^VmSize:\\s+(\\d+)/m.exec(readFileSync('/proc/self/status', 'utf8'))[1])
	execFileSync('prlimit', ['--pid', String(process.pid), '--as=' + (used + ${megabytes} * 2 ** 20)])
`;

const helpers = `
	// For each attempt: 'done', or the code of its error.
	const outcomes = []
	const attempt = async (work) => {
		try {
			const value = await work()
			outcomes.push('done')
			return value
		} catch (error) {
			outcomes.push(error.code ?? String(error))
		}
	}
	const open = (precision) => Engine.open({ model: 'demo', precision, cache: false })
	const detect = async (engine) => {
		const category = await engine.category('widget', { prompts })
		return (await category.detect(image)).score
	}
`;

interface Report {
	outcomes: string[];
	/** Whether all scores were right. */
	right: boolean;
}

/** Runs a script that prints its report as JSON. */
async function report(script: string): Promise<Report> {
	const result = await runScript(script);
	expect(result).toMatchObject({
		code: 0,
		signal: null,
		stderr: "",
		timedOut: false,
	});
	return JSON.parse(result.stdout);
}

/** The reports for several limits, two processes at a time. */
async function reportsFor(
	limits: number[],
	script: (limit: number) => string,
): Promise<Report[]> {
	const reports: Report[] = [];
	for (let i = 0; i < limits.length; i += 2) {
		const pair = limits.slice(i, i + 2).map((limit) => report(script(limit)));
		reports.push(...(await Promise.all(pair)));
	}
	return reports;
}

const canLimit =
	process.platform === "linux" &&
	spawnSync("prlimit", ["--version"]).error === undefined;

describe.runIf(canLimit)("with 12 MB to 2 GB left", () => {
	test("opening the first engine", async () => {
		const reports = await reportsFor(
			[16, 48, 96, 160, 256, 320, 512, 2048],
			(limit) => `
				${helpers}
				${limitMemory(limit)}
				const engine = await attempt(() => open('fp32'))
				const score = engine && await attempt(() => detect(engine))
				await engine?.close()
				console.log(JSON.stringify({ outcomes, right: score === undefined || score > 0 }))
			`,
		);
		for (const { outcomes, right } of reports) {
			for (const outcome of outcomes) {
				expect(["done", "ERR_ALFA_MEMORY", "ERR_ALFA_ADDON"]).toContain(
					outcome,
				);
			}
			expect(right).toBe(true);
		}
		expect(reports[0]!.outcomes).not.toContain("done");
		expect(reports.at(-1)!.outcomes).toEqual(["done", "done"]);
	});

	// ONNX Runtime is loaded already, so that memory is missing for the engine's own threads, weights and packed weights.
	test.each([
		["fp32", [12, 40, 96, 160, 256, 2048]],
		["int8", [12, 40, 96, 2048]],
	])(
		"opening a second engine in %s, while the first one keeps working",
		async (precision, limits) => {
			const reports = await reportsFor(
				limits,
				(limit) => `
				${helpers}
				const first = await open('fp32')
				const before = await detect(first)
				${limitMemory(limit)}
				const second = await attempt(() => open('${precision}'))
				const score = second && await attempt(() => detect(second))
				const near = score === undefined || Math.abs(score - before) < 0.05
				const again = await attempt(() => detect(first))
				console.log(JSON.stringify({ outcomes, right: near && (again === undefined || again === before) }))
				await Promise.all([first.close(), second?.close()])
			`,
			);
			for (const { outcomes, right } of reports) {
				for (const outcome of outcomes)
					expect(["done", "ERR_ALFA_MEMORY"]).toContain(outcome);
				expect(right).toBe(true);
			}
			expect(reports[0]!.outcomes[0]).toBe("ERR_ALFA_MEMORY");
			expect(reports.at(-1)!.outcomes).toEqual(["done", "done", "done"]);
		},
	);
});
