// What this machine has for a GPU, what is missing, and the commands that install it. Errors,
// engine.info, `alfa gpu status` and `alfa doctor` all use this.
import { existsSync, readFileSync } from "node:fs";
import { loadAddon } from "../native/addon.js";
import { type CudaLibrary, findCudaLibraries } from "./cuda-libraries.js";
import { findGpuRuntime, type GpuRuntime } from "./gpu-runtime.js";
import {
	driverCommands,
	driverLibrary,
	minDriverVersion,
} from "./install-commands.js";
import { ortVersion } from "./version.js";

export interface MissingPart {
	/** A clause that names the part, such as "libcublas.so.13 was not found". */
	what: string;
	/** Commands that install it, the most general one first. May be empty. */
	commands: string[];
}

export interface GpuStatus {
	/** Names of the GPUs in CUDA's order. Empty without a driver. */
	devices: string[];
	/** The driver's version, if it is known. */
	driver?: string;
	runtime: GpuRuntime;
	libraries: CudaLibrary[];
	/** What a CUDA session needs and does not have. Empty if nothing is missing. */
	lacks: MissingPart[];
}

const isSupportedPlatform =
	process.platform === "linux" && process.arch === "x64";

const unsupportedPlatform = () =>
	`a GPU needs Linux on x64, but this is ${process.platform}-${process.arch}`;

/** `askDriver: false` skips the search for devices, which takes the driver a while. */
export function gpuStatus({ askDriver = true } = {}): GpuStatus {
	const { devices, whyNone } = askDriver
		? findDevices()
		: { devices: [], whyNone: "" };
	const runtime = findGpuRuntime();
	if (!isSupportedPlatform) {
		const lacks = [{ what: unsupportedPlatform(), commands: [] }];
		return { devices, runtime, libraries: [], lacks };
	}
	const driver = driverVersion();
	const libraries = findCudaLibraries(runtime);
	const lacks: MissingPart[] = [];
	if (hasMusl()) {
		lacks.push({
			what: "the GPU build of ONNX Runtime needs glibc, but this system has musl",
			commands: [],
		});
	}
	if (askDriver && devices.length === 0)
		lacks.push({ what: whyNone, commands: deviceCommands(libraries, driver) });
	lacks.push(...runtimeProblems(runtime), ...missingLibraries(libraries));
	return {
		devices,
		...(driver !== undefined && { driver }),
		runtime,
		libraries,
		lacks,
	};
}

function findDevices(): { devices: string[]; whyNone: string } {
	try {
		return loadAddon().cudaDevices();
	} catch (error) {
		const { message } = error as Error;
		return { devices: [], whyNone: `no CUDA device: ${message}` };
	}
}

function driverVersion(): string | undefined {
	try {
		const text = readFileSync("/proc/driver/nvidia/version", "utf8");
		const [firstLine] = text.split("\n", 1);
		return /\b(\d+\.\d+(\.\d+)?)\b/.exec(firstLine!)?.[1];
	} catch {
		return undefined;
	}
}

const hasMusl = () =>
	!existsSync("/lib64/ld-linux-x86-64.so.2") &&
	existsSync("/lib/ld-musl-x86_64.so.1");

/**
 * Commands that may help if no device was found. Empty if the driver's library is missing:
 * that is reported as a missing library.
 */
function deviceCommands(
	libraries: readonly CudaLibrary[],
	driver: string | undefined,
): string[] {
	const hasDriverLibrary = libraries.some(
		({ name, path }) => name === driverLibrary && path !== undefined,
	);
	if (!hasDriverLibrary) return [];
	const isTooOld =
		driver === undefined || Number.parseInt(driver, 10) < minDriverVersion;
	return isTooOld ? driverCommands : ["nvidia-smi"];
}

/** One remedy repairs all problems of the runtime, so only the first problem has it. */
function runtimeProblems({ source, problems }: GpuRuntime): MissingPart[] {
	const remedy =
		source === "ALFA_ORT_DIR"
			? `set ALFA_ORT_DIR to the folder of an ONNX Runtime ${ortVersion} for CUDA 13, ` +
				"or unset it and run: alfa gpu install"
			: "alfa gpu install";
	return problems.map((what, i) => ({
		what,
		commands: i === 0 ? [remedy] : [],
	}));
}

function missingLibraries(libraries: readonly CudaLibrary[]): MissingPart[] {
	const driverHint = ` (it comes with the NVIDIA driver, version ${minDriverVersion} or later)`;
	return libraries
		.filter(({ required, path }) => required && path === undefined)
		.map(({ name, commands }) => ({
			what: `${name} was not found${name === driverLibrary ? driverHint : ""}`,
			commands,
		}));
}

const driverFiles = [
	"/proc/driver/nvidia/version",
	"/dev/nvidiactl",
	"/dev/dxg",
];

/** Why device 'auto' uses the CPU. Most machines have no driver, and then nothing else is checked. */
export function reasonForCpu(): string {
	if (!isSupportedPlatform) return unsupportedPlatform();
	if (!driverFiles.some((file) => existsSync(file)))
		return "there is no NVIDIA driver on this machine";
	const status = gpuStatus({ askDriver: false });
	return status.lacks.length === 0 ? cudaNotice : describeMissing(status);
}

/** What every text about CUDA support says. */
export const cudaNotice =
	"CUDA support has only been tested on an emulator, not on a real GPU; device: 'cuda' turns it on";

/** What this machine has, as pairs of a name and a description. */
export function listAvailable({
	devices,
	driver,
	runtime,
	libraries,
}: GpuStatus): [name: string, description: string][] {
	const available: [string, string][] = devices.map((name, i) => [
		`cuda:${i}`,
		name,
	]);
	if (driver !== undefined) available.push(["driver", driver]);
	if (runtime.problems.length === 0) {
		const { version, directory, source } = runtime;
		available.push([
			"runtime",
			`ONNX Runtime ${version}, ${directory} (${source})`,
		]);
	}
	for (const { name, path } of libraries)
		if (path !== undefined) available.push([name, path]);
	return available;
}

/** What this machine has, as a clause. */
export function describeAvailable(status: GpuStatus): string {
	const parts = listAvailable(status).map((pair) => pair.join(" "));
	return `this machine has ${parts.join(", ") || "nothing that a GPU needs"}`;
}

/** Everything that is missing, with the command that installs it. */
export function describeMissing({ lacks }: GpuStatus): string {
	return lacks
		.map(({ what, commands: [command] }) =>
			command === undefined ? what : `${what}: ${command}`,
		)
		.join("; ");
}
