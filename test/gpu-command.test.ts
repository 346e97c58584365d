// What users see of GPU support without a GPU: alfa gpu, alfa doctor, and the errors of Engine.open.
import { spawn } from "node:child_process";
import { once } from "node:events";
import {
	existsSync,
	mkdirSync,
	readdirSync,
	rmSync,
	statSync,
	symlinkSync,
} from "node:fs";
import { join } from "node:path";
import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import { Engine } from "../dist/index.js";
import { runAlfa } from "./support/child.js";
import { expectError } from "./support/errors.js";
import { temporaryFolder, writeFolder } from "./support/folder.js";
import { coreName, goodArchive, runtimeFiles } from "./support/gpu-runtime.js";
import { sha256 } from "./support/hub-stub.js";
import { command, root, tinyModel } from "./support/paths.js";
import { type ReleaseStub, releaseStub } from "./support/release-stub.js";

const realCore = join(root, "build/Release/libonnxruntime.so.1");

let cache: string;
beforeEach(() => {
	cache = join(temporaryFolder(), "cache");
	process.env["ALFA_CACHE"] = cache;
	delete process.env["ALFA_ORT_DIR"];
});

describe("Engine.open", () => {
	test("with device 'cuda' lists what is missing and the commands that install it", async () => {
		process.env["ALFA_ORT_DIR"] = writeFolder(
			"runtime",
			runtimeFiles("libalfa-test.so.1", "libcufft.so.12"),
		);
		await expectError(
			() => Engine.open({ model: tinyModel, device: "cuda" }),
			"ERR_ALFA_DEVICE",
			/device 'cuda' is not available/,
			/runtime ONNX Runtime 1\.30\.0, \S+ \(ALFA_ORT_DIR\)/,
			/libalfa-test\.so\.1 was not found/,
			/libcufft\.so\.12 was not found: pip install .*"nvidia-cufft~=12\.0"/,
			/'cpu'/,
			/alfa gpu status/,
		);
	});

	test("with device 'cuda' and no runtime names `alfa gpu install`", () =>
		expectError(
			() => Engine.open({ model: tinyModel, device: "cuda:1" }),
			"ERR_ALFA_DEVICE",
			/providers_cuda\.so, .* are not in .*: alfa gpu install/,
		));

	test("with device 'auto' states why it uses the CPU", async () => {
		await using engine = await Engine.open({ model: tinyModel });
		expect(engine.info).toMatchObject({
			device: "cpu",
			deviceReason: expect.stringMatching(
				/no NVIDIA driver|was not found|are not in|only been tested/,
			),
		});
	});

	test("with device 'cpu' states no reason", async () => {
		await using engine = await Engine.open({ model: tinyModel, device: "cpu" });
		expect(engine.info).not.toHaveProperty("deviceReason");
	});

	test("on the CPU uses the ONNX Runtime in ALFA_ORT_DIR", async () => {
		const folder = temporaryFolder();
		mkdirSync(join(folder, "lib"));
		symlinkSync(realCore, join(folder, "lib", coreName));
		process.env["ALFA_ORT_DIR"] = folder;
		await using engine = await Engine.open({ model: tinyModel });
		expect(engine.info.ortVersion).toBe("1.30.0");
	});

	test("names the folders that have no ONNX Runtime", async () => {
		const folder = temporaryFolder();
		process.env["ALFA_ORT_DIR"] = folder;
		await expectError(
			() => Engine.open({ model: tinyModel }),
			"ERR_ALFA_RUNTIME",
			folder,
			/ALFA_ORT_DIR/,
		);
	});
});

