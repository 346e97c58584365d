// How much more a process may map: Node ends the whole process where a new thread's heap finds no room under `ulimit -v`.
import { readFileSync } from "node:fs";

/** Bytes until the limit; Infinity without one, or where the system does not tell. */
export function addressSpaceLeft(): number {
	if (process.platform !== "linux") return Infinity;
	try {
		const limit = /^Max address space\s+(\d+)/m.exec(
			readFileSync("/proc/self/limits", "utf8"),
		)?.[1];
		if (limit === undefined) return Infinity;
		const used = /^VmSize:\s+(\d+) kB/m.exec(
			readFileSync("/proc/self/status", "utf8"),
		)?.[1];
		return used === undefined ? Infinity : Number(limit) - 1024 * Number(used);
	} catch {
		return Infinity;
	}
}
