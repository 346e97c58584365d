// Runtime checks of everything a user passes. A check reads each value once and returns a copy, which the package uses
// from then on: what the user's objects do later has no effect. Unknown keys are errors.
import { types } from "node:util";
import { argumentError, rangeError } from "../errors.js";
import {
	isArray,
	isObject,
	readArray,
	readLength,
	readObject,
} from "../util/read-once.js";

/**
 * Returns the checked value: a primitive, a function, a signal, or a copy of an object or array that users cannot
 * change. Throws a TypeError (ERR_ALFA_ARGUMENT) if `value` has the wrong type, a RangeError (ERR_ALFA_RANGE) if the
 * type is right but the value is not allowed. `name` is the name of the option in the message.
 */
export type Check<T extends NonNullable<unknown> = NonNullable<unknown>> = (
	value: unknown,
	name: string,
) => T;

export function typeName(value: unknown): string {
	if (value === null) return "null";
	if (typeof value !== "object") return typeof value;
	if (isArray(value)) return "array";
	try {
		const { name } = Object.getPrototypeOf(value).constructor;
		return typeof name === "string" && name !== "" ? name : "object";
	} catch {
		return "object";
	}
}

/** The value as messages print it; long strings are cut. */
function describeValue(value: unknown): string {
	if (typeof value === "string") {
		const start = value.length > 80 ? `${value.slice(0, 77)}...` : value;
		return JSON.stringify(start);
	}
	if (typeof value === "function") return functionName(value);
	if (isArray(value)) return arrayName(value);
	if (typeof value === "object" && value !== null) return "an object";
	return String(value);
}

function arrayName(value: readonly unknown[]): string {
	try {
		return `${readLength(value, "")} elements`;
	} catch {
		return "an array";
	}
}

function functionName(value: object): string {
	try {
		const { name } = value as { name?: unknown };
		return typeof name === "string" && name !== "" ? name : "a function";
	} catch {
		return "a function";
	}
}

function message(expected: string, name: string, value: unknown): string {
	const received =
		value === undefined
			? "undefined"
			: `${describeValue(value)} of type ${typeName(value)}`;
	return `Expected ${expected} for ${name} but received ${received}`;
}

/** The TypeError "Expected X for name but received Y of type Z". */
export const wrongType = (expected: string, name: string, value: unknown) =>
	argumentError(message(expected, name, value));

/** The RangeError with the same words: the type is right, the value is not allowed. */
export const wrongValue = (expected: string, name: string, value: unknown) =>
	rangeError(message(expected, name, value));

export interface NumberBounds {
	integer?: boolean;
	/** Odd integers only. */
	odd?: boolean;
	min?: number;
	/** Exclusive lower bound. */
	above?: number;
	max?: number;
}

/** The bounds in words, such as "an integer from 1 to 256". */
export function describeNumber(bounds: NumberBounds): string {
	const { integer, odd, min, above, max } = bounds;
	const noun = odd ? "an odd integer" : integer ? "an integer" : "a number";
	if (min !== undefined && max !== undefined)
		return `${noun} from ${min} to ${max}`;
	const limits = [
		above !== undefined && `above ${above}`,
		min !== undefined && `of at least ${min}`,
		max !== undefined && `at most ${max}`,
	];
	return [noun, limits.filter(Boolean).join(" and ")].filter(Boolean).join(" ");
}

export function number(bounds: NumberBounds = {}): Check<number> {
	const { integer, odd, min, above, max } = bounds;
	const expected = describeNumber(bounds);
	return (value, name) => {
		if (typeof value !== "number") throw wrongType(expected, name, value);
		const valid =
			Number.isFinite(value) &&
			(!integer || Number.isInteger(value)) &&
			(!odd || Math.abs(value % 2) === 1) &&
			(min === undefined || value >= min) &&
			(above === undefined || value > above) &&
			(max === undefined || value <= max);
		if (!valid) throw wrongValue(expected, name, value);
		return value + 0; // -0 becomes 0
	};
}

export const boolean: Check<boolean> = (value, name) => {
	if (typeof value !== "boolean") throw wrongType("a boolean", name, value);
	return value;
};

// biome-ignore lint/suspicious/noExplicitAny: the type of an option says which function it is.
export const func: Check<(...args: any[]) => any> = (value, name) => {
	if (typeof value !== "function") throw wrongType("a function", name, value);
	// biome-ignore lint/suspicious/noExplicitAny: as above.
	return value as (...args: any[]) => any;
};

const { get: getAborted } = Object.getOwnPropertyDescriptor(
	AbortSignal.prototype,
	"aborted",
)!;

/** A real AbortSignal: an object with `aborted` only looks like one. */
export const signal: Check<AbortSignal> = (value, name) => {
	if (isSignal(value)) return value;
	throw wrongType("an AbortSignal", name, value);
};

