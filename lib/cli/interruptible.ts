/**
 * Runs work that Ctrl-C or SIGTERM stops cleanly. Resolves to undefined if the user stopped it. A second
 * signal ends the process.
 */
export async function runInterruptible<T>(
	work: (signal: AbortSignal) => Promise<T>,
): Promise<T | undefined> {
	const controller = new AbortController();
	const stop = () => controller.abort();
	const signals = ["SIGINT", "SIGTERM"] as const;
	for (const signal of signals) process.once(signal, stop);
	try {
		return await work(controller.signal);
	} catch (error) {
		if (controller.signal.aborted && error === controller.signal.reason)
			return undefined;
		throw error;
	} finally {
		for (const signal of signals) process.off(signal, stop);
	}
}
