// A download of a command: progress on stderr, one line that is drawn over where a terminal listens, else one a file; Ctrl-C.
import type { PullProgress } from "../models/pull-options.js";
import { interruptible } from "./interruptible.js";
import { note, safe } from "./terminal.js";

interface Hooks {
	signal: AbortSignal;
	onProgress: (progress: PullProgress) => void;
}

/** What `work` resolves to; undefined where the user stopped it, which has been said then. */
export async function fetching<T>(
	work: (hooks: Hooks) => Promise<T>,
): Promise<T | undefined> {
	const line = new ProgressLine();
	try {
		const result = await interruptible((signal) =>
			work({ signal, onProgress: (progress) => line.show(progress) }),
		);
		line.end();
		if (result === undefined)
			note("alfa: stopped; what came is kept, run it again to go on");
		return result;
	} catch (error) {
		line.end();
		throw error;
	}
}

const size = (bytes: number) =>
	bytes < 1e3
		? `${bytes} bytes`
		: bytes < 1e6
			? `${(bytes / 1e3).toFixed(1)} kB`
			: bytes < 1e9
				? `${(bytes / 1e6).toFixed(1)} MB`
				: `${(bytes / 1e9).toFixed(2)} GB`;

class ProgressLine {
	readonly #drawn =
		process.stderr.isTTY === true && process.env["TERM"] !== "dumb";
	#told = ""; // the last line for those who read no drawing
	#open = false;

	show({ file, received, total }: PullProgress): void {
		const share = total === 0 ? 100 : Math.floor((100 * received) / total);
		if (this.#drawn) {
			process.stderr.write(
				`\r\u001b[K${safe(file)}  ${share} %  ${size(received)} of ${size(total)}`,
			);
			this.#open = true;
			if (received === total) this.end();
		} else {
			const line = `${safe(file)}  ${size(total)}${received === total ? "  here" : received > 0 ? `, going on from ${size(received)}` : ""}`;
			const worthIt =
				received === total ||
				((received > 0 || total >= 1e6) && !this.#told.startsWith(file));
			if (worthIt) note(line);
			this.#told = line;
		}
	}

	end(): void {
		if (this.#open) process.stderr.write("\n");
		this.#open = false;
	}
}
