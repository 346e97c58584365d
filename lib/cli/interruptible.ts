// Work of a command that Ctrl-C, or a polite kill, ends cleanly.

/** What `work` resolves to; undefined where the user stopped it. A second signal ends the process as ever. */
export async function interruptible<T>(
	work: (signal: AbortSignal) => Promise<T>,
): Promise<T | undefined> {
	const stopped = new AbortController();
	const stop = () => stopped.abort();
	for (const signal of ["SIGINT", "SIGTERM"] as const)
		process.once(signal, stop);
	try {
		return await work(stopped.signal);
	} catch (error) {
		if (!stopped.signal.aborted || error !== stopped.signal.reason) throw error;
		return undefined;
	} finally {
		for (const signal of ["SIGINT", "SIGTERM"] as const)
			process.off(signal, stop);
	}
}
