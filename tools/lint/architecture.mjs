// Checks the arrows between the source files. Prints every file that imports from a higher layer, and every circle.
//   node tools/lint/architecture.mjs
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { cruise } from "dependency-cruiser";
import { trackedFiles } from "./files.mjs";
import { bindingsMayInclude, libLayers, nativeLayers } from "./layers.mjs";

process.chdir(fileURLToPath(new URL("../..", import.meta.url)));

const problems = [];
const libImports = await importsOfLib();
checkLayers("lib", libLayers, libImports);
checkCircles(libImports);
const nativeIncludes = includes();
checkLayers("native", nativeLayers, nativeIncludes);
checkCircles(nativeIncludes);
checkBindings(nativeIncludes);

for (const problem of problems) console.error(problem);
if (problems.length > 0) process.exit(1);

/** Every import between files of lib/, type-only imports too: from file to the files it imports. */
async function importsOfLib() {
	const { output } = await cruise(["lib"], {
		exclude: "^lib/report/evaluation/viewer/",
		includeOnly: "^lib/",
		tsPreCompilationDeps: true,
		enhancedResolveOptions: { extensions: [".ts", ".json"] },
	});
	const imports = new Map();
	for (const { source, dependencies } of output.modules) {
		if (dependencies.some(({ couldNotResolve }) => couldNotResolve))
			problems.push(`${source} imports a file that does not exist`);
		imports.set(
			source,
			dependencies.map(({ resolved }) => resolved),
		);
	}
	return imports;
}

/** Every `#include "..."` of native/ and bindings/. A path is relative to the file, or else to native/. */
function includes() {
	const files = trackedFiles(/^(native|bindings)\/.*\.(h|cc|cu|cuh)$/);
	const known = new Set(files);
	const result = new Map();
	for (const file of files) {
		const matches = readFileSync(file, "utf8").matchAll(
			/^#include "([^"]+)"/gm,
		);
		const targets = [];
		for (const [, path] of matches) {
			const target = [join(dirname(file), path), join("native", path)].find(
				(each) => known.has(each),
			);
			if (target) targets.push(target);
		}
		result.set(file, targets);
	}
	return result;
}

function checkLayers(root, layers, imports) {
	for (const [file, targets] of imports) {
		const from = findRoom(root, layers, file);
		if (!from) continue;
		for (const target of targets) {
			const to = findRoom(root, layers, target);
			if (to && to.layer > from.layer)
				problems.push(
					`${file} -> ${target}: ${from.name} may not import ${to.name}`,
				);
		}
	}
}

/** The most specific room that holds the file, or undefined for files outside `root`. */
function findRoom(root, layers, file) {
	if (!file.startsWith(`${root}/`)) return undefined;
	let best;
	layers.forEach((names, layer) => {
		for (const name of names) {
			const path = `${root}/${name}`;
			if (file !== path && !file.startsWith(`${path}/`)) continue;
			if (!best || name.length > best.name.length) best = { name, layer };
		}
	});
	if (!best) problems.push(`${file} has no layer in tools/lint/layers.mjs`);
	return best;
}

/** Depth-first search. Each circle is reported once, with all of its files. */
function checkCircles(imports) {
	const finished = new Set();
	const path = [];
	const visit = (file) => {
		const start = path.indexOf(file);
		if (start >= 0) {
			problems.push(`Circle: ${[...path.slice(start), file].join(" -> ")}`);
			return;
		}
		if (finished.has(file)) return;
		path.push(file);
		for (const target of imports.get(file) ?? []) visit(target);
		path.pop();
		finished.add(file);
	};
	for (const file of imports.keys()) visit(file);
}

function checkBindings(imports) {
	for (const [file, targets] of imports) {
		if (!file.startsWith("bindings/")) continue;
		for (const target of targets) {
			if (target.startsWith("bindings/")) continue;
			if (!bindingsMayInclude.includes(target))
				problems.push(
					`${file} -> ${target}: bindings may only include ${bindingsMayInclude.join(", ")}`,
				);
		}
	}
}
