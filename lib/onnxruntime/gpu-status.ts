// What this machine has for a GPU and what it lacks, each lack with the command that ends it: one picture for errors,
// engine.info, `alfa gpu status` and `alfa doctor`.
import { existsSync, readFileSync } from "node:fs";
import { loadAddon } from "../native/addon.js";
import {
	driverCommands,
	leastDriver,
	type Requirement,
	requirements,
} from "./cuda-libraries.js";
import { findGpuRuntime, type GpuRuntime } from "./gpu-runtime.js";
import { ortVersion } from "./version.js";

export interface Lack {
	/** A clause that names the thing: "libcublas.so.13 was not found". */
	what: string;
	/** What ends it, the first fits anywhere; perhaps none. */
	commands: string[];
}

export interface GpuStatus {
	/** Names, in CUDA's order; empty without a driver. */
	devices: string[];
	/** The driver's version where it says one. */
	driver?: string;
	runtime: GpuRuntime;
	libraries: Requirement[];
	/** Empty: all is there that a CUDA session needs. */
	lacks: Lack[];
}

/** What everything that speaks of the CUDA session says of it. */
export const untried =
	"the CUDA session of this version was written where there was no GPU and has been run on none; device: 'cuda' asks for it";

const onLinux = process.platform === "linux" && process.arch === "x64";

function driverVersion(): string | undefined {
	try {
		return /\b(\d+\.\d+(\.\d+)?)\b/.exec(
			readFileSync("/proc/driver/nvidia/version", "utf8").split("\n", 1)[0]!,
		)?.[1];
	} catch {
		return undefined;
	}
}

function devicesHere(): { devices: string[]; whyNone: string } {
	try {
		return loadAddon().cudaDevices();
	} catch (error) {
		return {
			devices: [],
			whyNone: `no CUDA device: ${(error as Error).message}`,
		};
	}
}

/** What may bring a device where none is seen: nothing where the driver's library is missing, which is a lack of its own. */
function driverFault(
	libraries: readonly Requirement[],
	driver: string | undefined,
): string[] {
	if (
		!libraries.some(
			({ name, path }) => name === "libcuda.so.1" && path !== undefined,
		)
	)
		return [];
	return driver === undefined || parseInt(driver) < leastDriver
		? driverCommands
		: ["nvidia-smi"];
}

/** askDriver: false does not look for devices, which takes the driver a while to say. */
export function gpuStatus({ askDriver = true } = {}): GpuStatus {
	const { devices, whyNone } = askDriver
		? devicesHere()
		: { devices: [], whyNone: "" };
	const driver = driverVersion();
	const runtime = findGpuRuntime();
	if (!onLinux)
		return {
			devices,
			runtime,
			libraries: [],
			lacks: [
				{
					what: `a GPU needs Linux on x64, this is ${process.platform}-${process.arch}`,
					commands: [],
				},
			],
		};
	const libraries = requirements(runtime);
	const lacks: Lack[] = [];
	const musl =
		!existsSync("/lib64/ld-linux-x86-64.so.2") &&
		existsSync("/lib/ld-musl-x86_64.so.1");
	if (musl)
		lacks.push({
			what: "the GPU build of ONNX Runtime needs glibc, this system has musl",
			commands: [],
		});
	if (askDriver && devices.length === 0)
		lacks.push({ what: whyNone, commands: driverFault(libraries, driver) });
	const fetched = [
		runtime.source === "ALFA_ORT_DIR"
			? `set ALFA_ORT_DIR to the folder of an ONNX Runtime ${ortVersion} for CUDA 13, or unset it and run: alfa gpu install`
			: "alfa gpu install",
	];
	lacks.push(
		...runtime.problems.map((what, i) => ({
			what,
			commands: i === 0 ? fetched : [],
		})),
	);
	lacks.push(
		...libraries
			.filter(({ required, path }) => required && path === undefined)
			.map(({ name, commands }) => ({
				what: `${name} was not found${name === "libcuda.so.1" ? ` (it comes with the NVIDIA driver, version ${leastDriver} or later)` : ""}`,
				commands,
			})),
	);
	return {
		devices,
		...(driver !== undefined && { driver }),
		runtime,
		libraries,
		lacks,
	};
}

/** What is there, a line each: [name, what it is]. */
export function has({
	devices,
	driver,
	runtime,
	libraries,
}: GpuStatus): [string, string][] {
	const found = libraries.filter(({ path }) => path !== undefined);
	return [
		...devices.map((name, i): [string, string] => [`cuda:${i}`, name]),
		...(driver === undefined ? [] : [["driver", driver] as [string, string]]),
		...(runtime.problems.length > 0
			? []
			: [
					[
						"runtime",
						`ONNX Runtime ${runtime.version}, ${runtime.directory} (${runtime.source})`,
					] as [string, string],
				]),
		...found.map(({ name, path }): [string, string] => [name, path!]),
	];
}

/** The same as a clause. */
export function whatIsHere(status: GpuStatus): string {
	const there = has(status)
		.map(([name, is]) => `${name} ${is}`)
		.join(", ");
	return `this machine has ${there || "nothing of what one needs"}`;
}

/** For an error's message: everything that is missing, by name, with the command that brings it. */
export function listLacks({ lacks }: GpuStatus): string {
	return lacks
		.map(({ what, commands }) =>
			commands.length > 0 ? `${what}: ${commands[0]}` : what,
		)
		.join("; ");
}

/** The error of `device: 'cuda'`. */
export const refusal = (status: GpuStatus) =>
	`${whatIsHere(status)}. What stands in the way: ${listLacks(status)}`;

const anyDriver = () =>
	["/proc/driver/nvidia/version", "/dev/nvidiactl", "/dev/dxg"].some((path) =>
		existsSync(path),
	);

/** Why 'auto' takes the CPU. Most machines have no driver, and then nothing more is looked at. */
export function whyCpu(): string {
	if (!onLinux)
		return `a GPU needs Linux on x64, this is ${process.platform}-${process.arch}`;
	if (!anyDriver()) return "there is no NVIDIA driver on this machine";
	const status = gpuStatus({ askDriver: false });
	return status.lacks.length === 0 ? untried : listLacks(status);
}
