// Programs of their own, as users run them.
import { spawn, type ChildProcess } from "node:child_process";
import { tmpdir } from "node:os";
import { builtPackage, command, root, tiny } from "./paths.js";

export interface Ended {
	code: number | null;
	signal: NodeJS.Signals | null;
	stdout: string;
	stderr: string;
	late: boolean;
}

export interface ChildOptions {
	cwd?: string;
	env?: Record<string, string>;
	/** Arguments of node itself. */
	nodeArguments?: string[];
	/** Milliseconds before the child is killed and counts as hanging. */
	limit?: number;
}

export async function run(
	args: string[],
	{
		cwd = root,
		env = {},
		nodeArguments = [],
		limit = 50_000,
	}: ChildOptions = {},
): Promise<Ended> {
	const { NODE_OPTIONS, FORCE_COLOR, ...inherited } = process.env; // vitest sets some of its own
	const child: ChildProcess = spawn(
		process.execPath,
		[...nodeArguments, ...args],
		{ cwd, env: { ...inherited, ...env }, stdio: ["ignore", "pipe", "pipe"] },
	);
	let stdout = "";
	let stderr = "";
	let late = false;
	child.stdout!.setEncoding("utf8").on("data", (text: string) => {
		stdout += text;
	});
	child.stderr!.setEncoding("utf8").on("data", (text: string) => {
		stderr += text;
	});
	const timer = setTimeout(() => {
		late = true;
		child.kill("SIGKILL");
	}, limit);
	const [code, signal] = await new Promise<
		[number | null, NodeJS.Signals | null]
	>((resolve, reject) => {
		child.once("error", reject);
		child.once("close", (...ended) => resolve(ended));
	});
	clearTimeout(timer);
	return { code, signal, stdout, stderr, late };
}

/** Ended well: by itself, exit code 0, nothing on stderr. */
export const quietly = { code: 0, signal: null, stderr: "", late: false };

/** What every script below starts with: the package, the tiny model, a picture and prompts for it. */
export const prelude = `
  const { Engine } = await import(${JSON.stringify(builtPackage)})
  const model = ${JSON.stringify(tiny)}
  const image = { data: new Uint8Array(48 * 48 * 3).map((_, i) => (i * 7919) >> 3), width: 48, height: 48, channels: 3 }
  const prompts = { normal: ['a clean widget'], abnormal: ['a broken widget'] }
`;

/** Runs an ES module's text in a process of its own. */
export const script = (text: string, options?: ChildOptions) =>
	run(["--input-type=module", "-e", prelude + text], {
		cwd: tmpdir(),
		...options,
	});

/** Runs the command `alfa`. */
export const alfa = (args: string[], options?: ChildOptions) =>
	run([command, ...args], options);