test("alfa gpu status and alfa doctor list the same, and succeed without a GPU", async () => {
	const ortDir = writeFolder("runtime", runtimeFiles("libcufft.so.12"));
	// The doctor opens the demo model with the core from the same folder.
	rmSync(join(ortDir, coreName));
	symlinkSync(realCore, join(ortDir, "libonnxruntime.so.1"));
	const env = { ALFA_ORT_DIR: ortDir, ALFA_CACHE: cache };
	const [status, statusJson, doctor, doctorJson] = await Promise.all([
		runAlfa(["gpu"], { env }),
		runAlfa(["gpu", "status", "--json"], { env }),
		runAlfa(["doctor"], { env }),
		runAlfa(["doctor", "--json"], { env }),
	]);
	for (const result of [status, statusJson, doctor, doctorJson])
		expect(result).toMatchObject({ code: 0, timedOut: false });

	const missing = status.stdout
		.split("\n")
		.filter((line) => /^(--| {2})/.test(line))
		.join("\n");
	expect(missing).toMatch(
		/-- {2}libcufft\.so\.12 was not found\n {6}pip install .*nvidia-cufft/,
	);
	expect(missing).toMatch(/\n {6}or: sudo apt-get install libcufft-13-0/);
	expect(status.stderr).toContain("CPU");
	expect(doctor.stdout).toContain(missing);

	const found = JSON.parse(statusJson.stdout);
	expect(found.lacks).toContainEqual({
		what: "libcufft.so.12 was not found",
		commands: [
			expect.stringContaining("nvidia-cufft"),
			"sudo apt-get install libcufft-13-0",
		],
	});
	expect(JSON.parse(doctorJson.stdout)).toContainEqual(
		expect.objectContaining({ part: "CUDA", ok: true, gpu: found }),
	);
});

describe("alfa gpu install", () => {
	const hash = sha256(goodArchive);
	let github: ReleaseStub;
	beforeAll(async () => {
		github = await releaseStub();
	});
	beforeEach(() => github.reset(goodArchive));

	const env = () => ({
		ALFA_CACHE: cache,
		ALFA_GITHUB_API: github.origin,
		ALFA_ORT_MIRROR: github.origin,
	});
	const install = (...args: string[]) =>
		runAlfa(["gpu", "install", ...args], { env: env() });

	test("prints the folder and the hash that was checked", async () => {
		const result = await install("--sha256", hash);
		expect(result).toMatchObject({
			code: 0,
			stdout: `ONNX Runtime 1.30.0  ${join(cache, "ort/1.30.0")}\n`,
		});
		expect(result.stderr).toContain(hash);
		expect(result.stderr).toContain("alfa gpu status");
		const second = await install("--json");
		expect(JSON.parse(second.stdout)).toMatchObject({
			cached: true,
			sha256: hash,
		});
	});

	test("checks a download against the hash that the package knows", async () => {
		const result = await install();
		expect(result).toMatchObject({ code: 1, stdout: "" });
		expect(result.stderr).toMatch(/382d7913.*ERR_ALFA_RUNTIME_CORRUPT/);
	});

	test("refuses a hash of another length", async () => {
		expect(await install("--sha256", "short")).toMatchObject({ code: 2 });
	});

	test("keeps the received bytes after Ctrl-C", async () => {
		github.answerArchive = (_, response) => {
			response
				.writeHead(200, { "content-length": goodArchive.length })
				.write(goodArchive.subarray(0, 200_000));
			return true;
		};
		const child = spawn(
			process.execPath,
			[command, "gpu", "install", "--sha256", hash],
			{ env: { ...process.env, ...env() } },
		);
		let stderr = "";
		child.stderr.setEncoding("utf8").on("data", (text: string) => {
			stderr += text;
		});
		await expect
			.poll(largestFile, { timeout: 20_000 })
			.toBeGreaterThan(100_000);
		child.kill("SIGINT");
		expect(await once(child, "close")).toEqual([1, null]);
		expect(stderr).toMatch(/stopped.*kept/);

		github.answerArchive = () => {};
		expect(await install("--sha256", hash)).toMatchObject({ code: 0 });
		expect(github.requests.at(-1)!.headers.range).toMatch(/^bytes=[1-9]/);
	});

	function largestFile(): number {
		const folder = join(cache, "ort");
		const names = existsSync(folder) ? readdirSync(folder) : [];
		return Math.max(
			0,
			...names.map((name) => statSync(join(folder, name)).size),
		);
	}
});
