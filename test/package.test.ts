// What a user gets from the package before any image is looked at.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import * as alfaVad from "../dist/index.js";
import { alfa, quietly, run } from "./support/child.js";
import { root } from "./support/paths.js";

const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));

describe("the package", () => {
	test("exports classes, the metrics and nothing else", () => {
		expect(Object.keys(alfaVad).sort()).toEqual([
			"AlfaError",
			"Category",
			"Detection",
			"Engine",
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
		expect(new alfaVad.AlfaError("ERR_ALFA_IMAGE", "words")).toMatchObject({
			name: "AlfaError",
			code: "ERR_ALFA_IMAGE",
			message: "words",
		});
		expect(new alfaVad.AlfaError("ERR_ALFA_IMAGE", "words")).toBeInstanceOf(
			Error,
		);
	});

	test("is imported by its name, and required where Node can require ES modules", async () => {
		const imported = await run([
			"--input-type=module",
			"-e",
			"import { Engine } from 'alfa-vad'; console.log(typeof Engine.open)",
		]);
		expect(imported).toEqual({ ...quietly, stdout: "function\n" });
		const required = await run(
			[
				"--input-type=commonjs",
				"-e",
				"console.log(typeof require('alfa-vad').Engine.open)",
			],
			{ nodeArguments: ["--disable-warning=ExperimentalWarning"] },
		);
		expect(required).toEqual({ ...quietly, stdout: "function\n" });
	});

	test("keeps its inner files to itself", async () => {
		const inner = await run([
			"--input-type=module",
			"-e",
			"await import('alfa-vad/dist/addon.js').catch(e => console.log(e.code))",
		]);
		expect(inner.stdout).toBe("ERR_PACKAGE_PATH_NOT_EXPORTED\n");
	});

	test("declares types and a command, which exist", () => {
		for (const file of [
			manifest.types,
			manifest.exports["."].types,
			manifest.exports["."].default,
			manifest.bin.alfa,
		]) {
			expect(existsSync(join(root, file)), file).toBe(true);
		}
		expect(readFileSync(join(root, manifest.bin.alfa), "utf8")).toMatch(
			/^#!\/usr\/bin\/env node\n/,
		);
	});

	// prebuilds/ is made when a release is packed
	test.each(
		(manifest.files as string[]).filter((name) => name !== "prebuilds"),
	)("ships %s", (name) => {
		expect(existsSync(join(root, name))).toBe(true);
	});

	test("needs no other ONNX Runtime than its own", () => {
		expect(Object.keys(manifest.dependencies)).not.toContain(
			"onnxruntime-node",
		);
		expect(
			Object.keys(manifest.dependencies).filter((name) => /onnx/i.test(name)),
		).toEqual([]);
		expect(manifest.scripts).not.toHaveProperty("install");
		expect(manifest.scripts).not.toHaveProperty("postinstall");
	});
});

describe("the command alfa", () => {
	test("says what it can do", async () => {
		const help = await alfa(["--help"]);
		expect(help).toMatchObject(quietly);
		for (const name of ["demo", "detect", "models", "doctor"])
			expect(help.stdout).toContain(name);
	});

	test.each(["demo", "detect", "models", "doctor"])(
		"says what %s does",
		async (name) => {
			const help = await alfa([name, "--help"]);
			expect(help).toMatchObject(quietly);
			expect(help.stdout).toMatch(new RegExp(`Usage: alfa ${name}`));
		},
	);

	test("says its version", async () => {
		expect(await alfa(["--version"])).toEqual({
			...quietly,
			stdout: `${manifest.version}\n`,
		});
	});
});
