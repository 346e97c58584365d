// Programs in processes of their own, as users run them.
import { spawn } from "node:child_process";
import { tmpdir } from "node:os";
import { builtPackage, command, root, tinyModel } from "./paths.js";

export interface ProcessResult {
	code: number | null;
	signal: NodeJS.Signals | null;
	stdout: string;
	stderr: string;
	/** Whether the process was killed because it took too long. */
	timedOut: boolean;
}

export interface ProcessOptions {
	cwd?: string;
	env?: Record<string, string>;
	/** Arguments of node itself. */
	nodeArguments?: string[];
	/** Milliseconds before the process is killed. Default 50,000. */
	limit?: number;
}

/** Runs node with these arguments and waits for its end. */
export async function runNode(
	args: string[],
	{
		cwd = root,
		env = {},
		nodeArguments = [],
		limit = 50_000,
	}: ProcessOptions = {},
): Promise<ProcessResult> {
	// vitest sets these two for its own processes.
	const { NODE_OPTIONS, FORCE_COLOR, ...inherited } = process.env;
	const child = spawn(process.execPath, [...nodeArguments, ...args], {
		cwd,
		env: { ...inherited, ...env },
		stdio: ["ignore", "pipe", "pipe"],
	});
	let stdout = "";
	let stderr = "";
	let timedOut = false;
	child.stdout.setEncoding("utf8").on("data", (text: string) => {
		stdout += text;
	});
	child.stderr.setEncoding("utf8").on("data", (text: string) => {
		stderr += text;
	});
	const timer = setTimeout(() => {
		timedOut = true;
		child.kill("SIGKILL");
	}, limit);
	const [code, signal] = await new Promise<
		[number | null, NodeJS.Signals | null]
	>((resolve, reject) => {
		child.once("error", reject);
		child.once("close", (...ended) => resolve(ended));
	});
	clearTimeout(timer);
	return { code, signal, stdout, stderr, timedOut };
}

/** A process that ended by itself, with exit code 0 and nothing on stderr. */
export const success = { code: 0, signal: null, stderr: "", timedOut: false };

/** What every script of `runScript` begins with: the package, a tiny model, an image and prompts for it. */
const prelude = `
  const { Engine } = await import(${JSON.stringify(builtPackage)})
  const model = ${JSON.stringify(tinyModel)}
  const image = { data: new Uint8Array(48 * 48 * 3).map((_, i) => (i * 7919) >> 3), width: 48, height: 48, channels: 3 }
  const prompts = { normal: ['a clean widget'], abnormal: ['a broken widget'] }
`;

/** Runs the text of an ES module, after the lines of `prelude`. */
export function runScript(
	text: string,
	options?: ProcessOptions,
): Promise<ProcessResult> {
	return runNode(["--input-type=module", "-e", prelude + text], {
		cwd: tmpdir(),
		...options,
	});
}

/** Runs the command `alfa`. */
export function runAlfa(
	args: string[],
	options?: ProcessOptions,
): Promise<ProcessResult> {
	return runNode([command, ...args], options);
}
