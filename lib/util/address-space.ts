import { readFileSync } from "node:fs";

/**
 * Bytes of address space that this process may still map (`ulimit -v`); Infinity without a limit, or where the system
 * does not report one. Node ends the whole process if there is too little for the heap of a new thread.
 */
export function addressSpaceLeft(): number {
	if (process.platform !== "linux") return Infinity;
	try {
		const limits = readFileSync("/proc/self/limits", "utf8");
		const limit = /^Max address space\s+(\d+)/m.exec(limits)?.[1];
		const status = readFileSync("/proc/self/status", "utf8");
		const usedKb = /^VmSize:\s+(\d+) kB/m.exec(status)?.[1];
		if (limit === undefined || usedKb === undefined) return Infinity;
		return Number(limit) - 1024 * Number(usedKb);
	} catch {
		return Infinity;
	}
}
