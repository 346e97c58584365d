// Too little memory: a named error or the right result, never a crash and never a hang. A child sets its own limit
// (ulimit -v) at so many MB above what it holds, once its JavaScript is loaded: below that, Node itself does not start.
import { spawnSync } from "node:child_process";
import { describe, expect, test } from "vitest";
import { script, type Ended } from "./support/child.js";

const limited = (megabytes: number) => `
  const { execFileSync } = await import('node:child_process')
  const { readFileSync } = await import('node:fs')
  const held = 1024 * Number(/^VmSize:\\s+(\\d+)/m.exec(readFileSync('/proc/self/status', 'utf8'))[1])
  execFileSync('prlimit', ['--pid', String(process.pid), '--as=' + (held + ${megabytes} * 2 ** 20)])
`;
const helpers = `
  const texts = { prompts: { normal: ['a clean widget'], abnormal: ['a broken widget'] } }
  const attempts = []
  const attempt = async (work) => {
    try { const made = await work(); attempts.push('done'); return made } catch (error) { attempts.push(error.code ?? String(error)) }
  }
  const detect = async (engine) => (await (await engine.category('widget', texts)).detect(image)).score
`;
const open = (precision: string) =>
	`Engine.open({ model: 'demo', precision: '${precision}', cache: false })`;

/** What a child printed as JSON, having ended by itself. */
function said(ended: Ended): { attempts: string[]; right: boolean } {
	expect(ended).toMatchObject({
		code: 0,
		signal: null,
		stderr: "",
		late: false,
	});
	return JSON.parse(ended.stdout);
}

/** Two at a time: as many as the smallest machine has cores. */
async function each<T>(
	limits: number[],
	run: (limit: number) => Promise<T>,
): Promise<T[]> {
	const found: T[] = [];
	for (let at = 0; at < limits.length; at += 2)
		found.push(...(await Promise.all(limits.slice(at, at + 2).map(run))));
	return found;
}

const unlimited =
	process.platform !== "linux" ||
	spawnSync("prlimit", ["--version"]).error !== undefined;

describe.skipIf(unlimited)("with so many MB left", () => {
	test("opening a first engine", async () => {
		const found = await each(
			[16, 48, 96, 160, 256, 320, 512, 2048],
			async (limit) =>
				said(
					await script(`${helpers} ${limited(limit)}
      const engine = await attempt(() => ${open("fp32")})
      const score = engine && await attempt(() => detect(engine))
      await engine?.close()
      console.log(JSON.stringify({ attempts, right: score === undefined || score > 0 }))`),
				),
		);
		for (const { attempts, right } of found) {
			for (const each of attempts)
				expect(["done", "ERR_ALFA_MEMORY", "ERR_ALFA_ADDON"]).toContain(each);
			expect(right).toBe(true);
		}
		expect(found[0]!.attempts).not.toContain("done");
		expect(found.at(-1)!.attempts).toEqual(["done", "done"]);
	});

	// With ONNX Runtime in memory, what is short is the engine's own: threads, weights, what products are packed into.
	test.each(["fp32", "int8"])(
		"opening another in %s, with one that goes on",
		async (precision) => {
			const found = await each(
				precision === "fp32"
					? [12, 40, 96, 160, 256, 2048]
					: [12, 40, 96, 2048],
				async (limit) =>
					said(
						await script(`${helpers}
      const first = await ${open("fp32")}
      const before = await detect(first)
      ${limited(limit)}
      const second = await attempt(() => ${open(precision)})
      const score = second && await attempt(() => detect(second))
      const near = score === undefined || Math.abs(score - before) < 0.05
      const again = await attempt(() => detect(first))
      console.log(JSON.stringify({ attempts, right: near && (again === undefined || again === before) }))
      await Promise.all([first.close(), second?.close()])`),
					),
			);
			for (const { attempts, right } of found) {
				for (const each of attempts)
					expect(["done", "ERR_ALFA_MEMORY"]).toContain(each);
				expect(right).toBe(true);
			}
			expect(found[0]!.attempts[0]).toBe("ERR_ALFA_MEMORY");
			expect(found.at(-1)!.attempts).toEqual(["done", "done", "done"]);
		},
	);
});
