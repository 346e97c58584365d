export interface DownloadProgress {
	/** The file's name. */
	file: string;
	/** Bytes of the file that are on the disk. It falls to 0 if a server starts over. */
	received: number;
	/** Bytes of the complete file. */
	total: number;
}

const intervalMs = 100;

/**
 * A callback for each number of received bytes. It reports the first and the last one, and at most
 * ten a second between.
 */
export function throttleProgress(
	file: string,
	total: number,
	onProgress: ((progress: DownloadProgress) => void) | undefined,
): (received: number) => void {
	let lastReport = -Infinity;
	return (received) => {
		const now = performance.now();
		const isDue = now - lastReport >= intervalMs || received === total;
		if (!onProgress || !isDue) return;
		lastReport = now;
		onProgress({ file, received, total });
	};
}
