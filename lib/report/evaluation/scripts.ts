// The scripts and the style sheet that the page carries, read from the built viewer and from the installed uPlot.
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { AlfaError } from "../../errors.js";

/** In the order in which they run: each uses those before it as it loads, and all once everything has loaded. */
const viewerParts = [
	"blocks",
	"dom",
	"theme",
	"notes",
	"category-table",
	"curve-chart",
	"histogram",
	"charts",
	"ranking",
	"overlays",
	"card",
	"filters",
	"gallery",
	"main",
] as const;

export interface Scripts {
	scripts: readonly string[];
	uplotStyle: string;
}

export async function pageScripts(): Promise<Scripts> {
	const uplot = join(
		dirname(createRequire(import.meta.url).resolve("uplot/package.json")),
		"dist",
	);
	const [chart, uplotStyle, ...parts] = await Promise.all([
		text(join(uplot, "uPlot.iife.min.js")),
		text(join(uplot, "uPlot.min.css")),
		...viewerParts.map((name) =>
			text(new URL(`viewer/${name}.js`, import.meta.url)),
		),
	]);
	return {
		scripts: [chart!, `'use strict';(() => {\n${parts.join("\n")}\n})()`].map(
			inlineable,
		),
		uplotStyle: uplotStyle!,
	};
}

/** As the browser hashes it: a line ends in \n alone. */
async function text(file: string | URL): Promise<string> {
	return (await readFile(file, "utf8")).replaceAll("\r\n", "\n");
}

/** Inside <script> these two would end it, or start a comment. */
function inlineable(script: string): string {
	if (/<\/script|<!--/i.test(script))
		throw new AlfaError(
			"ERR_ALFA_INTERNAL",
			"A script of the evaluation page holds </script or <!--, which cannot be inlined",
		);
	return script;
}

/** A source for script-src: this script and no other. */
export function scriptHash(script: string): string {
	return `'sha256-${createHash("sha256").update(script).digest("base64")}'`;
}
