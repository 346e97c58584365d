// Builds the addons that the npm package ships: prebuilds/<platform>-<arch>/ with the addon and the library of ONNX
// Runtime.
//   node tools/prebuild.mjs [linux-x64] [linux-arm64] [win32-x64]     default: the platform of this machine
// Then run `npm pack`. On Linux the other platforms are cross-compiled, with Debian's g++-aarch64-linux-gnu and
// g++-mingw-w64-x86-64-posix. linux-x64 gets the CUDA backend if nvcc is installed.
import { execFileSync, spawnSync } from "node:child_process";
import {
	copyFileSync,
	mkdirSync,
	readdirSync,
	readFileSync,
	rmSync,
} from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import prebuildify from "prebuildify";
import { makeStubs, tooNewVersions } from "./older-glibc.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
// Linux distributions since 2018 (GCC 8). Node's own binaries need the same.
const oldest = { GLIBC: "2.28", GLIBCXX: "3.4.25", CXXABI: "1.3.11" };
const host = `${process.platform}-${process.arch}`;
const crossCompilers = {
	"linux-arm64": {
		system: "Linux",
		processor: "aarch64",
		compiler: "aarch64-linux-gnu-g++",
		strip: "aarch64-linux-gnu-strip",
	},
	"win32-x64": {
		system: "Windows",
		processor: "AMD64",
		compiler: "x86_64-w64-mingw32-g++-posix",
		strip: "x86_64-w64-mingw32-strip",
	},
};

const requested = process.argv.slice(2);
const targets = requested.length > 0 ? requested : [host];
for (const target of targets) {
	const isCross = process.platform === "linux" && target in crossCompilers;
	if (target !== host && !isCross) {
		throw new Error(
			`${target} cannot be built on ${host}. On Linux, ${Object.keys(crossCompilers).join(" and ")} can be built.`,
		);
	}
}
for (const target of targets) {
	await prebuild(target, target === host ? undefined : crossCompilers[target]);
}

async function prebuild(target, cross) {
	const folder = join(root, "build", "prebuild", target);
	const withCuda = target === "linux-x64" && hasNvcc();
	const isLinux = target.startsWith("linux-");
	const definitions = {
		ALFA_CUDA: withCuda ? "ON" : "OFF",
		ALFA_TEST_API: "OFF",
	};
	if (cross) {
		definitions.CMAKE_SYSTEM_NAME = cross.system;
		definitions.CMAKE_SYSTEM_PROCESSOR = cross.processor;
		definitions.CMAKE_CXX_COMPILER = cross.compiler;
	}
	if (isLinux) {
		definitions.ALFA_GLIBC_STUBS = join(folder, "glibc");
		const compiler = cross?.compiler ?? process.env.CXX ?? "g++";
		makeStubs(definitions.ALFA_GLIBC_STUBS, compiler, oldest);
	}
	compile(join(folder, "build"), definitions);

	const built = join(folder, "build", "Release");
	if (isLinux) checkVersions(join(built, "alfa.node"));
	const shipped = join(root, "prebuilds", target);
	rmSync(shipped, { recursive: true, force: true });
	await installAddon(target, built, folder, cross?.strip ?? "strip");
	for (const name of readdirSync(built)) {
		if (name.includes("onnxruntime"))
			copyFileSync(join(built, name), join(shipped, name));
	}
	const cuda = withCuda ? "with the CUDA backend" : "without the CUDA backend";
	console.log(
		`prebuilds/${target}: ${readdirSync(shipped).join(", ")}, ${cuda}`,
	);
}

function hasNvcc() {
	return spawnSync("nvcc", ["--version"]).status === 0;
}

function compile(folder, definitions) {
	const options = Object.entries(definitions).map(
		([name, value]) => `--CD${name}=${value}`,
	);
	execFileSync(
		"npx",
		[
			"cmake-js",
			"compile",
			"--log-level",
			"warn",
			"--out",
			folder,
			"--target",
			"alfa",
			...options,
		],
		{ cwd: root, stdio: "inherit", shell: process.platform === "win32" },
	);
}

function checkVersions(addon) {
	const versions = tooNewVersions(addon, oldest);
	if (versions.length === 0) return;
	throw new Error(
		`The addon needs ${versions.join(", ")}, but it must run on glibc ${oldest.GLIBC}. ` +
			"Add what it uses of them to bindings/platform/older_glibc.cc.",
	);
}

/** Copies the addon to prebuilds/, stripped, under the name that node-gyp-build looks for. */
async function installAddon(target, built, folder, strip) {
	const [platform, arch] = target.split("-");
	// A folder with the addon only: prebuildify would also strip the libraries beside it.
	const staging = join(folder, "addon");
	mkdirSync(join(staging, "build", "Release"), { recursive: true });
	copyFileSync(
		join(built, "alfa.node"),
		join(staging, "build", "Release", "alfa.node"),
	);
	const { name } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
	await promisify(prebuildify)({
		cwd: staging,
		out: root,
		name,
		platform,
		arch,
		napi: true,
		tagLibc: platform === "linux",
		libc: "glibc",
		strip: true,
		stripBin: strip,
		quiet: true,
		nodeGyp: "node -e 0 --", // the addon is built already
		shell: true,
	});
}
