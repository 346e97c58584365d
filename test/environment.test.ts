// Unusual environments: no home folder, a full disk, a pipe that nobody reads, names with control characters or in
// another encoding, a network without encryption.
import { spawn } from "node:child_process";
import {
	copyFileSync,
	mkdirSync,
	readdirSync,
	readFileSync,
	renameSync,
	writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { Engine, generatePrompts, readDataset } from "../dist/index.js";
import { runAlfa, runScript, success } from "./support/child.js";
import { expectError } from "./support/errors.js";
import { temporaryFolder } from "./support/folder.js";
import { command, root, tinyModel } from "./support/paths.js";

/** Node without a home folder, as in a container with a user that the system does not know. */
const noHome = `data:text/javascript,${encodeURIComponent(`
	import os from 'node:os'
	import { syncBuiltinESMExports } from 'node:module'
	const fail = () => { throw Object.assign(new Error('no such user'), { code: 'ERR_SYSTEM_ERROR' }) }
	os.homedir = os.userInfo = fail
	syncBuiltinESMExports()
`)}`;

describe("without a home folder", () => {
	const script = (cache: boolean) => `
		const warnings = []
		const logger = { warn: (message) => warnings.push(message) }
		const engine = await Engine.open({ model, logger, cache: ${cache} })
		await engine.embedText('a')
		await engine.close()
		console.log(JSON.stringify(warnings))
	`;
	const options = {
		env: { ALFA_CACHE: "", XDG_CACHE_HOME: "", HOME: "" },
		nodeArguments: ["--import", noHome],
	};

	test("the package works, and a warning says that nothing is cached", async () => {
		const cwd = temporaryFolder();
		const { stdout, ...ended } = await runScript(script(true), {
			...options,
			cwd,
		});
		expect(ended).toEqual(success);
		expect(stdout).toContain("ALFA_CACHE");
		expect(readdirSync(cwd)).toEqual([]);
	});

	test("cache: false gives no warning", async () => {
		const { stdout, ...ended } = await runScript(script(false), options);
		expect(ended).toEqual(success);
		expect(stdout).toBe("[]\n");
	});

	test.each([["models", "list"], ["doctor"], ["prompts", "--list"]])(
		"alfa %s works",
		async (...args) => {
			const { code, stdout } = await runAlfa(args, options);
			expect(code).toBe(0);
			expect(stdout).not.toBe("");
		},
	);
});

test.each([
	{ HOME: "", XDG_CACHE_HOME: "" },
	{ HOME: "", XDG_CACHE_HOME: "relative" },
	{ HOME: "relative", XDG_CACHE_HOME: "" },
])("%j puts no cache into the working folder", async (env) => {
	const cwd = temporaryFolder();
	const result = await runScript(
		"const engine = await Engine.open({ model })\n" +
			"await engine.embedText('a'); await engine.close()",
		{ cwd, env: { ...env, ALFA_CACHE: "" } },
	);
	expect(result.code).toBe(0);
	expect(readdirSync(cwd)).toEqual([]);
});

describe("the output of a command cannot be written", () => {
	/** Runs a line of the shell. */
	async function runShell(line: string) {
		const child = spawn("bash", ["-c", line], {
			stdio: ["ignore", "pipe", "pipe"],
		});
		let stderr = "";
		child.stderr.setEncoding("utf8").on("data", (text: string) => {
			stderr += text;
		});
		const code = await new Promise((resolve) => child.once("close", resolve));
		return { code, stderr };
	}
	const alfa = `'${process.execPath}' '${command}'`;
	const commands = [
		"models list",
		"models list --json",
		"--help",
		"prompts bottle",
	];

	test.runIf(process.platform === "linux").each(commands)(
		"alfa %s on a full disk: one line and exit status 1",
		async (args) => {
			const { code, stderr } = await runShell(`${alfa} ${args} > /dev/full`);
			expect(code).toBe(1);
			expect(stderr).toMatch(
				/^alfa: The output cannot be written.*ENOSPC.*\n$/,
			);
		},
	);

	test.runIf(process.platform !== "win32").each(commands)(
		"alfa %s into a pipe that nobody reads: ends without a message",
		async (args) => {
			const { code, stderr } = await runShell(
				`set -o pipefail; { sleep 0.3; ${alfa} ${args}; } | true`,
			);
			expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
		},
	);

	test.runIf(process.platform === "linux")(
		"a full disk for stderr: an exit status and no crash",
		async () => {
			const { code } = await runShell(`${alfa} detect none.png 2> /dev/full`);
			expect([1, 2]).toContain(code);
		},
	);
});

describe("names with control and direction characters", () => {
	const bad = "\u001b[31mred\u202eevil\u2066\u200b";
	const raw = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200b\u202e\u2066]/;
	const image = join(root, "demo", "pictures");

	function badDataset(): string {
		const dataset = join(temporaryFolder(), `data${bad}`);
		const [folder] = readdirSync(image).sort();
		const source = findImage(join(image, folder!));
		for (const [path, count] of [
			[`wood${bad}/train/good`, 1],
			[`wood${bad}/test/good`, 2],
			[`wood${bad}/test/crack${bad}`, 2],
		] as const) {
			mkdirSync(join(dataset, path), { recursive: true });
			for (let i = 0; i < count; i++)
				copyFileSync(source, join(dataset, path, `${i}${bad}.jpg`));
		}
		writeFileSync(
			join(dataset, `wood${bad}`, "test", "good", `x${bad}.jpg`),
			"no",
		);
		writeFileSync(join(dataset, `stray${bad}.txt`), "");
		return dataset;
	}

	function findImage(folder: string): string {
		for (const entry of readdirSync(folder, { withFileTypes: true })) {
			const path = join(folder, entry.name);
			if (entry.isFile() && /\.(jpe?g|png|webp)$/.test(entry.name)) return path;
			if (entry.isDirectory()) return findImage(path);
		}
		throw new Error(`no image in ${folder}`);
	}

	test("are visible in the output and the files of alfa evaluate", async () => {
		const report = join(temporaryFolder(), "report");
		const { stdout, stderr } = await runAlfa([
			"evaluate",
			badDataset(),
			...["--model", tinyModel, "--recipe", "clip-ac", "--report", report],
		]);
		expect(stdout + stderr).not.toMatch(raw);
		expect(stdout).toContain("\\u202e");
		for (const name of [
			"index.html",
			"results.csv",
			"results.json",
			"run.json",
		]) {
			const text = readFileSync(join(report, name), "utf8");
			expect(text, name).not.toMatch(raw);
			expect(text, name).toContain("\\u202e");
		}
		const { datasets } = JSON.parse(
			readFileSync(join(report, "results.json"), "utf8"),
		);
		expect(datasets[0].categories[0].name).toBe(`wood${bad}`);
	});

	test("are visible in the output of alfa detect", async () => {
		const folder = join(badDataset(), `wood${bad}`, "test", "good");
		const files = readdirSync(folder).map((name) => join(folder, name));
		for (const json of [[], ["--json"]]) {
			const { stdout, stderr } = await runAlfa([
				"detect",
				...files,
				...["--class", `wood${bad}`, "--model", tinyModel, ...json],
			]);
			expect(stdout + stderr).not.toMatch(raw);
		}
	});

	test("are visible in errors, also in those about arguments", async () => {
		await using engine = await Engine.open({ model: tinyModel, cache: false });
		const name = `/none/${bad}.png`;
		for (const call of [
			() => engine.embedImage(name),
			() => Engine.open({ model: name }),
			() => Engine.open({ device: bad as "cpu" }),
			() => readDataset(name),
			() => engine.loadCategory(name),
		]) {
			const error = await Promise.resolve()
				.then(call)
				.catch((error: Error) => error);
			expect((error as Error).message).not.toMatch(raw);
			expect((error as Error).message).toContain("\\u202e");
		}
		const { stderr } = await runAlfa([`--${bad}`]);
		expect(stderr).not.toMatch(raw);
	});
});

