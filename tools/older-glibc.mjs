// Links against older glibc and libstdc++ than this machine's: stand-ins for their shared libraries, without code, that
// offer every symbol in the newest version up to the one asked for. What links against them asks for no more; the C++
// compiler finds them by -L before the real ones. And a look at what a finished library asks for.
import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

// The names that -l knows them by. 2.34 moved all of glibc but libm into libc.
const libraries = {
	"libc.so.6": "libc.so.6",
	"libm.so.6": "libm.so",
	"libpthread.so.0": "libpthread.so",
	"libdl.so.2": "libdl.so",
	"librt.so.1": "librt.so",
	"libstdc++.so.6": "libstdc++.so.6",
};

const tool = (command, ...args) =>
	execFileSync(command, args, { encoding: "utf8", maxBuffer: 1 << 26 });
const parts = (version) => version.split(".").map(Number);
const newer = (a, b) =>
	parts(a)
		.map((part, i) => part - (parts(b)[i] ?? 0))
		.find((by) => by !== 0) > 0;

/** Of a library, each symbol with its newest version that is not beyond the oldest of its family (GLIBC, GLIBCXX, …). */
function symbolsOf(file, oldest) {
	const found = new Map();
	for (const line of tool("readelf", "--dyn-syms", "--wide", file).split(
		"\n",
	)) {
		const [, , , type, , , section, name] = line.trim().split(/\s+/);
		const [, symbol, family, version] =
			/^(.+?)@@?([A-Z]+)_([\d.]+)$/.exec(name ?? "") ?? [];
		if (section === "UND" || !oldest[family] || newer(version, oldest[family]))
			continue;
		if (!found.has(symbol) || newer(version, found.get(symbol).version))
			found.set(symbol, { symbol, family, version, type });
	}
	return [...found.values()];
}

/** One library's stand-in: a name for every symbol, under a version script. */
function makeStub(folder, compiler, library, file, symbols) {
	const source = join(folder, `${library}.s`),
		script = join(folder, `${library}.map`);
	writeFileSync(
		source,
		symbols
			.map(({ symbol, type }) =>
				type === "TLS"
					? `.section .tbss,"awT",%nobits\n.globl ${symbol}\n.type ${symbol},%tls_object\n${symbol}: .zero 8\n`
					: `.data\n.globl ${symbol}\n.type ${symbol},${type === "OBJECT" ? "%object" : "%function"}\n${symbol}: .zero 8\n`,
			)
			.join(""),
	);
	const nodes = [];
	for (const family of new Set(symbols.map((each) => each.family))) {
		const own = symbols.filter((each) => each.family === family);
		const versions = [...new Set(own.map(({ version }) => version))].sort(
			(a, b) => (newer(a, b) ? 1 : -1),
		);
		versions.forEach((version, i) => {
			const names = own
				.filter((each) => each.version === version)
				.map(({ symbol }) => `${symbol};`)
				.join(" ");
			nodes.push(
				`${family}_${version} { global: ${names}${nodes.length === 0 ? " local: *;" : ""} }${i > 0 ? ` ${family}_${versions[i - 1]}` : ""};\n`,
			);
		});
	}
	writeFileSync(script, nodes.join(""));
	tool(
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

/** Fills `folder` with the stand-ins, made by `compiler` from what it links against itself; `oldest` is { GLIBC: '2.28', … }. */
export function makeStubs(folder, compiler, oldest) {
	mkdirSync(folder, { recursive: true });
	const find = (name) => tool(compiler, `-print-file-name=${name}`).trim();
	for (const [library, file] of Object.entries(libraries))
		makeStub(folder, compiler, library, file, symbolsOf(find(library), oldest));
	// As glibc's own libc.so: the library, the few functions that are linked in, and the loader.
	const loader = ["ld-linux-x86-64.so.2", "ld-linux-aarch64.so.1"]
		.map(find)
		.find((path) => path.includes("/"));
	writeFileSync(
		join(folder, "libc.so"),
		`GROUP ( ${join(folder, "libc.so.6")} ${find("libc_nonshared.a")} AS_NEEDED ( ${loader} ) )\n`,
	);
	// What the older libstdc++ lacks is linked in. Not all of it: a second one in the process would have thread-local data of
	// its own, made at a thread's first exception, and the loader ends the process where memory is then short.
	writeFileSync(
		join(folder, "libstdc++.so"),
		`INPUT ( ${join(folder, "libstdc++.so.6")} ${find("libstdc++.a")} )\n`,
	);
}

/** What a library asks for beyond `oldest`, as 'GLIBC_2.34' and the like. */
export function beyond(file, oldest) {
	const asked = [
		...tool("readelf", "--version-info", "--wide", file).matchAll(
			/Name: ([A-Z]+)_([\d.]+) /g,
		),
	];
	return asked
		.filter(
			([, family, version]) => oldest[family] && newer(version, oldest[family]),
		)
		.map(([, family, version]) => `${family}_${version}`);
}