function isSignal(value: unknown): value is AbortSignal {
	try {
		// Node's getter alone accepts every object with the right symbol, and a Proxy has no private state of its own.
		return (
			!types.isProxy(value) &&
			value instanceof AbortSignal &&
			typeof getAborted!.call(value) === "boolean"
		);
	} catch {
		return false;
	}
}

/** A string with at least one character that is not white space. */
export const text: Check<string> = (value, name) => {
	if (typeof value !== "string") throw wrongType("a string", name, value);
	if (value.trim() === "")
		throw wrongValue("a string that is not empty", name, value);
	return value;
};

/** A path without NUL characters: the operating system would cut it there and open another file. */
export const path: Check<string> = (value, name) => {
	const checked = text(value, name);
	if (checked.includes("\0"))
		throw wrongValue("a path without NUL characters", name, value);
	return checked;
};

/** "'a', 'b' or 'c'" */
export function listed(values: readonly string[]): string {
	const quoted = values.map((value) => `'${value}'`);
	if (quoted.length < 2) return quoted.join();
	return `${quoted.slice(0, -1).join(", ")} or ${quoted.at(-1)}`;
}

export function oneOf<const Name extends string>(
	values: readonly Name[],
): Check<Name> {
	return (value, name) => {
		if (typeof value !== "string") throw wrongType(listed(values), name, value);
		const found = values.find((each) => each === value);
		if (found !== undefined) return found;
		const near = nearest(value, values);
		const hint = near ? `; did you mean '${near}'?` : "";
		throw rangeError(message(listed(values), name, value) + hint);
	};
}

/** `what`: the expected value in words. */
export function arrayOf<T extends NonNullable<unknown>>(
	checkElement: Check<T>,
	{ min = 0, max = Infinity, what = "an array" } = {},
): Check<T[]> {
	const count = max === Infinity ? `at least ${min}` : `${min} to ${max}`;
	return (value, name) => {
		if (!isArray(value)) throw wrongType(what, name, value);
		const length = readLength(value, name);
		if (length < min || length > max)
			throw wrongValue(`${what} with ${count} elements`, name, value);
		return readArray(value, name, length).map((element, i) =>
			checkElement(element, `${name}[${i}]`),
		);
	};
}

/** An object that is neither an array nor a view of bytes nor another built-in object. */
export const isPlain = isObject;

/** A check for each key. */
export type Shape = Readonly<Record<string, Check>>;
export type Checked<Keys extends Shape> = {
	-readonly [Key in keyof Keys]?: ReturnType<Keys[Key]>;
};

/**
 * A copy of the object with the results of the checks in `shape`. Each key is read once. Unknown keys throw. A key
 * whose value is undefined counts as absent.
 */
export function checkOptions<const Keys extends Shape>(
	value: unknown,
	name: string,
	shape: Keys,
): Checked<Keys> {
	if (!isPlain(value)) throw wrongType("an object", name, value);
	const keys = Object.keys(shape);
	const checked: Record<string, unknown> = {};
	for (const [key, each] of Object.entries(readObject(value, name, keys))) {
		const check = Object.hasOwn(shape, key) ? shape[key] : undefined;
		if (!check) throw unknownKey(key, name, keys);
		if (each !== undefined)
			checked[key] = check(each, name === "options" ? key : `${name}.${key}`);
	}
	return checked as Checked<Keys>;
}

function unknownKey(key: string, name: string, known: string[]): TypeError {
	const near = nearest(key, known);
	const hint = near
		? `did you mean '${near}'?`
		: `known keys are ${listed(known)}`;
	return argumentError(`Unknown key '${key}' in ${name}; ${hint}`);
}

/** The candidate that a misspelt word most likely meant, or undefined if no candidate is close. */
export function nearest(
	word: string,
	candidates: readonly string[],
): string | undefined {
	const ranked = candidates
		.map((candidate) => ({
			candidate,
			edits: editDistance(word.toLowerCase(), candidate.toLowerCase()),
		}))
		.sort((a, b) => a.edits - b.edits);
	const best = ranked[0];
	const mostEdits = Math.max(1, Math.floor(word.length / 3));
	return best && best.edits <= mostEdits ? best.candidate : undefined;
}

/** Edit distance; two swapped neighbours count as one edit. Infinity for words of more than 40 characters. */
function editDistance(a: string, b: string): number {
	if (a.length > 40 || b.length > 40) return Infinity;
	let before: number[] = [];
	let row = Array.from({ length: b.length + 1 }, (_, i) => i);
	for (let i = 1; i <= a.length; i++) {
		const next = [i];
		for (let j = 1; j <= b.length; j++) {
			const swapped =
				i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]
					? before[j - 2]! + 1
					: Infinity;
			next[j] = Math.min(
				row[j]! + 1,
				next[j - 1]! + 1,
				row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1),
				swapped,
			);
		}
		before = row;
		row = next;
	}
	return row[b.length]!;
}
