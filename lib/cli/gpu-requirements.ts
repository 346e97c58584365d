import type { GpuStatus } from "../onnxruntime/gpu-status.js";
import { colour, print, printable } from "./terminal.js";

/** Prints each missing requirement for CUDA, and below it the commands that install it. */
export function printMissing({ lacks }: GpuStatus): void {
	for (const { what, commands } of lacks) {
		print(`${colour("yellow", "--")}  ${printable(what)}`);
		for (const [i, command] of commands.entries()) {
			const prefix = i === 0 ? "" : "or: ";
			print(`      ${colour("dim", prefix)}${printable(command)}`);
		}
	}
}
