// Gets the files of ONNX Runtime that the build needs: the C++ headers, and the library of one platform.
//   node tools/onnxruntime.mjs PART...     PART is `include` or a platform such as `linux-x64`; see onnxruntime.json
// They go to build/onnxruntime/PART. A part that is there already is left alone.
//
// The npm packages that hold these files unpack to almost 500 MB, because they hold every platform. So they are not
// dependencies. `npm pack` downloads them with the user's registry, proxy and cache, and only the files that
// onnxruntime.json lists are unpacked. Each package must match the integrity hash in onnxruntime.json.
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { createReadStream, existsSync } from "node:fs";
import {
	mkdir,
	mkdtemp,
	readFile,
	rename,
	rm,
	writeFile,
} from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const run = promisify(execFile);
const { packages } = JSON.parse(
	await readFile(new URL("onnxruntime.json", import.meta.url), "utf8"),
);
const destination = fileURLToPath(
	new URL("../build/onnxruntime", import.meta.url),
);

const requested = process.argv.slice(2);
const known = packages.flatMap(({ parts }) => Object.keys(parts));
const unknown = requested.find((part) => !known.includes(part));
if (unknown !== undefined) {
	process.stderr.write(
		`ONNX Runtime is not available for "${unknown}". Expected one of ${known.join(", ")}\n`,
	);
	process.exit(1);
}
await mkdir(destination, { recursive: true });
await Promise.all(packages.map(fetchParts));

async function fetchParts({ name, integrity, parts }) {
	const missing = [];
	for (const part of requested) {
		if (part in parts && !(await isPresent(part, name))) missing.push(part);
	}
	if (missing.length === 0) return;
	// A folder of this process: two builds may run at the same time.
	const folder = await mkdtemp(join(destination, "download-"));
	try {
		const archive = await download(name, integrity, folder);
		for (const part of missing)
			await unpack(join(folder, archive), part, parts[part], name);
	} finally {
		await rm(folder, { recursive: true });
	}
}

/** Whether the part was unpacked from the version of the package that onnxruntime.json names now. */
async function isPresent(part, packageName) {
	const stamp = join(destination, part, "package.txt");
	return existsSync(stamp) && (await readFile(stamp, "utf8")) === packageName;
}

/** Downloads a package into `folder` through npm's cache and checks its hash. Returns the file's name. */
async function download(packageName, integrity, folder) {
	const { stdout } = await run(
		"npm",
		["pack", packageName, "--prefer-offline", "--silent"],
		{ cwd: folder, shell: process.platform === "win32" },
	);
	const archive = stdout.trim();
	const hash = createHash("sha512");
	await pipeline(createReadStream(join(folder, archive)), hash);
	const received = `sha512-${hash.digest("base64")}`;
	if (received !== integrity) {
		throw new Error(
			`The download of ${packageName} has the hash ${received}, but tools/onnxruntime.json expects ${integrity}. ` +
				"Run `npm cache clean --force` and try again.",
		);
	}
	return archive;
}

/** Unpacks `files` of the archive, without their folders, into build/onnxruntime/PART. */
async function unpack(archive, part, files, packageName) {
	const folder = `${archive}-${part}`;
	await mkdir(folder);
	const depth = files[0].split("/").length - 1;
	await run("tar", [
		"-xf",
		archive,
		"-C",
		folder,
		`--strip-components=${depth}`,
		...files,
	]);
	await writeFile(join(folder, "package.txt"), packageName);
	const target = join(destination, part);
	await rm(target, { recursive: true, force: true });
	await rename(folder, target);
}
