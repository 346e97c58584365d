// Fills prebuilds/<platform>-<arch>/: the addon under the name that the loader looks for, and libonnxruntime beside it.
//   node tools/prebuild.mjs [linux-x64] [linux-arm64] [win32-x64]     without one: for this machine's platform
// Then `npm pack`. From Linux the others are cross-compiled (Debian: g++-aarch64-linux-gnu, g++-mingw-w64-x86-64-posix).
import { execFileSync } from "node:child_process";
import {
	copyFileSync,
	existsSync,
	mkdirSync,
	readdirSync,
	rmSync,
} from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import prebuildify from "prebuildify";
import { beyond, makeStubs } from "./older-glibc.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
// Linux since 2018 (GCC 8), as Node's own binaries: an addon that asked for what this machine has would load on few others.
const oldest = { GLIBC: "2.28", GLIBCXX: "3.4.25", CXXABI: "1.3.11" };
const own = `${process.platform}-${process.arch}`;
const cross = {
	"linux-arm64": {
		system: "Linux",
		processor: "aarch64",
		tools: "aarch64-linux-gnu-",
		compiler: "aarch64-linux-gnu-g++",
	},
	"win32-x64": {
		system: "Windows",
		processor: "AMD64",
		tools: "x86_64-w64-mingw32-",
		compiler: "x86_64-w64-mingw32-g++-posix",
	},
};

for (const target of process.argv.length > 2 ? process.argv.slice(2) : [own]) {
	if (target !== own && !(process.platform === "linux" && target in cross))
		throw new Error(`${target} cannot be built on ${own}`);
	await prebuild(target, target === own ? undefined : cross[target]);
}

async function prebuild(
	target,
	{ system, processor, tools = "", compiler } = {},
) {
	const [platform, arch] = target.split("-");
	const folder = join(root, "build", "prebuild", target);
	const defined = system
		? {
				CMAKE_SYSTEM_NAME: system,
				CMAKE_SYSTEM_PROCESSOR: processor,
				CMAKE_CXX_COMPILER: compiler,
				ALFA_CUDA: "OFF",
			}
		: {};
	if (platform === "linux") {
		defined.ALFA_GLIBC_STUBS = join(folder, "glibc");
		makeStubs(
			defined.ALFA_GLIBC_STUBS,
			compiler ?? process.env.CXX ?? "g++",
			oldest,
		);
	}
	execFileSync(
		"npx",
		[
			"cmake-js",
			"compile",
			"--log-level",
			"warn",
			"--out",
			join(folder, "build"),
			"--target",
			"alfa",
			...Object.entries(defined).map(([name, value]) => `--CD${name}=${value}`),
		],
		{ cwd: root, stdio: "inherit", shell: process.platform === "win32" },
	);
	const built = join(folder, "build", "Release");
	const tooNew =
		platform === "linux" ? beyond(join(built, "alfa.node"), oldest) : [];
	if (tooNew.length > 0)
		throw new Error(
			`The addon asks for ${tooNew.join(", ")}: bindings/platform/older_glibc.cc must have what it uses of them`,
		);

	const shipped = join(root, "prebuilds", target);
	rmSync(shipped, { recursive: true, force: true });
	const staged = join(folder, "addon", "build", "Release"); // the addon alone: prebuildify would strip what lies beside it
	mkdirSync(staged, { recursive: true });
	copyFileSync(join(built, "alfa.node"), join(staged, "alfa.node"));
	await promisify(prebuildify)({
		cwd: join(folder, "addon"),
		out: root,
		name: "alfa-vad",
		platform,
		arch,
		napi: true,
		tagLibc: platform === "linux",
		libc: "glibc",
		strip: true,
		stripBin: `${tools}strip`,
		quiet: true,
		nodeGyp: "node -e 0 --",
		shell: true, // built above, by CMake
	});
	for (const name of readdirSync(built))
		if (/onnxruntime/.test(name))
			copyFileSync(join(built, name), join(shipped, name));
	const cuda = existsSync(join(folder, "build", "libalfa_kernels_cuda.a"));
	console.log(
		`prebuilds/${target}: ${readdirSync(shipped).join(", ")}${target !== "linux-x64" ? "" : cuda ? ", with CUDA" : ", without CUDA: there is no nvcc"}`,
	);
}
