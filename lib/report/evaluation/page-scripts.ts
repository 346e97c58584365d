// The scripts of the page: the chart library uPlot, and the viewer. Inline scripts cannot import each other,
// so the modules of the viewer are joined into one script.
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { AlfaError } from "../../errors.js";

export interface PageScripts {
	/** In the order in which they must run. */
	scripts: readonly string[];
	/** The style sheet of uPlot. */
	chartStyle: string;
}

export async function loadPageScripts(): Promise<PageScripts> {
	const manifest = createRequire(import.meta.url).resolve("uplot/package.json");
	const uplot = join(dirname(manifest), "dist");
	const scripts = [
		await readText(join(uplot, "uPlot.iife.min.js")),
		await joinViewer("main"),
	];
	return {
		scripts: scripts.map(checkInlineable),
		chartStyle: await readText(join(uplot, "uPlot.min.css")),
	};
}

const importPattern = /^import \{([^}]*)\} from ['"]\.\/([\w-]+)\.js['"];$/gm;
const exportPattern = /^export (?:async function|function|const|class) (\w+)/gm;

/** Joins a module of the viewer and its imports into one script. Each module becomes a function with its own scope. */
async function joinViewer(entry: string): Promise<string> {
	const functions = new Map<string, string>();
	const add = async (name: string): Promise<void> => {
		if (functions.has(name)) return;
		functions.set(name, "");
		const source = await readText(
			new URL(`viewer/${name}.js`, import.meta.url),
		);
		for (const [, , imported] of source.matchAll(importPattern))
			await add(imported!);
		// A Map keeps the order of insertion: delete and set again, so that a module comes after its imports.
		functions.delete(name);
		functions.set(name, toFunction(name, source));
	};
	await add(entry);
	return `'use strict';(() => {\nconst modules = {};\n${[...functions.values()].join("\n")}\n})()`;
}

function toFunction(name: string, source: string): string {
	const exported = [...source.matchAll(exportPattern)].map(
		([, identifier]) => identifier,
	);
	const body = source
		.replace(importPattern, "const {$1} = modules['$2'];")
		.replace(/^export (\{\};)?/gm, "");
	return `modules['${name}'] = (() => {\n${body}\nreturn { ${exported.join(", ")} };\n})();`;
}

/** With the line endings that the browser uses when it computes the hash of an inline script. */
async function readText(file: string | URL): Promise<string> {
	const text = await readFile(file, "utf8");
	return text.replaceAll("\r\n", "\n");
}

/** In a <script> element, these two sequences would end the element or start a comment. */
function checkInlineable(script: string): string {
	if (/<\/script|<!--/i.test(script)) {
		throw new AlfaError(
			"ERR_ALFA_INTERNAL",
			"A script of the evaluation page contains </script or <!--, so it cannot be inlined",
		);
	}
	return script;
}

/** A source for the policy script-src that allows exactly this script. */
export function scriptHash(script: string): string {
	return `'sha256-${createHash("sha256").update(script).digest("base64")}'`;
}
