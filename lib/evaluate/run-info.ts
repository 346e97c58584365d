// Describes the machine, the versions and the device of an evaluation.
import { cpus, totalmem } from "node:os";
import type { Engine } from "../engine.js";
import type { RunInfo } from "../report/evaluation/results.js";
import { packageManifest } from "../util/package.js";

export function runInfo(
	{ info }: Engine,
	started: Date,
	command: string | undefined,
): RunInfo {
	const { version } = packageManifest();
	return {
		started: started.toISOString(),
		seconds: 0,
		...(command !== undefined && { command }),
		machine: {
			cpu: cpus()[0]?.model.trim() ?? "unknown",
			cores: cpus().length,
			memory: totalmem(),
			platform: `${process.platform}-${process.arch}`,
		},
		versions: {
			"alfa-vad": version,
			node: process.versions.node,
			onnxruntime: info.ortVersion,
		},
		device: info.deviceName,
		precision: info.precision,
	};
}
