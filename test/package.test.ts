// The package and its command, as a user installs them.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import * as alfaVad from "../dist/index.js";
import { runAlfa, runNode, success } from "./support/child.js";
import { readJson } from "./support/expected.js";
import { root } from "./support/paths.js";

const manifest = readJson(join(root, "package.json"));

describe("the package", () => {
	test("exports exactly the public API", () => {
		expect(Object.keys(alfaVad).sort()).toEqual([
			"AlfaError",
			"Category",
			"Detection",
			"Engine",
			"errorCodes",
			"evaluate",
			"extendPrompts",
			"generatePrompts",
			"metrics",
			"pullModel",
			"readDataset",
			"readPromptSet",
			"templatePrompts",
			"writePromptSet",
		]);
		expect(alfaVad.Engine.open).toBeTypeOf("function");
		expect(alfaVad.metrics.auroc).toBeTypeOf("function");
	});

	test("AlfaError is an Error with a code", () => {
		const error = new alfaVad.AlfaError("ERR_ALFA_IMAGE", "words");
		expect(error).toBeInstanceOf(Error);
		expect(error).toMatchObject({
			name: "AlfaError",
			code: "ERR_ALFA_IMAGE",
			message: "words",
		});
		expect(alfaVad.errorCodes).toHaveProperty(error.code);
	});

	test("can be imported by its name, and required where Node can require ES modules", async () => {
		const imported = await runNode([
			"--input-type=module",
			"-e",
			"import { Engine } from 'alfa-vad'; console.log(typeof Engine.open)",
		]);
		expect(imported).toEqual({ ...success, stdout: "function\n" });
		const required = await runNode(
			[
				"--input-type=commonjs",
				"-e",
				"console.log(typeof require('alfa-vad').Engine.open)",
			],
			{ nodeArguments: ["--disable-warning=ExperimentalWarning"] },
		);
		expect(required).toEqual({ ...success, stdout: "function\n" });
	});

	test("does not export internal files", async () => {
		const { stdout } = await runNode([
			"--input-type=module",
			"-e",
			"await import('alfa-vad/dist/native/addon.js').catch((error) => console.log(error.code))",
		]);
		expect(stdout).toBe("ERR_PACKAGE_PATH_NOT_EXPORTED\n");
	});

	test("the files of its types and its command exist", () => {
		const { types, default: main } = manifest.exports["."];
		for (const file of [manifest.types, types, main, manifest.bin.alfa]) {
			expect(existsSync(join(root, file)), file).toBe(true);
		}
		const command = readFileSync(join(root, manifest.bin.alfa), "utf8");
		expect(command).toMatch(/^#!\/usr\/bin\/env node\n/);
	});

	test("its types contain nothing that is marked @internal", () => {
		const files = readdirSync(join(root, "dist"), {
			recursive: true,
			encoding: "utf8",
		}).filter((name) => name.endsWith(".d.ts"));
		expect(files).toContain("index.d.ts");
		for (const name of files) {
			const types = readFileSync(join(root, "dist", name), "utf8");
			expect(types, name).not.toContain("@internal");
		}
	});

	// prebuilds/ is only made for a release.
	const shipped = (manifest.files as string[]).filter(
		(name) => name !== "prebuilds",
	);
	test.each(shipped)("ships %s", (name) =>
		expect(existsSync(join(root, name))).toBe(true),
	);

	test("does not depend on an ONNX Runtime package, and runs nothing when it is installed", () => {
		const dependencies = Object.keys(manifest.dependencies);
		expect(dependencies.filter((name) => /onnx/i.test(name))).toEqual([]);
		expect(manifest.scripts).not.toHaveProperty("install");
		expect(manifest.scripts).not.toHaveProperty("postinstall");
	});
});

describe("the command alfa", () => {
	const commands = ["demo", "detect", "models", "doctor"];

	test("--help lists the commands", async () => {
		const help = await runAlfa(["--help"]);
		expect(help).toMatchObject(success);
		for (const name of commands) expect(help.stdout).toContain(name);
	});

	test.each(commands)("%s --help describes the command", async (name) => {
		const help = await runAlfa([name, "--help"]);
		expect(help).toMatchObject(success);
		expect(help.stdout).toContain(`Usage: alfa ${name}`);
	});

	test("--version prints the version", async () => {
		expect(await runAlfa(["--version"])).toEqual({
			...success,
			stdout: `${manifest.version}\n`,
		});
	});
});