test.runIf(process.platform === "linux")(
	"a name that is not UTF-8 is a problem of the dataset and does not end it",
	async () => {
		const dataset = temporaryFolder();
		const latin1 = (path: string) => Buffer.from(path, "latin1");
		const source = join(root, "demo", "pictures");
		const jpeg = readdirSync(source, {
			recursive: true,
			encoding: "utf8",
		}).find((name) => /\.(jpe?g|png|webp)$/.test(name))!;
		for (const folder of ["test/good", "test/crack", "test/riss"]) {
			mkdirSync(join(dataset, folder), { recursive: true });
			for (const name of ["1.png", "2.png"])
				copyFileSync(join(source, jpeg), join(dataset, folder, name));
		}
		renameSync(
			join(dataset, "test/good/2.png"),
			latin1(join(dataset, "test/good/gr\u00fcn.png")),
		);
		renameSync(
			join(dataset, "test/riss"),
			latin1(join(dataset, "test/schl\u00e4ge")),
		);
		const { categories, problems } = await readDataset(dataset);
		expect(categories[0]!.test.map(({ id }) => id).sort()).toEqual([
			"test/crack/1.png",
			"test/crack/2.png",
			"test/good/1.png",
		]);
		const messages = problems.map(({ message }) => message).join("\n");
		expect(messages).toMatch(
			/test\/good contains names that are not valid UTF-8/,
		);
		expect(messages).toMatch(/test contains names that are not valid UTF-8/);
	},
);

