// Makes an addon that loads on Linux systems with an older glibc and libstdc++ than this machine has.
//
// makeStubs writes stub libraries: shared libraries without code that offer every symbol, each in the newest version
// that the old system has. The addon is linked against the stubs, which the linker finds before the real libraries
// because of -L. So the addon asks for no newer version. tooNewVersions checks the finished addon.
import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

// From the name of each library to the file name that `-l` finds. glibc 2.34 moved everything but libm into libc.
const libraries = {
	"libc.so.6": "libc.so.6",
	"libm.so.6": "libm.so",
	"libpthread.so.0": "libpthread.so",
	"libdl.so.2": "libdl.so",
	"librt.so.1": "librt.so",
	"libstdc++.so.6": "libstdc++.so.6",
};
const loaders = ["ld-linux-x86-64.so.2", "ld-linux-aarch64.so.1"];

/**
 * Fills `folder` with stub libraries.
 * @param compiler makes the stubs; they get the symbols of the libraries that it links against
 * @param oldest the newest allowed version of each family, as { GLIBC: '2.28', GLIBCXX: '3.4.25' }
 */
export function makeStubs(folder, compiler, oldest) {
	mkdirSync(folder, { recursive: true });
	const find = (name) => run(compiler, `-print-file-name=${name}`).trim();
	for (const [library, file] of Object.entries(libraries)) {
		const symbols = readSymbols(find(library), oldest);
		makeStub(folder, compiler, library, file, symbols);
	}
	// Linker scripts like those of glibc and GCC: the shared library, then the static library for functions that the
	// shared one lacks. libstdc++ may not be linked in as a whole: a second copy in the process has its own thread-local
	// data, which is allocated at a thread's first exception, and the loader ends the process if memory is short then.
	const loader = loaders.map(find).find((path) => path.includes("/"));
	const libc = join(folder, "libc.so.6");
	const libcStatic = find("libc_nonshared.a");
	writeFileSync(
		join(folder, "libc.so"),
		`GROUP ( ${libc} ${libcStatic} AS_NEEDED ( ${loader} ) )\n`,
	);
	const libstdcxx = join(folder, "libstdc++.so.6");
	writeFileSync(
		join(folder, "libstdc++.so"),
		`INPUT ( ${libstdcxx} ${find("libstdc++.a")} )\n`,
	);
}

/** The versions that `file` needs and that are newer than `oldest`, such as GLIBC_2.34. */
export function tooNewVersions(file, oldest) {
	const needed = run("readelf", "--version-info", "--wide", file).matchAll(
		/Name: ([A-Z]+)_([\d.]+) /g,
	);
	return [...needed]
		.filter(
			([, family, version]) =>
				oldest[family] && isNewer(version, oldest[family]),
		)
		.map(([, family, version]) => `${family}_${version}`);
}

function run(command, ...args) {
	return execFileSync(command, args, { encoding: "utf8", maxBuffer: 1 << 26 });
}

/** Whether version `a` is newer than `b`. */
function isNewer(a, b) {
	const other = b.split(".").map(Number);
	const differences = a.split(".").map((part, i) => part - (other[i] ?? 0));
	return differences.find((difference) => difference !== 0) > 0;
}

/** Each symbol of a library, with its newest version that is not newer than `oldest`. */
function readSymbols(file, oldest) {
	const symbols = new Map();
	const lines = run("readelf", "--dyn-syms", "--wide", file).split("\n");
	for (const line of lines) {
		const [, , , type, , , section, fullName] = line.trim().split(/\s+/);
		const [, name, family, version] =
			/^(.+?)@@?([A-Z]+)_([\d.]+)$/.exec(fullName ?? "") ?? [];
		if (section === "UND" || !oldest[family]) continue;
		if (isNewer(version, oldest[family])) continue;
		const known = symbols.get(name);
		if (!known || isNewer(version, known.version))
			symbols.set(name, { name, family, version, type });
	}
	return [...symbols.values()];
}

/** Assembles one stub: a definition for every symbol, and a version script. */
function makeStub(folder, compiler, library, file, symbols) {
	const source = join(folder, `${library}.s`);
	writeFileSync(source, symbols.map(defineSymbol).join(""));
	const script = join(folder, `${library}.map`);
	writeFileSync(script, versionScript(symbols));
	run(
		compiler,
		"-shared",
		"-nostdlib",
		`-Wl,--version-script=${script}`,
		`-Wl,-soname,${library}`,
		"-o",
		join(folder, file),
		source,
	);
}

/** Assembler text. The type matters to the linker, the size and the content do not. */
function defineSymbol({ name, type }) {
	const [section, kind] = {
		TLS: ['.section .tbss,"awT",%nobits', "%tls_object"],
		OBJECT: [".data", "%object"],
	}[type] ?? [".data", "%function"];
	return `${section}\n.globl ${name}\n.type ${name},${kind}\n${name}: .zero 8\n`;
}

/** One node per version. A version inherits the one before it in its family, as in the real library. */
function versionScript(symbols) {
	const nodes = [];
	for (const family of new Set(symbols.map((symbol) => symbol.family))) {
		const members = symbols.filter((symbol) => symbol.family === family);
		const versions = [...new Set(members.map(({ version }) => version))];
		versions.sort((a, b) => (isNewer(a, b) ? 1 : -1));
		versions.forEach((version, i) => {
			const names = members
				.filter((member) => member.version === version)
				.map(({ name }) => `${name};`);
			const local = nodes.length === 0 ? " local: *;" : "";
			const parent = i > 0 ? ` ${family}_${versions[i - 1]}` : "";
			nodes.push(
				`${family}_${version} { global: ${names.join(" ")}${local} }${parent};\n`,
			);
		});
	}
	return nodes.join("");
}
