// A lock file that exactly one process holds at a time.
//
// - The file appears with its complete content: it is written aside and then linked to its final name, and a link to a
//   name that exists fails.
// - The lock of a process that has ended is removed only by the process that holds the lock FILE.break. It reads the
// lock
//   again before it removes it, so it never removes the new lock of a faster process.
import { randomUUID } from "node:crypto";
import { readFileSync, readlinkSync } from "node:fs";
import { link, open, readFile, rm, stat, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { setTimeout } from "node:timers/promises";
import { tryParseJson } from "./json.js";

/** Thrown if a running process holds the lock. */
export class LockHeldError extends Error {
	/** Such as "process 123" or "process 123 on the host build-7". */
	readonly holder: string;
	constructor(file: string, holder: string) {
		super(`${file} is locked by ${holder}`);
		this.holder = holder;
	}
}

/** The content of a lock file. */
interface Holder {
	readonly host: string;
	readonly pid: number;
	/** When the process started, in the kernel's units. A later process with the same id has another value. Linux. */
	readonly started?: string;
	/** The process ids of different namespaces (containers) are not related. Linux only. */
	readonly namespace?: string;
	/** Unique for each attempt to lock. */
	readonly token?: string;
}

/** File systems without links (FAT, some network drives) answer with one of these codes. */
const noLinkCodes = new Set(["EPERM", "ENOTSUP", "EOPNOTSUPP", "ENOSYS"]);
/** A lock without valid content and older than this number of milliseconds is not being written any more. */
const writeTime = 2000;
/** A process that removes a lock of an ended process can be killed too. FILE.break.break protects FILE.break. */
const maxBreakers = 3;
/** Milliseconds between two attempts, and their number. */
const pollTime = 10;
const maxAttempts = 1000;

/**
 * Locks the file for this process. Resolves to a function that deletes it. Rejects with a LockHeldError if a running
 * process holds it, this one included, and with an error of the file system. Replaces the lock of a process that has
 * ended. Whether a process of another host or container runs is not known; its lock counts as held.
 */
export function lockFile(file: string): Promise<() => Promise<void>> {
	return acquire(file, 0);
}

async function acquire(
	file: string,
	breakers: number,
): Promise<() => Promise<void>> {
	const own = ownHolder();
	const content = JSON.stringify(own);
	for (let attempt = 0; attempt < maxAttempts; attempt++) {
		if (await tryCreate(file, content, own.token))
			return () => release(file, own.token);
		const text = await readLock(file);
		if (text !== undefined) {
			const holder = parseHolder(text);
			if (holder && isRunning(holder))
				throw new LockHeldError(file, describe(holder));
			if (holder || !(await isBeingWritten(file))) {
				await removeStale(file, text, breakers);
				continue;
			}
		}
		await setTimeout(pollTime);
	}
	throw new Error(`${file} cannot be locked; delete it if no process uses it`);
}

/** Whether the lock is now held with this token. */
async function tryCreate(
	file: string,
	content: string,
	token: string,
): Promise<boolean> {
	const aside = `${file}.${token}`;
	try {
		await writeFile(aside, content, { flag: "wx" });
		await link(aside, file);
		return true;
	} catch (error) {
		const { code } = error as NodeJS.ErrnoException;
		// A network file system can report a link that it has made as failed.
		if (code === "EEXIST")
			return parseHolder((await readLock(file)) ?? "")?.token === token;
		if (code !== undefined && noLinkCodes.has(code))
			return await tryCreateInPlace(file, content);
		throw error;
	} finally {
		await rm(aside, { force: true });
	}
}

/** Without links, the file is empty for a moment. `isBeingWritten` then protects it. */
async function tryCreateInPlace(
	file: string,
	content: string,
): Promise<boolean> {
	try {
		await using handle = await open(file, "wx");
		await handle.writeFile(content);
		return true;
	} catch (error) {
		if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
		throw error;
	}
}

/** Removes the lock if it still has this content. */
async function removeStale(
	file: string,
	text: string,
	breakers: number,
): Promise<void> {
	if (breakers === maxBreakers)
		throw new Error(`${file} belongs to a process that has ended; delete it`);
	let releaseBreaker: () => Promise<void>;
	try {
		releaseBreaker = await acquire(`${file}.break`, breakers + 1);
	} catch (error) {
		if (!(error instanceof LockHeldError)) throw error;
		// Another process is removing it.
		await setTimeout(pollTime);
		return;
	}
	try {
		if ((await readLock(file)) === text) await rm(file, { force: true });
	} finally {
		await releaseBreaker();
	}
}

/** A user can have deleted the lock, and another process can have locked the file since then. */
async function release(file: string, token: string): Promise<void> {
	if (parseHolder((await readLock(file)) ?? "")?.token === token)
		await rm(file, { force: true });
}

/** undefined if the file does not exist. */
async function readLock(file: string): Promise<string | undefined> {
	try {
		return await readFile(file, "utf8");
	} catch (error) {
		if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
		throw error;
	}
}

function parseHolder(text: string): Holder | undefined {
	const { host, pid, started, namespace, token } = (tryParseJson(text) ??
		{}) as Partial<Record<keyof Holder, unknown>>;
	const isOptionalText = (value: unknown) =>
		value === undefined || typeof value === "string";
	const isHolder =
		typeof host === "string" &&
		Number.isSafeInteger(pid) &&
		(pid as number) > 0 &&
		[started, namespace, token].every(isOptionalText);
	return isHolder
		? ({ host, pid, started, namespace, token } as Holder)
		: undefined;
}

async function isBeingWritten(file: string): Promise<boolean> {
	const found = await stat(file).catch(() => undefined);
	return (
		found !== undefined && Math.abs(Date.now() - found.mtimeMs) < writeTime
	);
}

function ownHolder(): Holder & { token: string } {
	const { started } = statusOf(process.pid);
	const namespace = pidNamespace();
	return {
		host: hostname(),
		pid: process.pid,
		...(started !== undefined && { started }),
		...(namespace !== undefined && { namespace }),
		token: randomUUID(),
	};
}

function isElsewhere({ host, namespace }: Holder): boolean {
	return (
		host !== hostname() ||
		(namespace !== undefined && namespace !== pidNamespace())
	);
}

function isRunning(holder: Holder): boolean {
	if (isElsewhere(holder)) return true;
	try {
		process.kill(holder.pid, 0);
	} catch (error) {
		// EPERM: the process belongs to another user.
		if ((error as NodeJS.ErrnoException).code === "ESRCH") return false;
	}
	const { started, hasEnded } = statusOf(holder.pid);
	const isOther =
		started !== undefined &&
		holder.started !== undefined &&
		started !== holder.started;
	return !hasEnded && !isOther;
}

function describe(holder: Holder): string {
	const { host, pid } = holder;
	if (host !== hostname()) return `process ${pid} on the host ${host}`;
	return isElsewhere(holder)
		? `process ${pid} in another container`
		: `process ${pid}`;
}

interface ProcessStatus {
	/** The boot, and the clock ticks from the boot to the start of the process. undefined if not known. */
	started: string | undefined;
	/** Whether the process has ended and its parent has not noticed it. */
	hasEnded: boolean;
}

function statusOf(pid: number): ProcessStatus {
	try {
		const boot = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
		const status = readFileSync(`/proc/${pid}/stat`, "utf8");
		// The second field, the name of the program, can contain spaces and parentheses. Field 3 is the state, 22 the
		// start.
		const fields = status.slice(status.lastIndexOf(")") + 2).split(" ");
		return { started: `${boot} ${fields[19]}`, hasEnded: fields[0] === "Z" };
	} catch {
		return { started: undefined, hasEnded: false };
	}
}

function pidNamespace(): string | undefined {
	try {
		return readlinkSync("/proc/self/ns/pid");
	} catch {
		return undefined;
	}
}