describe("a key for a language model over http", () => {
	const llm = { model: "m", maxRetries: 0, timeout: 2000 };
	const generate = (options: object) =>
		generatePrompts({
			class: "bottle",
			llm: { ...llm, ...options } as { baseURL: string; model: string },
		});

	test.each([
		{ baseURL: "http://192.0.2.1/v1", apiKey: "sk-secret" },
		{ baseURL: "http://localhost.example.com/v1", apiKey: "sk-secret" },
		{ baseURL: "http://127.0.0.1.example.com/v1", apiKey: "sk-secret" },
		{ baseURL: "http://0.0.0.0/v1", apiKey: "sk-secret" },
		{ baseURL: "http://192.0.2.1/v1", headers: { "X-Api-Key": "secret" } },
		{ baseURL: "http://192.0.2.1/v1", headers: { authorization: "secret" } },
	])("is refused before any request: %j", async (options) => {
		const start = performance.now();
		await expectError(
			() => generate(options),
			"ERR_ALFA_RANGE",
			"https",
			"allowHttp",
		);
		expect(performance.now() - start).toBeLessThan(1500);
	});

	test("from the environment is refused too", async () => {
		process.env["ALFA_LLM_KEY"] = "sk-secret";
		try {
			await expectError(
				() => generate({ baseURL: "http://192.0.2.1/v1" }),
				"ERR_ALFA_RANGE",
				"ALFA_LLM_KEY",
			);
		} finally {
			delete process.env["ALFA_LLM_KEY"];
		}
	});

	test.each([
		{ baseURL: "http://localhost:1/v1", apiKey: "sk-secret" },
		{ baseURL: "http://127.0.0.1:1/v1", apiKey: "sk-secret" },
		{ baseURL: "http://127.8.9.10:1/v1", apiKey: "sk-secret" },
		{ baseURL: "http://[::1]:1/v1", apiKey: "sk-secret" },
		{ baseURL: "https://llm.invalid/v1", apiKey: "sk-secret" },
		{ baseURL: "http://llm.invalid/v1", apiKey: "sk-secret", allowHttp: true },
		{ baseURL: "http://llm.invalid/v1" },
	])("is sent: %j", (options) =>
		expectError(() => generate(options), "ERR_ALFA_LLM_CONNECTION"),
	);
});
