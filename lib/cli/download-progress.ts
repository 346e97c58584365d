// Runs a download for a command: shows its progress on stderr, and stops it on Ctrl-C.
import type { DownloadProgress } from "../download/progress.js";
import { runInterruptible } from "./interruptible.js";
import { log, printable, StatusLine } from "./terminal.js";

export interface DownloadHooks {
	signal: AbortSignal;
	onProgress: (progress: DownloadProgress) => void;
}

/** Resolves to undefined, after a message, if the user stopped the download. */
export async function runDownload<T>(
	download: (hooks: DownloadHooks) => Promise<T>,
): Promise<T | undefined> {
	const progress = new DownloadStatus();
	try {
		const result = await runInterruptible((signal) =>
			download({ signal, onProgress: (update) => progress.show(update) }),
		);
		progress.end();
		if (result === undefined)
			log(
				"alfa: stopped; the received data is kept, and the same command continues from it",
			);
		return result;
	} catch (error) {
		progress.end();
		throw error;
	}
}

/** In a terminal, one line that shows the percentage. Elsewhere, one or two lines per file. */
class DownloadStatus {
	readonly #line = new StatusLine();
	#lastText = "";

	show(progress: DownloadProgress): void {
		if (this.#line.isSupported) this.#showInTerminal(progress);
		else this.#showInLog(progress);
	}

	end(): void {
		this.#line.end();
	}

	#showInTerminal({ file, received, total }: DownloadProgress): void {
		const percent = total === 0 ? 100 : Math.floor((100 * received) / total);
		this.#line.write(
			`${printable(file)}  ${percent} %  ${formatBytes(received)} of ${formatBytes(total)}`,
		);
		if (received === total) this.#line.end();
	}

	#showInLog({ file, received, total }: DownloadProgress): void {
		const isComplete = received === total;
		let state = "";
		if (isComplete) state = "  complete";
		else if (received > 0) state = `, continuing from ${formatBytes(received)}`;
		const text = `${printable(file)}  ${formatBytes(total)}${state}`;
		// The start of a download is worth a line if it is large, or if it continues an earlier one.
		const isStart = !this.#lastText.startsWith(printable(file));
		if (isComplete || (isStart && (received > 0 || total >= 1e6))) log(text);
		this.#lastText = text;
	}
}

function formatBytes(bytes: number): string {
	if (bytes < 1e3) return `${bytes} bytes`;
	if (bytes < 1e6) return `${(bytes / 1e3).toFixed(1)} kB`;
	if (bytes < 1e9) return `${(bytes / 1e6).toFixed(1)} MB`;
	return `${(bytes / 1e9).toFixed(2)} GB`;
}
